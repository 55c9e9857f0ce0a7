"""Bringing a database to the shape that this version of the program needs."""

from __future__ import annotations

import psycopg
from alembic import command
from alembic.config import Config

MIGRATIONS = "consulting.adapters.postgres:migrations"
ONE_AT_A_TIME = 7_266_785_464  # any number will do, if only migrations use it


def migrate(*, database_url: str) -> None:
    """Apply all migrations that the database lacks. Several processes may do so at once: they take turns.

    Raises psycopg.OperationalError where the database does not answer.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])  # given back with the connection
        command.upgrade(migrations(database_url=database_url), "head")


def migrations(*, database_url: str) -> Config:
    """Return alembic's configuration for this database; `sqlalchemy.url` names it, as alembic's env.py expects."""
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config
