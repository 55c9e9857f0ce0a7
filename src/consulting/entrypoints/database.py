"""Bringing a database to the shape that this version of the program needs."""

from __future__ import annotations

import time
from functools import cache

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

MIGRATIONS = "consulting.adapters.postgres:migrations"
ONE_AT_A_TIME = 7_266_785_464  # any number will do, if only migrations use it

TRIES, PAUSE_SECONDS = 100, 3.0


def migrate(*, database_url: str) -> None:
    """Apply all migrations that the database lacks. Several processes may do so at once: they take turns.

    One that finds a table held (by a dump, say) steps back for everybody who waits behind it, and tries again, for some
    minutes. Raises psycopg.OperationalError where the database does not answer, and of that LockNotAvailable where a
    table is still held then; those that were applied before stay.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])  # given back with the connection
        _upgrade(migrations(database_url=database_url))


def _upgrade(config: Config) -> None:
    for left in reversed(range(TRIES)):
        try:
            command.upgrade(config, "head")
        except OperationalError as failure:
            if left and isinstance(failure.orig, LockNotAvailable):
                time.sleep(PAUSE_SECONDS)
                continue
            raise (failure.orig or failure) from failure
        else:
            return


def migrations(*, database_url: str) -> Config:
    """Return alembic's configuration for this database; `sqlalchemy.url` names it, as alembic's env.py expects."""
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


@cache
def newest() -> str | None:
    """Name the last migration of this version of the program."""
    return _scripts().get_current_head()


@cache
def known() -> frozenset[str]:
    """Name all migrations that this version knows; what isn't among them was made by a newer one."""
    return frozenset(script.revision for script in _scripts().walk_revisions())


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(migrations(database_url=""))
