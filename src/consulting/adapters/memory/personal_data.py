"""What is kept of a person, to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from consulting.adapters.memory.kept import Kept
from consulting.application.ports.outbox import Errand
from consulting.domain.sessions import Client, Session

ERASED = "erased"


class MemoryPersonalData:
    """Everything by which a client could be known again."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def forget(self, user_id: str, *, session_ids: Sequence[UUID], pseudonym: str) -> None:  # noqa: ARG002
        """Forget the client of these sessions: the pseudonym takes the place of their id."""
        kept = self._kept
        for session_id in session_ids:
            kept.sessions[session_id] = _without_client(kept.sessions[session_id], pseudonym)
        for review in [each for each in kept.reviews.values() if each.session_id in session_ids]:
            kept.reviews[review.id] = replace(
                review, user_id=pseudonym, comment=None, answer=None, answered_at=None, hidden_because=None
            )
        for refund in [each for each in kept.refunds.values() if each.session_id in session_ids]:
            kept.refunds[refund.id] = replace(refund, note=None)
        for told, notification in list(kept.notifications.items()):
            if notification.session_id in session_ids and notification.reason is not None:
                kept.notifications[told] = replace(notification, reason=ERASED)
        for errand in [each for each in kept.errands.values() if each.entry.session_id in session_ids]:
            kept.errands[errand.entry.id] = replace(errand, error=None)
            if errand.entry.errand is Errand.NOTIFY:
                del kept.errands[errand.entry.id]


def _without_client(session: Session, pseudonym: str) -> Session:
    canceled = session.cancellation
    return replace(
        session,
        client=Client(user_id=pseudonym, email="", name=None, timezone="UTC"),
        paper_id=None,
        questions=None,
        cancellation=None if canceled is None else replace(canceled, note=None),
    )
