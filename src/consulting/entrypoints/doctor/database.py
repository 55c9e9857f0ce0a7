"""Whether the database answers, can be written to, and has what this version needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from consulting.adapters.postgres.clock import DatabaseClock
from consulting.entrypoints.doctor.findings import Check, Finding, careful, well, wrong
from consulting.entrypoints.readiness import MOST_SKEW
from consulting.entrypoints.settings import Pooler, Settings

DATABASE = "database"
OLDEST = 150_000
EXTENSION = "btree_gist"
MUCH_SKEW = timedelta(milliseconds=500)
BESIDE_THE_POOL = 2
"""Connections of a process besides its pool's: one that listens, and one that asks for the time."""

_SERVER = text(
    "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,"
    " pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS read_only,"
    " current_setting('statement_timeout') AS patience,"
    " current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections"
)
_EXTENSION = text(
    "SELECT installed_version IS NOT NULL AS installed FROM pg_available_extensions WHERE name = :extension"
)


def checks(settings: Settings, engine: Engine) -> Sequence[Check]:
    """List the checks of the database itself; all others that read it come after `database`."""
    return [
        Check(name=DATABASE, look=lambda: _server(engine, settings)),
        Check(name="migrations", look=lambda: _migrations(engine), after=DATABASE),
        Check(name="extensions", look=lambda: _extensions(engine), after=DATABASE),
        Check(name="clock", look=lambda: _clock(engine), after=DATABASE),
    ]


def _server(engine: Engine, settings: Settings) -> Iterator[Finding]:
    try:
        with engine.connect() as connection:
            server = connection.execute(_SERVER).one()
    except SQLAlchemyError as failure:
        kind = type(getattr(failure, "orig", None) or failure).__name__
        yield wrong(
            f"it doesn't let us in ({kind})", advice="try the address of CONSULTING_DATABASE_URL with psql from here"
        )
        return
    yield from _fitness(version=server.version, encoding=server.encoding, read_only=server.read_only)
    yield from _room(server.connections, settings)
    yield from _pooler(settings, patience=server.patience)


def _fitness(*, version: int, encoding: str, read_only: bool) -> Iterator[Finding]:
    told = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    if version < OLDEST:
        yield wrong(f"{told} is too old", advice="move to PostgreSQL 15 or newer")
    elif read_only:
        advice = "name the primary, or all hosts with `target_session_attrs=read-write`, in CONSULTING_DATABASE_URL"
        yield wrong(f"{told} can only be read: it is a replica, or set to read only", advice=advice)
    elif encoding != "UTF8":
        yield wrong(f"its texts are {encoding}", advice="make the database anew with `ENCODING 'UTF8'`")
    else:
        yield well(f"{told} answers and can be written to")


def _room(connections: int, settings: Settings) -> Iterator[Finding]:
    needed = (settings.processes + 1) * (settings.threads + BESIDE_THE_POOL)
    if needed > connections:
        yield careful(
            f"this machine's API and one worker may open {needed} connections, and the server lets in {connections}",
            advice="raise max_connections, or put PgBouncer in front as docs/scaling.md says",
        )


def _pooler(settings: Settings, *, patience: str) -> Iterator[Finding]:
    """Through a pooler no connection can be given its limits, so the role must have them."""
    if settings.database_pooler is Pooler.TRANSACTION and patience == "0":
        yield careful(
            "through the pooler a statement may take for ever",
            advice="set statement_timeout, lock_timeout and the rest for the role, as docs/scaling.md says",
        )


def _migrations(engine: Engine) -> Iterator[Finding]:
    from consulting.entrypoints.database import known, newest  # noqa: PLC0415 -- alembic is heavy

    with engine.connect() as connection:
        made = connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL")).scalar_one()
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if made else None
    if found == newest():
        yield well(f"all are there, up to {newest()}")
    elif found is None or found in known():
        yield wrong(
            f"it stands at {found or 'nothing'}, this version needs {newest()}", advice="run `consulting migrate`"
        )
    else:
        yield careful(
            f"it stands at {found}, which a newer version has made", advice="bring this machine to that version, too"
        )


def _extensions(engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        installed = connection.execute(_EXTENSION, {"extension": EXTENSION}).scalar()
    if installed is None:
        advice = "install PostgreSQL's contrib package on the database's machine"
        yield wrong(f"the server doesn't have {EXTENSION}", advice=advice)
    elif not installed:
        advice = f"run `consulting migrate`, or as a superuser: CREATE EXTENSION {EXTENSION}"
        yield wrong(f"{EXTENSION} isn't installed in this database", advice=advice)
    else:
        yield well(f"{EXTENSION} is installed")


def _clock(engine: Engine) -> Iterator[Finding]:
    ahead = DatabaseClock(engine).ahead()
    side = "behind" if ahead > timedelta(0) else "ahead of"
    told = f"this machine's clock is {abs(ahead.total_seconds()):.3f} s {side} the database's"
    advice = "have chrony or systemd-timesyncd set the clocks of both machines"
    if abs(ahead) > MOST_SKEW:
        yield wrong(told, advice=advice)
    elif abs(ahead) > MUCH_SKEW:
        yield careful(told, advice=advice)
    else:
        yield well(told)
