"""What clients said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import insert_into, prepare, update_of
from consulting.adapters.postgres.tables import reviews
from consulting.domain.reviews import Review

OF_SESSION = prepare(select(reviews).where(reviews.c.session_id == bindparam("session_id", type_=Uuid)))
ADD = prepare(insert_into(reviews))
SAVE = prepare(update_of(reviews).returning(reviews.c.id))


def _columns(review: Review) -> Mapping[str, Any]:
    return {
        "id": review.id,
        "session_id": review.session_id,
        "researcher_id": review.researcher_id,
        "user_id": review.user_id,
        "stars": review.stars,
        "comment": review.comment,
        "created_at": review.created_at,
        "updated_at": review.updated_at,
    }


class PostgresReviews:
    """What clients said."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def of_session(self, session_id: UUID) -> Review | None:
        """Give the session's review."""
        row = self._link.one(OF_SESSION, session_id=session_id)
        return None if row is None else Review(**row._asdict())

    def add(self, review: Review) -> None:
        """Keep a new review. Raises ReviewExists if the session has one."""
        self._link.rows(ADD, **_columns(review))

    def save(self, review: Review) -> None:
        """Keep a review's new values; LookupError if it isn't known."""
        self._link.change(SAVE, what=f"review {review.id}", **_columns(review))
