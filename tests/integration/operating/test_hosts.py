"""A database of several hosts: whoever takes writes is found, also after another one has taken over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.postgres.clock import DatabaseClock
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.transactions import StorageUnavailable
from consulting.entrypoints.database import migrate
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from tests.integration.instance import eventually
from tests.integration.operating.servers import address, copy_of, kill_server
from tests.integration.postgres.gate import BUSY

NOBODY = "127.0.0.1:1"
DATABASE = "consulting"


def several(url: str, *hosts: str) -> str:
    """Name these hosts in place of the URL's own, and ask for the one that takes writes."""
    return f"{url.replace(address(url), ','.join(hosts))}?target_session_attrs=read-write"


def test_a_dead_host_that_stands_first_is_passed_over(database_url: str) -> None:
    url = several(database_url, NOBODY, address(database_url))
    engine = open_engine(url=url, pool_size=1)
    try:
        Setting(PostgresTransactions(engine)).held()
        assert abs(DatabaseClock(engine).ahead()) < timedelta(minutes=1)
    finally:
        engine.dispose()


def test_migrations_find_the_host_that_takes_writes(empty_database_url: str) -> None:
    migrate(database_url=several(empty_database_url, NOBODY, address(empty_database_url)))

    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_without_any_host_that_takes_writes_nothing_is_promised() -> None:
    engine = open_engine(url=f"postgresql://app@{NOBODY},{NOBODY}/app?target_session_attrs=read-write", pool_size=1)

    with pytest.raises(StorageUnavailable), PostgresTransactions(engine).begin() as tx:
        tx.researchers.get(sample.identity("researcher", 1))


@pytest.fixture
def primary(home: Path) -> Iterator[EmbeddedPostgres]:
    with running_postgres(home, say=lambda _: None) as server:
        migrate(database_url=server.url(DATABASE))
        yield server


def test_when_the_primary_dies_its_standby_takes_over_and_nothing_that_it_had_is_lost(
    primary: EmbeddedPostgres,
) -> None:
    with copy_of(primary, standby=True) as standby:
        own, other = primary.url(DATABASE), standby.url(DATABASE)
        engine = open_engine(url=several(own, address(other), address(own)), pool_size=2, patience=BUSY)
        transactions = PostgresTransactions(engine)
        session = Setting(transactions).held()
        eventually(lambda: standby_has_all(own, other))

        kill_server(primary)
        with pytest.raises(StorageUnavailable):
            known(transactions, session.id)
        standby.control("promote")

        eventually(lambda: takes_writes(transactions))
        assert known(transactions, session.id)
        engine.dispose()


def standby_has_all(primary: str, standby: str) -> bool:
    with psycopg.connect(primary) as one, psycopg.connect(standby) as other:
        row = one.execute("SELECT pg_current_wal_lsn()").fetchone()
        assert row is not None
        reached = other.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", row).fetchone()
        return reached == (True,)


def known(transactions: PostgresTransactions, session_id: object) -> bool:
    with transactions.begin() as tx:
        return tx.sessions.get(session_id) is not None  # type: ignore[arg-type] # an id as it was given


def takes_writes(transactions: PostgresTransactions) -> bool:
    try:
        with transactions.engine.connect() as connection:
            connection.execute(text("UPDATE researchers SET updated_at = updated_at"))
            connection.commit()
    except SQLAlchemyError:
        return False
    return True
