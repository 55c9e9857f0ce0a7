"""What clients said."""

from __future__ import annotations

from uuid import UUID

from consulting.adapters.memory.kept import ForbiddenRecord, Kept, put_again, put_new, require
from consulting.domain.errors import ReviewExists
from consulting.domain.reviews import Review


class MemoryReviews:
    """What clients said."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def of_session(self, session_id: UUID) -> Review | None:
        """Give the session's review."""
        return next((each for each in self._kept.reviews.values() if each.session_id == session_id), None)

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

    def _require_possible(self, review: Review) -> None:
        session = require(self._kept.sessions, review.session_id)
        if session.researcher_id != review.researcher_id:
            raise ForbiddenRecord(f"session {session.id} is another researcher's")
