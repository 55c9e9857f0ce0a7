"""The database that a command works on: the one that the settings name, else the embedded one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

from consulting.entrypoints.console import complain
from consulting.entrypoints.settings import Settings
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres

DATABASE = "consulting"


@contextmanager
def with_database(settings: Settings) -> Iterator[Settings]:
    """Give the settings with a database in them, the embedded one being started for as long as the block lasts."""
    if settings.database_url:
        yield settings
        return
    with running_postgres(settings.home, say=complain) as server:
        yield dataclasses.replace(settings, database_url=server.url(DATABASE))
