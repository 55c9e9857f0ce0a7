"""What clients said."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Named,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
)

from consulting.adapters.postgres.tables.metadata import (
    LONGEST_ID,
    Instant,
    all_or_none,
    at_most,
    instants,
    metadata,
)
from consulting.domain.reviews import LONGEST_COMMENT


class _Reviews(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    session_id: Named[UUID]
    researcher_id: Named[UUID] = Column(ForeignKey("researchers.id"))
    user_id: Named[str] = Column(Text)
    stars: Named[int] = Column(SmallInteger)
    comment: Named[str | None] = Column(Text)
    created_at: Named[datetime] = Column(Instant)
    updated_at: Named[datetime] = Column(Instant)
    answer: Named[str | None] = Column(Text)
    answered_at: Named[datetime | None] = Column(Instant)
    hidden_at: Named[datetime | None] = Column(Instant)
    hidden_because: Named[str | None] = Column(Text)


reviews = Table(
    "reviews",
    metadata,
    _Reviews,
    ForeignKeyConstraint(
        ["session_id", "researcher_id"],
        ["sessions.id", "sessions.researcher_id"],
        name="reviews_of_the_researcher",
    ),
    UniqueConstraint("session_id", name="reviews_one_a_session"),
    CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
    all_or_none("answered", "answer", "answered_at"),
    instants("created_at", "updated_at", "answered_at", "hidden_at"),
    at_most(user_id=LONGEST_ID, comment=LONGEST_COMMENT, answer=LONGEST_COMMENT, hidden_because=1000),
)
Index("reviews_of_researcher", reviews.c.researcher_id, reviews.c.id)
