from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql

from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres


@contextmanager
def copied(postgres: EmbeddedPostgres, *, template: str) -> Iterator[str]:
    """Give the name of a database that begins as another one is; nobody may be connected to that."""
    name = sql.Identifier(f"copy_{uuid4().hex}")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        connection.execute(copy.format(name, sql.Identifier(template)))
        yield name.as_string().strip('"')
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
