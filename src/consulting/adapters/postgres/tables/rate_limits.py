"""How much of what they may do each caller has done lately."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Named, Table, Text, TypedColumns

from consulting.adapters.postgres.tables.metadata import Instant, at_most, instants, metadata


class _RateLimits(TypedColumns):
    who: Named[str] = Column(Text, primary_key=True)
    full_at: Named[datetime] = Column(Instant)


rate_limits = Table(
    "rate_limits",
    metadata,
    _RateLimits,
    instants("full_at"),
    at_most(who=300),
    prefixes=["UNLOGGED"],  # a crash of the server gives everybody a full bucket, and a write costs no flush
)
Index("rate_limits_by_age", rate_limits.c.full_at)
