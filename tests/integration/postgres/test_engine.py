from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, text

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.postgres.engine import Patience, connect, open_engine
from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.directory import DirectoryFilter
from consulting.application.ports.transactions import StorageUnavailable, Transaction, TransactionConflict
from consulting.domain.errors import SlotUnavailable, ValidationFailed
from tests.integration.instance import PATIENCE

SHORT = Patience(statement=timedelta(milliseconds=300), lock=timedelta(milliseconds=100))
NOBODY = sample.identity("researcher", 9)
NOWHERE = "postgresql://consulting@127.0.0.1:1/consulting"


@pytest.fixture
def open_(database_url: str) -> Iterator[Callable[..., Engine]]:
    """Open engines that are closed after the test."""
    opened = []

    def open_one(url: str = database_url, **options: Any) -> Engine:
        opened.append(open_engine(**{"url": url, "pool_size": 2, **options}))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.dispose()


def look(transactions: PostgresTransactions) -> None:
    with transactions.begin() as tx:
        tx.researchers.get(NOBODY)


def end_all_others(url: str) -> int:
    """Do what a restart of the server does to connections, and wait until they have ended."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pg_terminate_backend(pid, 120000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return len(found.fetchall())


def backend(engine: Engine) -> int:
    """The server's process at the other end of the pool's next connection."""
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_says_who_it_is_and_lives_in_utc(open_: Callable[..., Engine], database_url: str) -> None:
    for url in (database_url, f"{database_url}?options=-c%20TimeZone%3DEurope%2FBerlin"):
        with open_(url, application_name="consulting test").connect() as connection:
            row = connection.execute(
                text("SELECT current_setting('TimeZone'), current_setting('application_name'), now()")
            ).one()
            assert (row[0], row[1]) == ("UTC", "consulting test")
            assert row[2].tzinfo is UTC


def test_what_the_url_says_goes_before_the_defaults(database_url: str) -> None:
    url = f"{database_url}?application_name=theirs&options=-c%20statement_timeout%3D1234&connect_timeout=7"
    with connect(url=url) as connection:
        assert connection.info.get_parameters()["connect_timeout"] == "7"
        shown = connection.execute("SELECT current_setting('application_name'), current_setting('statement_timeout')")
        assert shown.fetchone() == ("theirs", "1234ms")


def test_of_several_hosts_the_one_that_writes_is_used(open_: Callable[..., Engine], database_url: str) -> None:
    before, at, after = database_url.partition("@")
    host = after.split("/")[0]
    url = f"{before}{at}127.0.0.1:1,{host}/{after.split('/')[1]}?target_session_attrs=read-write"
    look(PostgresTransactions(open_(url)))


def test_a_database_that_is_not_there_is_unavailable(open_: Callable[..., Engine]) -> None:
    with pytest.raises(StorageUnavailable):
        look(PostgresTransactions(open_(NOWHERE)))


def test_a_transaction_that_asks_nothing_needs_no_database(open_: Callable[..., Engine]) -> None:
    with PostgresTransactions(open_(NOWHERE)).begin():
        pass


def test_who_gets_no_connection_in_time_is_told_so(open_: Callable[..., Engine]) -> None:
    transactions = PostgresTransactions(open_(pool_size=1, pool_wait=timedelta(milliseconds=50)))
    with transactions.begin() as tx:
        tx.researchers.get(NOBODY)
        with pytest.raises(StorageUnavailable):
            look(transactions)
    look(transactions)


def test_who_gets_no_lock_in_time_is_told_so(open_: Callable[..., Engine]) -> None:
    transactions, hasty = PostgresTransactions(open_()), PostgresTransactions(open_(patience=SHORT))
    slot = Setting(transactions).slot()
    with transactions.begin() as tx:
        tx.time_slots.lock(slot.id)
        with pytest.raises(StorageUnavailable), hasty.begin() as other:
            other.time_slots.lock(slot.id)


def test_a_statement_that_takes_too_long_is_stopped(open_: Callable[..., Engine]) -> None:
    link = Link(open_(patience=SHORT))
    with pytest.raises(StorageUnavailable):
        link.rows(prepare(text("SELECT pg_sleep(5)")))
    link.close()


def test_a_process_that_hangs_in_a_transaction_loses_its_locks(open_: Callable[..., Engine]) -> None:
    hanging = PostgresTransactions(open_(patience=Patience(idle=timedelta(milliseconds=100))))
    others = PostgresTransactions(open_())
    slot = Setting(others).slot()

    def hang() -> None:
        with hanging.begin() as tx:
            tx.time_slots.lock(slot.id)
            with others.begin() as other:
                assert other.time_slots.lock(slot.id) is not None

    with pytest.raises(StorageUnavailable):
        hang()


def test_idle_connections_that_the_server_ended_are_replaced_unnoticed(
    open_: Callable[..., Engine], database_url: str
) -> None:
    transactions = PostgresTransactions(open_())
    with transactions.begin() as one, transactions.begin() as other:
        one.researchers.get(NOBODY)
        other.researchers.get(NOBODY)
    assert end_all_others(database_url) == 2
    look(transactions)
    look(transactions)


def test_a_new_connection_that_the_server_ended_at_once_is_unavailable(open_: Callable[..., Engine]) -> None:
    engine = open_()

    def end(driver: psycopg.Connection[Any], _: object) -> None:
        driver.close()

    look(PostgresTransactions(engine))
    engine.dispose()
    event.listen(engine, "connect", end)
    with pytest.raises(StorageUnavailable):
        look(PostgresTransactions(engine))


def add_and_be_cut_off(transactions: PostgresTransactions, url: str, *, then: Callable[[Transaction], object]) -> None:
    with transactions.begin() as tx:
        tx.researchers.add(sample.researcher())
        end_all_others(url)
        then(tx)


def test_a_connection_that_breaks_in_a_transaction_undoes_it_and_the_next_one_works(
    open_: Callable[..., Engine], database_url: str
) -> None:
    transactions = PostgresTransactions(open_())
    with pytest.raises(StorageUnavailable):
        add_and_be_cut_off(transactions, database_url, then=lambda tx: tx.researchers.get(NOBODY))
    with transactions.begin() as tx:
        assert tx.researchers.get(sample.researcher().id) is None


def test_a_connection_that_breaks_before_the_commit_is_unavailable(
    open_: Callable[..., Engine], database_url: str
) -> None:
    transactions = PostgresTransactions(open_())
    with pytest.raises(StorageUnavailable):
        add_and_be_cut_off(transactions, database_url, then=lambda _: None)
    with transactions.begin() as tx:
        assert tx.researchers.get(sample.researcher().id) is None


def test_a_server_that_only_reads_is_left_for_another_one(open_: Callable[..., Engine], database_url: str) -> None:
    engine = open_(f"{database_url}?options=-c%20default_transaction_read_only%3Don", pool_size=1)
    transactions = PostgresTransactions(engine)
    before = backend(engine)
    look(transactions)
    assert backend(engine) == before
    with pytest.raises(StorageUnavailable), transactions.begin() as tx:
        tx.researchers.add(sample.researcher())
    assert backend(engine) != before


def test_a_swallowed_refusal_does_not_pass_for_a_commit(open_: Callable[..., Engine]) -> None:
    transactions = PostgresTransactions(open_())
    setting = Setting(transactions)
    session = setting.held()
    rival = sample.held(setting.slot(2), 2, period=session.period)

    def swallow() -> None:
        with transactions.begin() as tx:
            tx.researchers.add(sample.researcher(5))
            try:
                tx.sessions.add(rival)
            except SlotUnavailable:
                return

    with pytest.raises(SlotUnavailable):
        swallow()
    with transactions.begin() as tx:
        assert tx.researchers.get(sample.researcher(5).id) is None


def test_the_victim_of_a_deadlock_is_told_to_try_again(open_: Callable[..., Engine]) -> None:
    transactions = PostgresTransactions(open_())
    setting = Setting(transactions)
    slots = [setting.slot(1), setting.slot(2)]
    both_have_one, outcomes = threading.Barrier(2), []

    def lock(first: int) -> None:
        try:
            with transactions.begin() as tx:
                tx.time_slots.lock(slots[first].id)
                both_have_one.wait(PATIENCE)
                tx.time_slots.lock(slots[1 - first].id)
        except TransactionConflict as conflict:
            outcomes.append(conflict)

    threads = [threading.Thread(target=lock, args=(first,)) for first in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(outcomes) == 1


def test_a_transaction_is_of_no_use_after_its_end(open_: Callable[..., Engine]) -> None:
    with PostgresTransactions(open_()).begin() as tx:
        tx.researchers.get(NOBODY)
    with pytest.raises(RuntimeError):
        tx.researchers.get(NOBODY)


@pytest.mark.parametrize("impossible", ["nul \0", "half a pair \ud800"])
def test_a_text_that_cannot_be_kept_is_invalid_and_no_fault(open_: Callable[..., Engine], impossible: str) -> None:
    transactions = PostgresTransactions(open_())
    with pytest.raises(ValidationFailed), transactions.begin() as tx:
        tx.researchers.of_user(impossible)
    with pytest.raises(ValidationFailed), transactions.begin() as tx:
        tx.researchers.add(sample.researcher(bio=impossible))
    with transactions.begin() as tx:
        wanted = DirectoryFilter(expertise=impossible)
        assert not tx.researchers.page(wanted=wanted, after=None, limit=1, at=sample.NOW)
        assert not tx.researchers.search(query=f"{impossible} words" * 3000, after=None, limit=1, at=sample.NOW)
