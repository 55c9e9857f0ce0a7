"""The experts, and the words by which they are found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Identity,
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
    number: Named[int] = Column(Identity(always=True))  # where `bearers` has the researcher's bit


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
_BY_NAME = (researchers.c.name, researchers.c.id)


def _in_order(name: str, *order: ColumnElement[Any], beside: Sequence[str] = ()) -> None:
    """Index whoever is active in this order: with the number, and what the order is worked out from, beside it."""
    Index(name, *order, *_BY_NAME, postgresql_where=researchers.c.active, postgresql_include=["number", *beside])


_in_order("researchers_by_name")
_in_order("researchers_by_rate", researchers.c.rate_currency, researchers.c.rate_amount)
_in_order("researchers_by_rate_down", researchers.c.rate_currency, -researchers.c.rate_amount, beside=["rate_amount"])
_in_order(
    "researchers_by_rating",
    rating_order(researchers.c),
    -researchers.c.rating_count,
    beside=["rating_total", "rating_count"],
)
Index("researchers_active", researchers.c.id, postgresql_where=researchers.c.active)
Index(
    "researchers_by_number",
    researchers.c.number,
    postgresql_include=["id", "name", "active", "rate_currency", "rate_amount", "rating_total", "rating_count"],
)


class _ResearcherWords(TypedColumns):
    researcher_id: Named[UUID] = Column(ForeignKey("researchers.id", ondelete="CASCADE"), primary_key=True)
    word: Named[str] = Column(CodePoints, primary_key=True)
    weight: Named[int] = Column(SmallInteger)
    name: Named[str] = Column(CodePoints)  # the researcher's, by which the version before puts a search in order


researcher_words = Table("researcher_words", metadata, _ResearcherWords)
"""The words of active researchers; the others can't be found. `bearers` has whoever has a word."""


class _Vocabulary(TypedColumns):
    word: Named[str] = Column(CodePoints, primary_key=True)
    without_a_letter: Named[list[str]] = Column(Texts)


vocabulary = Table("vocabulary", metadata, _Vocabulary)
Index("vocabulary_without_a_letter", vocabulary.c.without_a_letter, postgresql_using="gin")
