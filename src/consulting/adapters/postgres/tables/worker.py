"""The signs of life of the workers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, Named, Table, Text, TypedColumns
from sqlalchemy.dialects.postgresql import JSONB

from consulting.adapters.postgres.tables.metadata import LONGEST_ID, Instant, at_most, instants, metadata


class _WorkerHeartbeats(TypedColumns):
    worker: Named[str] = Column(Text, primary_key=True)
    started_at: Named[datetime] = Column(Instant)
    beaten_at: Named[datetime] = Column(Instant)
    loops: Named[dict[str, Any]] = Column(JSONB)


worker_heartbeats = Table(
    "worker_heartbeats",
    metadata,
    _WorkerHeartbeats,
    CheckConstraint("jsonb_typeof(loops) = 'object'", name="loops"),
    instants("started_at", "beaten_at"),
    at_most(worker=LONGEST_ID),
)
Index("worker_heartbeats_by_age", worker_heartbeats.c.beaten_at)
