"""The booked consultations."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Named,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

from consulting.adapters.postgres.tables.metadata import (
    LONGEST_ID,
    LONGEST_NAME,
    LONGEST_TEXT,
    Amount,
    Instant,
    all_or_none,
    at_most,
    currency,
    instants,
    metadata,
    one_of,
)
from consulting.adapters.postgres.tables.rules import keep_sound
from consulting.domain.cancellation import CanceledBy, CancellationReason
from consulting.domain.session_states import STATES


class _Sessions(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    researcher_id: Named[UUID]
    time_slot_id: Named[UUID]
    start_time: Named[datetime] = Column(Instant)
    end_time: Named[datetime] = Column(Instant)
    user_id: Named[str] = Column(Text)
    client_email: Named[str] = Column(Text)
    client_name: Named[str | None] = Column(Text)
    client_timezone: Named[str] = Column(Text)
    paper_id: Named[str | None] = Column(Text)
    questions: Named[str | None] = Column(Text)
    price_amount: Named[int] = Column(Amount)
    price_currency: Named[str] = Column(Text)
    policy: Named[list[Any]] = Column(JSONB)
    status: Named[str] = Column(Text)
    payment_status: Named[str] = Column(Text)
    expires_at: Named[datetime | None] = Column(Instant)
    meeting_id: Named[str | None] = Column(Text)
    meeting_join_link: Named[str | None] = Column(Text)
    meeting_host: Named[str | None] = Column(Text)
    canceled_by: Named[str | None] = Column(Text)
    cancellation_reason: Named[str | None] = Column(Text)
    cancellation_note: Named[str | None] = Column(Text)
    canceled_at: Named[datetime | None] = Column(Instant)
    no_show: Named[bool]
    sequence: Named[int]
    confirmed_at: Named[datetime | None] = Column(Instant)
    rescheduled_at: Named[datetime | None] = Column(Instant)
    created_at: Named[datetime] = Column(Instant)
    updated_at: Named[datetime] = Column(Instant)


_STATES = ", ".join(f"('{state.status}', '{state.payment}')" for state in STATES)
_UNPAID = "status = 'scheduled' AND payment_status IN ('pending', 'failed')"
_LIVE = text("status <> 'canceled'")
_CONFIRMED = text("status = 'scheduled' AND payment_status = 'completed'")
_HELD = text("status <> 'canceled' AND payment_status = 'completed'")

sessions = Table(
    "sessions",
    metadata,
    _Sessions,
    # The slot is this researcher's and this period's: so whoever has its lock speaks for the right time, and a slot
    # that was ever booked can't be moved. That there is such a researcher the slot's own key says.
    ForeignKeyConstraint(
        ["time_slot_id", "researcher_id", "start_time", "end_time"],
        ["time_slots.id", "time_slots.researcher_id", "time_slots.start_time", "time_slots.end_time"],
        name="sessions_of_their_slot",
    ),
    UniqueConstraint("id", "price_amount", "price_currency", name="sessions_as_charged"),
    UniqueConstraint("id", "researcher_id", name="sessions_as_reviewed"),
    ExcludeConstraint(
        ("researcher_id", "="),
        (text("tstzrange(start_time, end_time)"), "&&"),
        name="sessions_no_overlap",
        using="gist",
        where=_LIVE,
    ),
)
keep_sound(
    sessions,
    CheckConstraint("start_time < end_time", name="period"),
    instants(
        "start_time",
        "end_time",
        "expires_at",
        "canceled_at",
        "confirmed_at",
        "rescheduled_at",
        "created_at",
        "updated_at",
    ),
    CheckConstraint(f"(status, payment_status) IN ({_STATES})", name="state"),
    CheckConstraint(f"(expires_at IS NOT NULL) = ({_UNPAID})", name="deadline"),
    CheckConstraint("expires_at <= start_time", name="paid_before_start"),
    CheckConstraint("price_amount >= 0", name="price"),
    CheckConstraint("price_amount > 0 OR payment_status = 'completed'", name="free"),
    currency("price_currency"),
    CheckConstraint("(canceled_at IS NOT NULL) = (status = 'canceled')", name="canceled"),
    all_or_none("cancellation", "canceled_by", "cancellation_reason", "canceled_at"),
    one_of("canceled_by", CanceledBy),
    one_of("cancellation_reason", CancellationReason),
    all_or_none("meeting", "meeting_id", "meeting_join_link", "meeting_host"),
    CheckConstraint("NOT no_show OR status = 'completed'", name="no_show"),
    CheckConstraint("sequence >= 0", name="sequence"),
    at_most(
        user_id=LONGEST_ID,
        client_email=320,
        client_name=LONGEST_NAME,
        client_timezone=64,
        paper_id=LONGEST_ID,
        questions=LONGEST_TEXT,
        meeting_id=LONGEST_ID,
        meeting_join_link=2000,
        meeting_host=320,
        cancellation_note=2000,
    ),
)
Index("sessions_of_researcher", sessions.c.researcher_id, sessions.c.start_time, sessions.c.id)
Index("sessions_of_client", sessions.c.user_id, sessions.c.id)
Index("sessions_of_slot", sessions.c.time_slot_id, postgresql_where=_LIVE)
Index("sessions_holds_of_client", sessions.c.user_id, postgresql_where=text("expires_at IS NOT NULL"))
Index("sessions_by_deadline", sessions.c.expires_at, sessions.c.id, postgresql_where=text("expires_at IS NOT NULL"))
Index("sessions_by_end", sessions.c.end_time, sessions.c.id, postgresql_where=_CONFIRMED)
Index("sessions_by_start", sessions.c.start_time, sessions.c.id, postgresql_where=_HELD)


class _SessionNotes(TypedColumns):
    session_id: Named[UUID] = Column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    notes: Named[str] = Column(Text)


# Apart from the session, so that nothing that shows a session can show what its researcher noted for themselves.
session_notes = Table("session_notes", metadata, _SessionNotes, at_most(notes=LONGEST_TEXT))
