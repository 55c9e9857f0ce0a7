"""Connections to the database, and how they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, create_engine, event

from consulting.adapters.postgres.connection import Connection
from consulting.adapters.postgres.fibers import aside
from consulting.adapters.postgres.pool import Pool, refuse_dead

_KEEPALIVE: Mapping[str, str | int] = {
    # A server that vanished without a word is noticed within about fifteen seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait: for the server to answer a new connection, a statement to end, a lock to be free.

    `idle` is how long a transaction may ask for nothing before the server ends it, and with it the locks that it holds.
    """

    connect: timedelta = timedelta(seconds=3)
    statement: timedelta = timedelta(seconds=10)
    lock: timedelta = timedelta(seconds=5)
    idle: timedelta = timedelta(seconds=30)


UNBOUNDED = Patience(statement=timedelta(0), lock=timedelta(0), idle=timedelta(0))
"""For work that takes as long as it takes."""

MIGRATING = Patience(statement=timedelta(0), lock=timedelta(seconds=2), idle=timedelta(0))
"""For migrations: whoever comes after one that waits for a lock waits behind it, so none waits for long."""


def open_engine(
    *,
    url: str,
    pool_size: int,
    application_name: str = "consulting",
    patience: Patience = Patience(),
    pool_wait: timedelta = timedelta(seconds=2),
    pooled: bool = False,
) -> Engine:
    """Prepare a pool of at most `pool_size` connections; the first one is made when it is needed.

    The URL is libpq's own: several hosts, `target_session_attrs`, certificates and so on mean what they mean there.
    `pooled` says that it leads to a pooler which shares the server's connections, as PgBouncer's transaction mode does.
    """
    connected = partial(connect, url=url, application_name=application_name, patience=patience, pooled=pooled)
    engine = create_engine(
        "postgresql+psycopg://",
        creator=partial(aside, connected),
        poolclass=Pool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_wait.total_seconds(),
        pool_use_lifo=True,
        pool_reset_on_return=None,  # whoever takes a connection ends its transaction
        use_native_hstore=False,
    )
    event.listen(engine, "checkout", refuse_dead)  # for those that SQLAlchemy takes
    return engine


def connect(
    *,
    url: str,
    application_name: str = "consulting",
    patience: Patience = Patience(),
    autocommit: bool = True,
    pooled: bool = False,
) -> psycopg.Connection[Any]:
    """Open one connection. Its time zone is UTC, so instants come back in UTC.

    What the URL says goes before what is said here, but for the time zone. Through a pooler (`pooled`) nothing is
    prepared, and the patience is what the database role is set to. Raises psycopg.OperationalError.
    """
    given = conninfo_to_dict(url)
    defaults: dict[str, Any] = {
        "application_name": application_name,
        "connect_timeout": max(2, round(patience.connect.total_seconds())),
        **_KEEPALIVE,
    }
    if pooled:
        return _through_pooler({**defaults, **given}, autocommit=autocommit)
    options = " ".join(
        [
            f"-c statement_timeout={_milliseconds(patience.statement)}",
            f"-c lock_timeout={_milliseconds(patience.lock)}",
            f"-c idle_in_transaction_session_timeout={_milliseconds(patience.idle)}",
            "-c jit=off",  # it takes longer than any statement here
            "-c random_page_cost=1.1",  # what is asked for often lies in memory
            str(given.pop("options", None) or ""),
            "-c TimeZone=UTC -c client_encoding=UTF8",
        ]
    )
    return Connection.connect(**{**defaults, **given, "options": options}, autocommit=autocommit)


def _through_pooler(given: Mapping[str, Any], *, autocommit: bool) -> psycopg.Connection[Any]:
    """Connect without options, which poolers refuse; the time zone they do keep for each of their clients."""
    connection = Connection.connect(**given, autocommit=True, prepare_threshold=None)
    if connection.info.parameter_status("TimeZone") != "UTC":
        connection.execute("SET TimeZone TO 'UTC'")
    connection.autocommit = autocommit
    return connection


def _milliseconds(time: timedelta) -> int:
    return time // timedelta(milliseconds=1)
