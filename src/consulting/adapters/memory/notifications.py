"""The record of what was sent to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from consulting.adapters.memory.kept import Kept, require
from consulting.application.ports.records import Notification, Outcome


class MemoryNotifications:
    """The record of what was sent to whom."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def mark(self, notification: Notification) -> bool:
        """Record it; False, and nothing changed, if it is recorded already and isn't waiting to be tried again."""
        require(self._kept.sessions, notification.session_id)
        telling = _telling(notification)
        known = self._kept.notifications.get(telling)
        if known is not None and known.outcome is not Outcome.WAITING:
            return False
        self._kept.notifications[telling] = notification
        return True

    def conclude(self, notification: Notification) -> None:
        """Keep what became of a mail that is recorded; of one that isn't, nothing."""
        telling = _telling(notification)
        known = self._kept.notifications.get(telling)
        if known is not None:
            became = replace(known, outcome=notification.outcome, reason=notification.reason)
            self._kept.notifications[telling] = became

    def marked(self, *, session_id: UUID, kind: str, recipient: str, about: str) -> bool:
        """Tell whether it is recorded."""
        return (session_id, kind, recipient, about) in self._kept.notifications

    def of_session(self, session_id: UUID) -> Sequence[Notification]:
        """List what is recorded of a session, the oldest first."""
        return self.of_sessions([session_id])

    def of_sessions(self, session_ids: Sequence[UUID]) -> Sequence[Notification]:
        """List what is recorded of several sessions at once, the oldest first."""
        own = (each for each in self._kept.notifications.values() if each.session_id in session_ids)
        return sorted(own, key=lambda each: each.marked_at)


def _telling(notification: Notification) -> tuple[UUID, str, str, str]:
    return notification.session_id, notification.kind, notification.recipient, notification.about
