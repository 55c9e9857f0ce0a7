"""What researchers say about their time, and the slots that are published of it."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Named,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

from consulting.adapters.postgres.tables.metadata import Instant, at_most, instants, metadata

_LAST_DATE = "'9999-12-31'"


class _Patterns(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    researcher_id: Named[UUID] = Column(ForeignKey("researchers.id"))
    weekday: Named[int] = Column(SmallInteger)
    start_minute: Named[int] = Column(SmallInteger)
    end_minute: Named[int] = Column(SmallInteger)
    timezone: Named[str] = Column(Text)
    slot_minutes: Named[int] = Column(SmallInteger)
    gap_minutes: Named[int] = Column(SmallInteger)
    valid_from: Named[dt.date]
    valid_until: Named[dt.date | None]
    every_weeks: Named[int] = Column(SmallInteger)


patterns = Table(
    "availability_patterns",
    metadata,
    _Patterns,
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    CheckConstraint(
        "start_minute BETWEEN 0 AND 1439 AND end_minute BETWEEN 0 AND 1440 AND start_minute <> end_minute",
        name="window",
    ),
    CheckConstraint("slot_minutes BETWEEN 5 AND 480 AND gap_minutes BETWEEN 0 AND 240", name="cut"),
    CheckConstraint(
        f"valid_from >= '0001-01-01' AND valid_from <= {_LAST_DATE} AND valid_until <= {_LAST_DATE}"
        " AND valid_until >= valid_from",
        name="dates",
    ),
    CheckConstraint("every_weeks BETWEEN 1 AND 52", name="every_weeks"),
    at_most(timezone=64),
)
Index("availability_patterns_of_researcher", patterns.c.researcher_id)


class _Overrides(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    researcher_id: Named[UUID] = Column(ForeignKey("researchers.id"))
    date: Named[dt.date]
    timezone: Named[str] = Column(Text)
    windows: Named[list[list[int]]] = Column(JSONB)
    slot_minutes: Named[int] = Column(SmallInteger)
    gap_minutes: Named[int] = Column(SmallInteger)


overrides = Table(
    "availability_overrides",
    metadata,
    _Overrides,
    CheckConstraint(f"date BETWEEN '0001-01-01' AND {_LAST_DATE}", name="date"),
    CheckConstraint("jsonb_typeof(windows) = 'array'", name="windows"),
    CheckConstraint("slot_minutes BETWEEN 5 AND 480 AND gap_minutes BETWEEN 0 AND 240", name="cut"),
    at_most(timezone=64),
)
Index("availability_overrides_of_researcher", overrides.c.researcher_id)


class _OneOffSlots(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    researcher_id: Named[UUID] = Column(ForeignKey("researchers.id"))
    start_time: Named[datetime] = Column(Instant)
    end_time: Named[datetime] = Column(Instant)


one_off_slots = Table(
    "availability_slots",
    metadata,
    _OneOffSlots,
    CheckConstraint("end_time - start_time BETWEEN interval '5 minutes' AND interval '8 hours'", name="period"),
    CheckConstraint(
        "EXTRACT(epoch FROM start_time) % 60 = 0 AND EXTRACT(epoch FROM end_time) % 60 = 0", name="minutes"
    ),
    instants("start_time", "end_time"),
)
Index("availability_slots_of_researcher", one_off_slots.c.researcher_id)


class _Blocks(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    researcher_id: Named[UUID] = Column(ForeignKey("researchers.id"))
    start_time: Named[datetime] = Column(Instant)
    end_time: Named[datetime] = Column(Instant)
    reason: Named[str | None] = Column(Text)


blocks = Table(
    "availability_blocks",
    metadata,
    _Blocks,
    CheckConstraint("start_time < end_time", name="period"),
    instants("start_time", "end_time"),
    at_most(reason=1000),
)
Index("availability_blocks_of_researcher", blocks.c.researcher_id)


class _TimeSlots(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    researcher_id: Named[UUID] = Column(ForeignKey("researchers.id"))
    start_time: Named[datetime] = Column(Instant)
    end_time: Named[datetime] = Column(Instant)
    withdrawn: Named[bool] = Column(server_default=false())
    retired: Named[bool] = Column(server_default=false())


time_slots = Table(
    "time_slots",
    metadata,
    _TimeSlots,
    CheckConstraint("start_time < end_time", name="period"),
    # What overlaps a period starts at most this long before it: so an index on the start finds it.
    CheckConstraint("end_time <= start_time + interval '24 hours'", name="at_most_a_day"),
    instants("start_time", "end_time"),
    UniqueConstraint("researcher_id", "start_time", "end_time"),
    UniqueConstraint("id", "researcher_id", "start_time", "end_time", name="time_slots_as_booked"),
    ExcludeConstraint(
        ("researcher_id", "="),
        (text("tstzrange(start_time, end_time)"), "&&"),
        name="time_slots_no_overlap",
        using="gist",
        where=text("NOT withdrawn"),
    ),
)
