"""The experts, and the words by which they are found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Interval,
    Named,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    cast,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from consulting.adapters.postgres.tables.metadata import (
    LONGEST_ID,
    LONGEST_NAME,
    LONGEST_TEXT,
    Amount,
    CodePoints,
    Instant,
    Texts,
    at_most,
    currency,
    instants,
    metadata,
)


class _Researchers(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    user_id: Named[str | None] = Column(Text)
    name: Named[str] = Column(CodePoints)
    email: Named[str] = Column(Text)
    bio: Named[str | None] = Column(Text)
    expertise: Named[list[str]] = Column(Texts)
    topics: Named[list[str]] = Column(Texts)  # the expertise as `directory.topic` writes it, for the filter
    achievements: Named[list[str]] = Column(Texts)
    rate_amount: Named[int] = Column(Amount)
    rate_currency: Named[str] = Column(CodePoints)
    timezone: Named[str] = Column(Text)
    verified: Named[bool]
    active: Named[bool]
    avatar_url: Named[str | None] = Column(Text)
    affiliation: Named[str | None] = Column(Text)
    papers: Named[list[str]] = Column(Texts)
    zoom_user: Named[str | None] = Column(Text)
    notice: Named[timedelta] = Column(Interval)
    horizon: Named[timedelta] = Column(Interval)
    gap_minutes: Named[int] = Column(SmallInteger, server_default=text("0"))
    policy: Named[list[Any]] = Column(JSONB)
    rating_total: Named[int]
    rating_count: Named[int]
    created_at: Named[datetime] = Column(Instant)
    updated_at: Named[datetime] = Column(Instant)
    affiliation_topic: Named[str | None] = Column(Text)  # the affiliation as `directory.topic` writes it


def rating_order(columns: Any) -> ColumnElement[Any]:
    """Give what puts the best rating first: `Rating.standing`, turned around."""
    total = cast(columns.rating_total, BigInteger) * literal_column("1000000")
    # Written as an operator: of `//` the toolkit makes a FLOOR, which PostgreSQL has for inexact numbers only.
    return -total.op("/", return_type=BigInteger())(func.greatest(columns.rating_count, literal_column("1")))


_NONE, _AGES = "interval '0 days'", "interval '36500 days'"

researchers = Table(
    "researchers",
    metadata,
    _Researchers,
    CheckConstraint("name <> '' AND timezone <> ''", name="named"),
    CheckConstraint("rate_amount >= 0", name="rate_amount"),
    currency("rate_currency"),
    CheckConstraint(f"notice BETWEEN {_NONE} AND {_AGES} AND horizon BETWEEN {_NONE} AND {_AGES}", name="terms"),
    CheckConstraint("gap_minutes BETWEEN 0 AND 240", name="gap"),
    CheckConstraint("rating_total BETWEEN rating_count AND 5 * rating_count", name="rating"),
    CheckConstraint("cardinality(expertise) <= 100 AND cardinality(topics) = cardinality(expertise)", name="expertise"),
    CheckConstraint("cardinality(achievements) <= 100 AND cardinality(papers) <= 1000", name="lists"),
    instants("created_at", "updated_at"),
    at_most(
        user_id=LONGEST_ID,
        name=LONGEST_NAME,
        email=320,
        bio=LONGEST_TEXT,
        timezone=64,
        avatar_url=2000,
        affiliation=LONGEST_NAME,
        zoom_user=320,
    ),
)
# Partial, so that a changed account is no changed key, and a booking's foreign key never waits for it.
Index(
    "researchers_one_an_account",
    researchers.c.user_id,
    unique=True,
    postgresql_where=researchers.c.user_id.is_not(None),
)
Index("researchers_by_name", researchers.c.name, researchers.c.id, postgresql_where=researchers.c.active)
_BY_NAME = (researchers.c.name, researchers.c.id)
Index(
    "researchers_by_rate",
    researchers.c.rate_currency,
    researchers.c.rate_amount,
    *_BY_NAME,
    postgresql_where=researchers.c.active,
)
Index(
    "researchers_by_rate_down",
    researchers.c.rate_currency,
    -researchers.c.rate_amount,
    *_BY_NAME,
    postgresql_where=researchers.c.active,
)
Index(
    "researchers_by_rating",
    rating_order(researchers.c),
    -researchers.c.rating_count,
    *_BY_NAME,
    postgresql_where=researchers.c.active,
)
Index(
    "researchers_by_affiliation",
    researchers.c.affiliation_topic,
    *_BY_NAME,
    postgresql_where=researchers.c.active,
)
Index("researchers_active", researchers.c.id, postgresql_where=researchers.c.active)
Index("researchers_by_topic", researchers.c.topics, postgresql_using="gin")


class _ResearcherWords(TypedColumns):
    researcher_id: Named[UUID] = Column(ForeignKey("researchers.id", ondelete="CASCADE"), primary_key=True)
    word: Named[str] = Column(CodePoints, primary_key=True)
    weight: Named[int] = Column(SmallInteger)
    name: Named[str] = Column(CodePoints)  # the researcher's, so that the index has the order of a search


researcher_words = Table("researcher_words", metadata, _ResearcherWords)
"""The words of active researchers; the others can't be found."""

Index(
    "researcher_words_by_word",
    researcher_words.c.word,
    researcher_words.c.weight,
    researcher_words.c.name,
    researcher_words.c.researcher_id,
)


class _Vocabulary(TypedColumns):
    word: Named[str] = Column(CodePoints, primary_key=True)
    without_a_letter: Named[list[str]] = Column(Texts)


vocabulary = Table("vocabulary", metadata, _Vocabulary)
Index("vocabulary_without_a_letter", vocabulary.c.without_a_letter, postgresql_using="gin")
