"""What waits to be done: errands, providers' messages, and requests that may be repeated."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Named,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from consulting.adapters.postgres.tables.metadata import (
    LONGEST_ID,
    LONGEST_TEXT,
    Instant,
    all_or_none,
    at_most,
    instants,
    metadata,
    one_of,
)
from consulting.adapters.postgres.tables.rules import keep_sound
from consulting.application.ports.outbox import Errand, Lane


class Standing(StrEnum):
    """How far an errand or a message has come."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"


_WAITING = text(f"standing = '{Standing.WAITING}'")
_DEAD = text(f"standing = '{Standing.DEAD}'")


class _Outbox(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    session_id: Named[UUID] = Column(ForeignKey("sessions.id"))
    lane: Named[str] = Column(Text)
    errand: Named[str] = Column(Text)
    data: Named[dict[str, str]] = Column(JSONB)
    version: Named[int] = Column(SmallInteger)
    recorded_at: Named[datetime] = Column(Instant)
    due_at: Named[datetime] = Column(Instant)
    postponed_until: Named[datetime | None] = Column(Instant)
    standing: Named[str] = Column(Text, server_default=Standing.WAITING)
    attempts: Named[int] = Column(server_default=text("0"))
    leased_by: Named[str | None] = Column(Text)
    leased_until: Named[datetime | None] = Column(Instant)
    error: Named[str | None] = Column(Text)
    ended_at: Named[datetime | None] = Column(Instant)


outbox = Table(
    "outbox",
    metadata,
    _Outbox,
    one_of("lane", Lane),
    one_of("errand", Errand),
    CheckConstraint("jsonb_typeof(data) = 'object'", name="data"),
    CheckConstraint("version > 0", name="version"),
    one_of("standing", Standing),
    CheckConstraint("attempts >= 0", name="attempts"),
    all_or_none("lease", "leased_by", "leased_until"),
    CheckConstraint(f"(ended_at IS NULL) = ({_WAITING})", name="ended"),
    instants("recorded_at", "due_at", "postponed_until", "leased_until", "ended_at"),
    at_most(leased_by=LONGEST_ID, error=LONGEST_TEXT),
)
Index("outbox_waiting", outbox.c.recorded_at, outbox.c.id, postgresql_where=_WAITING)
Index(
    "outbox_lanes",
    outbox.c.session_id,
    outbox.c.lane,
    outbox.c.recorded_at,
    outbox.c.id,
    postgresql_where=_WAITING,
)
Index("outbox_dead", outbox.c.recorded_at, outbox.c.id, postgresql_where=_DEAD)
Index("outbox_ended", outbox.c.ended_at, postgresql_where=text("ended_at IS NOT NULL"))


class _Inbox(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    source: Named[str] = Column(Text)
    external_id: Named[str] = Column(Text)
    kind: Named[str] = Column(Text)
    intent_id: Named[str | None] = Column(Text)
    refund_id: Named[str | None] = Column(Text)
    received_at: Named[datetime] = Column(Instant)
    due_at: Named[datetime] = Column(Instant)
    standing: Named[str] = Column(Text, server_default=Standing.WAITING)
    attempts: Named[int] = Column(server_default=text("0"))
    leased_by: Named[str | None] = Column(Text)
    leased_until: Named[datetime | None] = Column(Instant)
    error: Named[str | None] = Column(Text)
    ended_at: Named[datetime | None] = Column(Instant)


inbox = Table(
    "inbox",
    metadata,
    _Inbox,
    UniqueConstraint("source", "external_id"),
    one_of("standing", Standing),
    CheckConstraint("attempts >= 0", name="attempts"),
    all_or_none("lease", "leased_by", "leased_until"),
    CheckConstraint(f"(ended_at IS NULL) = ({_WAITING})", name="ended"),
    instants("received_at", "due_at", "leased_until", "ended_at"),
    at_most(
        source=64,
        external_id=LONGEST_ID,
        kind=LONGEST_ID,
        intent_id=LONGEST_ID,
        refund_id=LONGEST_ID,
        leased_by=LONGEST_ID,
        error=LONGEST_TEXT,
    ),
)
Index("inbox_waiting", inbox.c.received_at, inbox.c.id, postgresql_where=_WAITING)
Index("inbox_dead", inbox.c.received_at, inbox.c.id, postgresql_where=_DEAD)
Index("inbox_ended", inbox.c.ended_at, postgresql_where=text("ended_at IS NOT NULL"))


class _IdempotencyKeys(TypedColumns):
    caller: Named[str] = Column(Text, primary_key=True)
    key: Named[str] = Column(Text, primary_key=True)
    fingerprint: Named[bytes] = Column(LargeBinary)
    state: Named[str] = Column(Text)
    leased_until: Named[datetime | None] = Column(Instant)
    status_code: Named[int | None] = Column(SmallInteger)
    headers: Named[dict[str, str] | None] = Column(JSONB)
    body: Named[bytes | None] = Column(LargeBinary)
    created_at: Named[datetime] = Column(Instant)


idempotency_keys = Table("idempotency_keys", metadata, _IdempotencyKeys)
keep_sound(
    idempotency_keys,
    CheckConstraint("state IN ('started', 'finished')", name="state_known"),
    CheckConstraint("(state = 'started') = (leased_until IS NOT NULL)", name="started"),
    CheckConstraint("(state = 'finished') = (num_nulls(status_code, headers, body) = 0)", name="finished"),
    CheckConstraint("status_code BETWEEN 100 AND 599", name="status_code"),
    CheckConstraint("octet_length(fingerprint) = 32", name="fingerprint"),
    instants("leased_until", "created_at"),
    at_most(caller=LONGEST_ID, key=LONGEST_ID),
)
Index("idempotency_keys_by_age", idempotency_keys.c.created_at)
