"""The secrets under which calendar programs read somebody's sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Named, Table, Text, TypedColumns, UniqueConstraint

from consulting.adapters.postgres.tables.metadata import LONGEST_ID, Instant, at_most, instants, metadata


class _CalendarTokens(TypedColumns):
    user_id: Named[str] = Column(Text, primary_key=True)
    digest: Named[str] = Column(Text)
    made_at: Named[datetime] = Column(Instant)


calendar_tokens = Table(
    "calendar_tokens",
    metadata,
    _CalendarTokens,
    UniqueConstraint("digest", name="calendar_tokens_opening_one"),
    CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
    instants("made_at"),
    at_most(user_id=LONGEST_ID),
)
