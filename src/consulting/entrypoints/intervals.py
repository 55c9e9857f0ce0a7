"""The worker's loops by name, and how often each is woken at least."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from consulting.application.ports.outbox import Lane
from consulting.entrypoints.settings import Settings

INBOX = "inbox"
RELAYS = {lane: f"relay_{lane}" for lane in Lane}
"""Each lane has threads of its own, so that a provider that answers slowly holds up nothing that goes to the others."""


def intervals(settings: Settings) -> Mapping[str, timedelta]:
    """Give each loop's interval under its name."""
    return {
        **dict.fromkeys([*RELAYS.values(), INBOX, "sweep", "openings"], timedelta(seconds=2)),
        "reminders": timedelta(seconds=30),
        "reconciliation": timedelta(seconds=settings.reconcile_seconds),
        "slots": timedelta(hours=1),
        "pruning": timedelta(hours=1),
    }
