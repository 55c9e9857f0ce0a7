"""What clients said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.prepared import insert_into, prepare, update_of
from consulting.adapters.postgres.tables import reviews, sessions
from consulting.adapters.postgres.values import LIMIT
from consulting.application.ports.reviews import ReceivedReview
from consulting.domain.reviews import Review

GET = prepare(select(reviews).where(reviews.c.id == bindparam("id", type_=Uuid)))
OF_SESSION = prepare(select(reviews).where(reviews.c.session_id == bindparam("session_id", type_=Uuid)))
_RECEIVED = (
    select(reviews, sessions.c.client_name)
    .join(sessions, sessions.c.id == reviews.c.session_id)
    .where(reviews.c.researcher_id == bindparam("researcher_id", type_=Uuid), reviews.c.hidden_at.is_(None))
    .order_by(reviews.c.id.desc())
    .limit(LIMIT)
)
OF_RESEARCHER = prepare(_RECEIVED)
OF_RESEARCHER_AFTER = prepare(_RECEIVED.where(reviews.c.id < bindparam("after", type_=Uuid)))
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
        "answer": review.answer,
        "answered_at": review.answered_at,
        "hidden_at": review.hidden_at,
        "hidden_because": review.hidden_because,
    }


def _received(row: Row) -> ReceivedReview:
    columns = row._asdict()
    client_name = columns.pop("client_name")
    return ReceivedReview(review=Review(**columns), client_name=client_name)


class PostgresReviews:
    """What clients said."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def get(self, id: UUID) -> Review | None:
        """Give the review, a hidden one too."""
        row = self._link.one(GET, id=id)
        return None if row is None else Review(**row._asdict())

    def of_session(self, session_id: UUID) -> Review | None:
        """Give the session's review."""
        row = self._link.one(OF_SESSION, session_id=session_id)
        return None if row is None else Review(**row._asdict())

    def of_researcher(self, researcher_id: UUID, *, after: UUID | None, limit: int) -> Sequence[ReceivedReview]:
        """List the researcher's reviews that aren't hidden, the newest first (by id), those after this one."""
        if after is None:
            rows = self._link.rows(OF_RESEARCHER, researcher_id=researcher_id, limit=limit)
        else:
            rows = self._link.rows(OF_RESEARCHER_AFTER, researcher_id=researcher_id, limit=limit, after=after)
        return [_received(row) for row in rows]

    def add(self, review: Review) -> None:
        """Keep a new review. Raises ReviewExists if the session has one."""
        self._link.rows(ADD, **_columns(review))

    def save(self, review: Review) -> None:
        """Keep a review's new values; LookupError if it isn't known."""
        self._link.change(SAVE, what=f"review {review.id}", **_columns(review))
