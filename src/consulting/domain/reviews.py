"""Reviews: what a client says of a session afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from consulting.domain.errors import FieldProblem, ReviewAnswered, ReviewRefused, ValidationFailed
from consulting.domain.refunds import Refund, total
from consulting.domain.session_states import Status
from consulting.domain.sessions import Session
from consulting.domain.texts import unreadable

WRITE_WITHIN = timedelta(days=60)
EDIT_WITHIN = timedelta(hours=48)
LONGEST_COMMENT = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One to five stars and a comment, by the client of the session.

    `answer` is what its researcher said to it, once. A review that an admin hid (`hidden_because`) is shown to its
    client alone, and doesn't count in the rating.
    """

    id: UUID
    session_id: UUID
    researcher_id: UUID
    user_id: str
    stars: int
    comment: str | None
    created_at: datetime
    updated_at: datetime
    answer: str | None = None
    answered_at: datetime | None = None
    hidden_at: datetime | None = None
    hidden_because: str | None = None

    @property
    def hidden(self) -> bool:
        """Tell whether an admin hid it."""
        return self.hidden_at is not None

    def answered(self, answer: str, *, at: datetime) -> Review:
        """Answer it, once and for all; ReviewAnswered for a second time, ValidationFailed (field `answer`)."""
        if self.answer is not None:
            raise ReviewAnswered
        problems = [*_text_problems("answer", answer)]
        if not answer.strip():
            problems.append(FieldProblem("answer", "give a text"))
        if problems:
            raise ValidationFailed(problems)
        return replace(self, answer=answer, answered_at=at)

    def hide(self, *, because: str, at: datetime) -> Review:
        """Take it out of everybody's sight; one that is hidden stays as it is."""
        return self if self.hidden else replace(self, hidden_at=at, hidden_because=because)

    def show(self) -> Review:
        """Show it again."""
        return replace(self, hidden_at=None, hidden_because=None)

    def edited(self, *, stars: int, comment: str | None, at: datetime) -> Review:
        """Change it, within 48 hours of writing it; ReviewRefused later."""
        _require_valid(stars=stars, comment=comment)
        if at - self.created_at > EDIT_WITHIN:
            raise ReviewRefused("A review can be changed within 48 hours of writing it.")
        return replace(self, stars=stars, comment=comment, updated_at=at)


def write(
    *,
    id: UUID,
    session: Session,
    refunds: Sequence[Refund],
    user_id: str,
    stars: int,
    comment: str | None,
    at: datetime,
) -> Review:
    """Review a session that was completed, attended and not fully refunded, as its client, within 60 days of its end.

    Raises ReviewRefused, and ValidationFailed (fields `rating`, `comment`).
    """
    _require_valid(stars=stars, comment=comment)
    seen = session.effective(at=at)
    fully_refunded = bool(seen.price) and total(refunds, currency=seen.price.currency) >= seen.price
    over = at - seen.period.end
    allowed = seen.status is Status.COMPLETED and seen.client.user_id == user_id and over <= WRITE_WITHIN
    if not allowed or fully_refunded or seen.no_show:
        raise ReviewRefused
    return Review(
        id=id,
        session_id=session.id,
        researcher_id=session.researcher_id,
        user_id=user_id,
        stars=stars,
        comment=comment,
        created_at=at,
        updated_at=at,
    )


def _require_valid(*, stars: int, comment: str | None) -> None:
    problems = []
    if not 1 <= stars <= 5:
        problems.append(FieldProblem("rating", "give 1 to 5 stars"))
    if comment is not None:
        problems.extend(_text_problems("comment", comment))
    if problems:
        raise ValidationFailed(problems)


def _text_problems(field: str, text: str) -> Iterator[FieldProblem]:
    if len(text) > LONGEST_COMMENT:
        yield FieldProblem(field, f"give at most {LONGEST_COMMENT} characters")
    yield from unreadable(field, text)
