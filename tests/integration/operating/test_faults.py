"""Faults on purpose: what clients are told while something is wrong, and that all is well again afterwards."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine

from consulting.adapters.postgres import clock
from consulting.adapters.postgres.clock import DatabaseClock
from consulting.adapters.postgres.inspection import PostgresInspection
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.audit import Audit
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from tests.integration.http.test_over_postgres import on_database
from tests.integration.instance import PATIENCE, eventually
from tests.integration.postgres.gate import BUSY, waiting_for_locks
from tests.unit.application.marketplace import MemoryMarketplace
from tests.unit.entrypoints.http.frontend import opened, refusal

SMALL = "64m"


def name_of(url: str) -> sql.Identifier:
    return sql.Identifier(urlsplit(url).path[1:])


@contextmanager
def administrator(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        yield connection


def findings(market: MemoryMarketplace) -> list[object]:
    engine = engine_of(market)
    return list(Audit(PostgresInspection(engine), DatabaseClock(engine))())


def engine_of(market: MemoryMarketplace) -> Engine:
    """Give the way to the database in which it keeps its records."""
    return cast("PostgresTransactions", market.transactions).engine


def disconnect_all(administrator: psycopg.Connection, url: str) -> None:
    """End all connections to the database, and wait until they have ended."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    eventually(lambda: not administrator.execute(end, [urlsplit(url).path[1:]]).fetchall())


def test_while_the_database_can_only_be_read_reads_go_on_and_writes_are_503(
    database_url: str, postgres: EmbeddedPostgres
) -> None:
    with on_database(database_url) as market, opened(market=market) as front, administrator(postgres) as admin:
        researcher = front.researcher("curie", rate=100)
        slot = front.slots(researcher)[0]["id"]
        admin.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name_of(database_url)))
        disconnect_all(admin, database_url)

        shown = front.get(f"/api/time-slots/{slot}")
        refused = front.post("/api/sessions", {"time_slot_id": slot}, by="ada")
        assert shown.status_code == 200
        assert refusal(refused) == (503, "STORAGE_UNAVAILABLE")
        assert "Retry-After" in refused.headers

        admin.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name_of(database_url)))
        disconnect_all(admin, database_url)
        assert front.post("/api/sessions", {"time_slot_id": slot}, by="ada").status_code == 201
        assert findings(market) == []


@pytest.fixture
def small_disk(postgres: EmbeddedPostgres) -> Iterator[Path]:
    """Give a folder on a small file system of its own, which the server may write to."""
    if os.geteuid() != 0:
        pytest.skip("a full disk needs root here, who may mount a small file system")
    folder = Path(tempfile.mkdtemp(prefix="small-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip("this machine lets nobody mount a small file system, so no disk can be filled")
    postgres.account.own(folder)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)
    folder.rmdir()


@pytest.fixture
def on_small_disk(small_disk: Path, postgres: EmbeddedPostgres, migrated: str) -> Iterator[str]:
    """Give a database whose tables lie on the small disk."""
    space, name = sql.Identifier(f"space_{small_disk.name[6:]}"), sql.Identifier(f"small_{small_disk.name[6:]}")
    with administrator(postgres) as admin:
        admin.execute(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(space, sql.Literal(str(small_disk))))
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} TABLESPACE {} STRATEGY file_copy")
        admin.execute(copy.format(name, sql.Identifier(migrated), space))
        yield postgres.url(name.as_string().strip('"'))
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("DROP TABLESPACE {}").format(space))


def fill(url: str, folder: Path) -> None:
    """Write to the database's disk until nothing more fits, to the last block."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE filler (text text)")
    rest = folder / "rest"
    with rest.open("wb", buffering=0) as file:
        size = 1 << 20
        while size >= 4096:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2


def test_while_the_disk_is_full_writes_are_503_and_nothing_is_half_done(on_small_disk: str, small_disk: Path) -> None:
    with on_database(on_small_disk) as market, opened(market=market) as front:
        researcher = front.researcher("curie", rate=100)
        slots = [slot["id"] for slot in front.slots(researcher)]
        fill(on_small_disk, small_disk)

        answers = [front.post("/api/sessions", {"time_slot_id": slot}, by=f"ada-{slot}") for slot in slots]
        refused = [answer for answer in answers if answer.status_code != 201]
        assert {refusal(answer) for answer in refused} == {(503, "STORAGE_UNAVAILABLE")}
        assert front.get(f"/api/time-slots/{slots[0]}").status_code == 200
        assert findings(market) == []

        (small_disk / "rest").unlink()
        for slot, answer in zip(slots, answers, strict=True):
            if answer.status_code != 201:
                assert front.post("/api/sessions", {"time_slot_id": slot}, by=f"ada-{slot}").status_code == 201
        assert findings(market) == []


def test_while_all_threads_wait_for_the_database_others_are_turned_away_soon_and_nothing_is_half_done(
    database_url: str,
) -> None:
    with (
        on_database(database_url, patience=BUSY) as market,
        opened(market=market, CONSULTING_THREADS="2") as front,
        ThreadPoolExecutor(2) as clients,
        psycopg.connect(database_url) as blocker,
    ):
        slot = front.slots(front.researcher("curie", rate=100))[0]["id"]
        blocker.execute("SELECT FROM time_slots WHERE id = %s FOR UPDATE", [slot])
        body = {"time_slot_id": slot}
        bookers = [clients.submit(front.post, "/api/sessions", body, by=each) for each in ("ada", "bo")]
        eventually(lambda: waiting_for_locks(database_url) == 2)

        turned_away = front.get(f"/api/time-slots/{slot}")
        assert refusal(turned_away) == (503, "OVERLOADED")
        assert int(turned_away.headers["Retry-After"]) > 0
        assert front.get("/health/live").status_code == 200

        blocker.rollback()
        answers = sorted(each.result(PATIENCE).status_code for each in bookers)
        assert answers in ([201, 409], [201, 503], [503, 503])
        assert front.get(f"/api/time-slots/{slot}").json()["available"] is (201 not in answers)
        assert findings(market) == []


def test_a_machine_whose_clock_is_set_back_goes_on_by_the_databases(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_database(database_url) as market:
        market.clock = DatabaseClock(engine_of(market))  # type: ignore[assignment] # the product's, on purpose
        with opened(market=market) as front:
            slots = front.slots(front.researcher("curie", rate=100))
            first = front.post("/api/sessions", {"time_slot_id": slots[0]["id"]}, by="ada").json()
            real = clock._wall
            monkeypatch.setattr(clock, "_wall", lambda: real() - timedelta(hours=3))
            second = front.post("/api/sessions", {"time_slot_id": slots[1]["id"]}, by="ada").json()

            since = datetime.fromisoformat(second["expires_at"]) - datetime.fromisoformat(first["expires_at"])
            assert abs(since) < timedelta(seconds=PATIENCE)
            assert refusal(front.post("/api/sessions", {"time_slot_id": slots[0]["id"]}, by="bo"))[0] == 409
            assert findings(market) == []
