from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.adapters.postgres.wake_ups import CHANNELS, WakeUps
from tests.integration.instance import PATIENCE
from tests.integration.postgres.test_engine import end_all_others

SOON, PATIENT = timedelta(milliseconds=100), timedelta(seconds=PATIENCE)


@pytest.fixture
def transactions(database_url: str) -> Iterator[PostgresTransactions]:
    engine = open_engine(url=database_url, pool_size=2)
    yield PostgresTransactions(engine)
    engine.dispose()


@pytest.fixture
def wake_ups(database_url: str) -> Iterator[WakeUps]:
    with WakeUps(url=database_url) as wake_ups:
        assert wake_ups.wait(timeout=SOON) == CHANNELS
        yield wake_ups


def test_an_errand_wakes_when_it_is_committed(transactions: PostgresTransactions, wake_ups: WakeUps) -> None:
    session = Setting(transactions).held()
    with transactions.begin() as tx:
        tx.outbox.add([sample.errand(session, 1), sample.errand(session, 2)])
        tx.outbox.add([sample.errand(session, 3)])
        assert wake_ups.wait(timeout=SOON) == frozenset()
    assert wake_ups.wait(timeout=PATIENT) == {"consulting_outbox"}
    assert wake_ups.wait(timeout=SOON) == frozenset()


def test_a_message_wakes_the_inbox(transactions: PostgresTransactions, wake_ups: WakeUps) -> None:
    with transactions.begin() as tx:
        tx.inbox.receive(sample.message(), id=sample.identity("message", 1), at=sample.NOW)
    assert wake_ups.wait(timeout=PATIENT) == {"consulting_inbox"}


def test_what_is_undone_wakes_nobody(transactions: PostgresTransactions, wake_ups: WakeUps) -> None:
    def undo() -> None:
        with transactions.begin() as tx:
            tx.inbox.receive(sample.message(), id=sample.identity("message", 1), at=sample.NOW)
            raise LookupError

    with pytest.raises(LookupError):
        undo()
    assert wake_ups.wait(timeout=SOON) == frozenset()


def test_after_a_restart_of_the_server_it_listens_again_and_assumes_that_it_missed_something(
    wake_ups: WakeUps, database_url: str
) -> None:
    end_all_others(database_url)
    assert wake_ups.wait(timeout=PATIENT) == frozenset()
    assert wake_ups.wait(timeout=SOON) == CHANNELS


def test_a_database_that_is_away_raises_nothing_and_makes_no_haste() -> None:
    began = time.monotonic()
    with WakeUps(url="postgresql://consulting@127.0.0.1:1/consulting") as wake_ups:
        for _ in range(3):
            assert wake_ups.wait(timeout=SOON) == frozenset()
    assert time.monotonic() - began >= 3 * SOON.total_seconds()
