"""What clients said."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from consulting.adapters.memory.kept import ForbiddenRecord, Kept, put_again, put_new, require
from consulting.application.ports.reviews import ReceivedReview
from consulting.domain.errors import ReviewExists
from consulting.domain.reviews import Review


class MemoryReviews:
    """What clients said."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def get(self, id: UUID) -> Review | None:
        """Give the review, a hidden one too."""
        return self._kept.reviews.get(id)

    def of_session(self, session_id: UUID) -> Review | None:
        """Give the session's review."""
        return next((each for each in self._kept.reviews.values() if each.session_id == session_id), None)

    def of_researcher(self, researcher_id: UUID, *, after: UUID | None, limit: int) -> Sequence[ReceivedReview]:
        """List the researcher's reviews that aren't hidden, the newest first (by id), those after this one."""
        shown = (each for each in self._kept.reviews.values() if not each.hidden)
        found = (each for each in shown if each.researcher_id == researcher_id)
        listed = sorted((each for each in found if after is None or each.id < after), key=lambda each: each.id)
        return [self._received(each) for each in listed[::-1][:limit]]

    def add(self, review: Review) -> None:
        """Keep a new review. Raises ReviewExists if the session has one."""
        if self.of_session(review.session_id) is not None:
            raise ReviewExists
        self._require_possible(review)
        put_new(self._kept.reviews, review.id, review)

    def save(self, review: Review) -> None:
        """Keep a review's new values."""
        require(self._kept.reviews, review.id)
        self._require_possible(review)
        put_again(self._kept.reviews, review.id, review)

    def _received(self, review: Review) -> ReceivedReview:
        session = self._kept.sessions[review.session_id]
        return ReceivedReview(review=review, client_name=session.client.name)

    def _require_possible(self, review: Review) -> None:
        session = require(self._kept.sessions, review.session_id)
        if session.researcher_id != review.researcher_id:
            raise ForbiddenRecord(f"session {session.id} is another researcher's")
