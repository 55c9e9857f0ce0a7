"""The tables, by business word. The migrations make the same ones; a test compares the two."""

from __future__ import annotations

from consulting.adapters.postgres.tables.admins import admin_acts, api_keys
from consulting.adapters.postgres.tables.availability import blocks, one_off_slots, overrides, patterns, time_slots
from consulting.adapters.postgres.tables.bearers import bearers
from consulting.adapters.postgres.tables.calendars import calendar_tokens
from consulting.adapters.postgres.tables.expertise import expertise_spellings, expertise_topics
from consulting.adapters.postgres.tables.mail import notifications
from consulting.adapters.postgres.tables.metadata import fixed, metadata, period
from consulting.adapters.postgres.tables.money import ledger_entries, payments, refunds
from consulting.adapters.postgres.tables.openings import openings
from consulting.adapters.postgres.tables.rate_limits import rate_limits
from consulting.adapters.postgres.tables.researchers import researcher_words, researchers, vocabulary
from consulting.adapters.postgres.tables.reviews import reviews
from consulting.adapters.postgres.tables.sessions import session_notes, sessions
from consulting.adapters.postgres.tables.work import idempotency_keys, inbox, outbox
from consulting.adapters.postgres.tables.worker import worker_heartbeats

__all__ = [
    "admin_acts",
    "api_keys",
    "bearers",
    "blocks",
    "calendar_tokens",
    "expertise_spellings",
    "expertise_topics",
    "fixed",
    "idempotency_keys",
    "inbox",
    "ledger_entries",
    "metadata",
    "notifications",
    "one_off_slots",
    "openings",
    "outbox",
    "overrides",
    "patterns",
    "payments",
    "period",
    "rate_limits",
    "refunds",
    "researcher_words",
    "researchers",
    "reviews",
    "session_notes",
    "sessions",
    "time_slots",
    "vocabulary",
    "worker_heartbeats",
]
