"""The record of what was sent to whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Named, Table, Text, TypedColumns

from consulting.adapters.postgres.tables.metadata import (
    LONGEST_ID,
    LONGEST_TEXT,
    Instant,
    at_most,
    instants,
    metadata,
    one_of,
)
from consulting.application.ports.records import Outcome


class _Notifications(TypedColumns):
    session_id: Named[UUID] = Column(ForeignKey("sessions.id"), primary_key=True)
    kind: Named[str] = Column(Text, primary_key=True)
    recipient: Named[str] = Column(Text, primary_key=True)
    about: Named[str] = Column(Text, primary_key=True)
    message_id: Named[str] = Column(Text)
    marked_at: Named[datetime] = Column(Instant)
    outcome: Named[str] = Column(Text, server_default=Outcome.SENT)
    reason: Named[str | None] = Column(Text)


notifications = Table(
    "notifications",
    metadata,
    _Notifications,
    instants("marked_at"),
    at_most(kind=64, recipient=64, about=LONGEST_ID, message_id=998),
    one_of("outcome", Outcome),
    CheckConstraint("(reason IS NOT NULL) = (outcome IN ('waiting', 'uncertain', 'failed', 'skipped'))", name="reason"),
    CheckConstraint(f"char_length(reason) <= {LONGEST_TEXT}", name="reason_length"),
)
