"""The list of all checks, in the order in which they are carried out and told."""

from __future__ import annotations

from collections.abc import Sequence

from consulting.entrypoints.connections import open_engine
from consulting.entrypoints.doctor import (
    adapters,
    database,
    folder,
    mail,
    meetings,
    payments,
    processes,
    strength,
    tracing,
    zones,
)
from consulting.entrypoints.doctor.findings import Check
from consulting.entrypoints.settings import Settings


def checks_of(settings: Settings) -> Sequence[Check]:
    """List what there is to look at for an instance with these settings; nothing is looked at yet."""
    engine = open_engine(settings)
    return [
        *database.checks(settings, engine),
        *zones.checks(engine),
        *strength.checks(settings),
        *adapters.names(settings),
        *payments.checks(settings),
        *meetings.checks(settings),
        *mail.checks(settings, engine),
        *tracing.checks(settings),
        *folder.checks(settings),
        *processes.checks(settings, engine),
    ]
