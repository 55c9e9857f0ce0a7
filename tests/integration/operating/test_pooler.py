"""PgBouncer's transaction mode: the server's connections are shared, and nothing of a session may be relied upon."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, text

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.adapters.postgres.wake_ups import CHANNELS, WakeUps
from tests.integration.instance import COMMAND, PATIENCE, eventually
from tests.integration.operating.machines import Fleet, fleet
from tests.integration.operating.pgbouncer import pgbouncer
from tests.integration.operating.test_machines import shown

CONNECTIONS = 3
CLIENTS = 12
SLEEPY_WORKER = (sys.executable, "-P", "-m", "tests.integration.operating.sleepy_worker")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def pooled(database_url: str, tmp_path: Path) -> Iterator[str]:
    with pgbouncer(tmp_path, database_url=database_url, size=CONNECTIONS) as url:
        yield url


@pytest.fixture
def engine(pooled: str) -> Iterator[Engine]:
    engine = open_engine(url=pooled, pool_size=CLIENTS, pooled=True)
    yield engine
    engine.dispose()


def test_many_clients_share_a_few_connections_without_noticing(engine: Engine, database_url: str) -> None:
    session = Setting(PostgresTransactions(engine)).held()

    def look(_: int) -> bool:
        with PostgresTransactions(engine).begin() as tx:
            found = tx.sessions.lock(session.id)
        return found == session

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert all(pool.map(look, range(20 * CLIENTS)))
    with psycopg.connect(database_url) as connection:
        used = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert used is not None
    assert 0 < used[0] <= CONNECTIONS


def test_instants_come_back_in_utc_whatever_the_servers_zone_is(engine: Engine, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = sql.Identifier(urlsplit(database_url).path[1:])
        connection.execute(sql.SQL("ALTER DATABASE {} SET timezone TO 'Asia/Kolkata'").format(name))

    with engine.connect() as connection:
        found = connection.execute(text("SELECT TIMESTAMPTZ '2030-01-01 12:00Z'")).scalar_one()

    assert found.utcoffset() == timedelta(0)


def test_it_is_woken_over_an_address_of_its_own_and_never_through_the_pooler(engine: Engine, database_url: str) -> None:
    transactions = PostgresTransactions(engine)
    with WakeUps(url=database_url) as direct, WakeUps(url="") as none:
        assert direct.wait(timeout=timedelta(milliseconds=100)) == CHANNELS
        with transactions.begin() as tx:
            tx.inbox.receive(sample.message(), id=sample.identity("message", 1), at=sample.NOW)
        assert direct.wait(timeout=timedelta(seconds=PATIENCE)) == {"consulting_inbox"}
        assert none.wait(timeout=timedelta(milliseconds=100)) == frozenset()


def test_the_whole_flow_works_through_it_by_ticks_alone(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, bouncer = tmp_path_factory.mktemp("pooled"), tmp_path_factory.mktemp("bouncer")
    with (
        pgbouncer(bouncer, database_url=module_database_url, size=CONNECTIONS) as url,
        fleet(
            folder,
            database_url=url,
            direct_url=module_database_url,
            machines=1,
            CONSULTING_DATABASE_POOLER="transaction",
        ) as prepared,
    ):
        [machine] = prepared.machines
        machine.start("serve", "worker")
        machine.wait_until_ready()
        with machine.client("ada") as ada:
            paid = held_and_paid(prepared, ada)
            eventually(lambda: shown(ada, paid)["zoom_link"], told=lambda: machine.log)
        assert machine.command("audit").returncode == 0
        assert machine.stop() == [0, 0]


def test_the_whole_flow_works_through_it_when_the_worker_is_only_woken_past_it(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, bouncer = tmp_path_factory.mktemp("woken"), tmp_path_factory.mktemp("bouncer")
    with (
        pgbouncer(bouncer, database_url=database_url, size=CONNECTIONS) as url,
        fleet(
            folder,
            database_url=url,
            direct_url=database_url,
            machines=1,
            PYTHONPATH=str(ROOT),
            CONSULTING_DATABASE_POOLER="transaction",
            CONSULTING_DATABASE_LISTEN_URL=database_url,
        ) as prepared,
    ):
        [machine] = prepared.machines
        machine.start("serve")
        machine.start("worker", program=SLEEPY_WORKER)
        machine.wait_until_ready()
        eventually(lambda: listening(database_url), told=lambda: machine.log)
        with machine.client("emmy") as emmy:
            paid = held_and_paid(prepared, emmy)
            eventually(lambda: len(prepared.mails("emmy@clients.example")) == 2, told=lambda: machine.log)
            session = shown(emmy, paid)
        assert (session["status"], bool(session["zoom_link"])) == ("scheduled", True)
        assert machine.command("audit").returncode == 0
        assert machine.stop() == [0, 0]


def held_and_paid(prepared: Fleet, by: httpx.Client) -> dict[str, Any]:
    """Hold the next free slot and pay it, without coming back to say so: Stripe's message has to do."""
    taken = {"time_slot_id": prepared.slots.pop(0)}
    session: dict[str, Any] = by.post("/api/sessions", json=taken).raise_for_status().json()
    intent = by.post("/api/payment/intent", json={"session_id": session["id"]}).raise_for_status().json()
    prepared.pay(intent)
    return session


def listening(database_url: str) -> bool:
    """Tell whether somebody waits to be woken, and has nothing to do meanwhile."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'"
            " AND application_name = 'consulting wake-ups' AND query LIKE 'LISTEN %outbox%'"
        ).fetchone()
    return found == (1,)


def test_migrating_through_it_is_refused_with_what_to_do(pooled: str, database_url: str, tmp_path: Path) -> None:
    given = {"CONSULTING_DATABASE_URL": pooled, "CONSULTING_DATABASE_POOLER": "transaction"}

    refused = migrated(tmp_path, **given)
    done = migrated(tmp_path, **given, CONSULTING_DATABASE_LISTEN_URL=database_url)

    assert refused.returncode == 2
    assert "CONSULTING_DATABASE_LISTEN_URL" in refused.stderr
    assert (done.returncode, done.stderr) == (0, "")


def migrated(home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSULTING_")}
    return subprocess.run(
        [*COMMAND, "migrate"],
        env={**clean, "CONSULTING_HOME": str(home), **environ},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
