"""What must be there before an instance can take requests."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from consulting.adapters.postgres.clock import DatabaseClock
from consulting.adapters.postgres.heartbeats import WorkerHeartbeats
from consulting.application.ports.clock import Clock
from consulting.application.ports.transactions import Transactions
from consulting.entrypoints.settings import Mode, Settings

SIGN_OF_LIFE = timedelta(seconds=15)
ANSWER_SECONDS = 2.0
MOST_SKEW = timedelta(seconds=2)
"""Beyond that, tokens and providers' signatures, which are judged by this machine's clock, end at odd times."""


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One thing that must be so before requests can be taken.

    `problem` looks, within a few seconds, and says in a few words what is missing, or None; what it raises counts as
    missing too. It runs in a thread.
    """

    name: str
    problem: Callable[[], str | None]


def checks_of(
    settings: Settings, engine: Engine, transactions: Transactions, heartbeats: WorkerHeartbeats, clock: Clock
) -> Sequence[ReadinessCheck]:
    """List what this instance needs; in the sandbox that is the sample data and the sandbox, too."""
    checks = [
        ReadinessCheck("database", lambda: _database(engine)),
        ReadinessCheck("migrations", lambda: _migrations(engine)),
        ReadinessCheck("clock", lambda: _clock(engine)),
        ReadinessCheck("worker", lambda: _worker(heartbeats, clock)),
    ]
    if settings.mode is Mode.SANDBOX:
        checks.append(ReadinessCheck("sample_data", lambda: _sample_data(transactions)))
        checks.append(ReadinessCheck("sandbox", lambda: _sandbox(settings.sandbox_port)))
    return checks


def _database(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "the database doesn't answer"
    return None


def _migrations(engine: Engine) -> str | None:
    """Look for what this version needs. What it doesn't know was made by a newer one, which leaves us what we need."""
    from consulting.entrypoints.database import known, newest  # noqa: PLC0415 -- alembic is heavy

    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    lacking = found is None or (found in known() and found != newest())
    return "the database lacks migrations: run `consulting migrate`" if lacking else None


def _clock(engine: Engine) -> str | None:
    skew = abs(DatabaseClock(engine).ahead())
    return None if skew <= MOST_SKEW else f"this machine's clock is {skew.total_seconds():.0f} s off the database's"


def _worker(heartbeats: WorkerHeartbeats, clock: Clock) -> str | None:
    alive = heartbeats.since(clock.now() - SIGN_OF_LIFE)
    return None if alive else f"no worker has given a sign of life for {SIGN_OF_LIFE.seconds} seconds"


def _sample_data(transactions: Transactions) -> str | None:
    with transactions.begin() as tx:
        anybody = tx.researchers.active_ids(after=None, limit=1)
    return None if anybody else "there are no researchers: run `consulting seed`"


def _sandbox(port: int) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return "the sandbox doesn't answer"
    finally:
        connection.close()
    return None if status == http.HTTPStatus.OK else f"the sandbox answers {status}"
