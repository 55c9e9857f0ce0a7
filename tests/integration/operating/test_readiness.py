"""Whether an instance says that it is ready, where another version has changed the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from consulting.adapters.postgres import clock
from consulting.adapters.postgres.clock import DatabaseClock
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.heartbeats import WorkerHeartbeats
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.entrypoints.readiness import ReadinessCheck, checks_of
from tests.unit.entrypoints.test_settings import production


@pytest.fixture
def checks(database_url: str) -> Iterator[dict[str, ReadinessCheck]]:
    engine = open_engine(url=database_url, pool_size=2)
    heartbeats = WorkerHeartbeats(engine)
    found = checks_of(production(), engine, PostgresTransactions(engine), heartbeats, DatabaseClock(engine))
    yield {check.name: check for check in found}
    engine.dispose()


def stands_at(database_url: str, version: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", [version])


def test_a_database_that_a_newer_version_has_changed_is_good_enough_for_this_one(
    checks: dict[str, ReadinessCheck], database_url: str
) -> None:
    assert checks["migrations"].problem() is None
    stands_at(database_url, "9999")
    assert checks["migrations"].problem() is None


def test_a_database_that_lacks_what_this_version_needs_is_told_how_to_get_it(
    checks: dict[str, ReadinessCheck], database_url: str
) -> None:
    stands_at(database_url, "0001")
    assert "consulting migrate" in (checks["migrations"].problem() or "")


def test_the_clocks_of_this_machine_and_the_database_are_compared(
    checks: dict[str, ReadinessCheck], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checks["clock"].problem() is None
    real = clock._wall
    monkeypatch.setattr(clock, "_wall", lambda: real() - timedelta(hours=7))
    told = re.fullmatch(r"this machine's clock is (\d+) s off the database's", checks["clock"].problem() or "")
    assert told is not None
    assert int(told[1]) == pytest.approx(7 * 3600, abs=60)
