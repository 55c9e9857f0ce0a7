"""What is done under a key while the answer is made: it stands or falls with the answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.postgres.engine import Patience, connect, open_engine
from consulting.adapters.postgres.retries import PostgresAttempt, PostgresRetries
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.retries import KeptAnswer, KeyedRequest
from consulting.application.ports.transactions import StorageUnavailable
from consulting.domain.errors import SlotUnavailable
from consulting.domain.sessions import Session
from tests.integration.instance import eventually

DONE = KeptAnswer(status=201, headers={}, body=b"done")
TAKEN = KeptAnswer(status=409, headers={}, body=b"taken")
ADDING = "SELECT count(*) FROM pg_locks WHERE relation = 'sessions'::regclass AND mode = 'RowExclusiveLock'"


class Attempts:
    """Attempts at one request after the other, each under a key of its own, over a pool of one connection."""

    def __init__(self, engine: Engine) -> None:
        self.transactions = PostgresTransactions(engine)
        self.retries = PostgresRetries(self.transactions)
        self.setting = Setting(self.transactions)

    def booking(self, key: str, session: Session) -> PostgresAttempt:
        """Begin an attempt and book in it; nobody has waited for that yet."""
        attempt = self.retries.presume(_request(key))
        with attempt.joined(), self.transactions.begin() as tx:
            tx.time_slots.lock(session.time_slot_id)
            tx.sessions.add(session)
        return attempt

    def kept(self, key: str) -> bool:
        found = self.retries.begin(_request(key), at=sample.NOW)
        if isinstance(found, KeptAnswer):
            return True
        found.drop()
        return False

    def booked(self, session: Session) -> bool:
        with self.transactions.reading() as tx:
            return tx.sessions.get(session.id) is not None


def _request(key: str) -> KeyedRequest:
    return KeyedRequest(caller="c", key=key, fingerprint=b"f" * 32)


@pytest.fixture
def attempts(database_url: str) -> Iterator[Attempts]:
    engine = open_engine(url=database_url, pool_size=1)
    yield Attempts(engine)
    engine.dispose()


def test_the_server_books_while_the_answer_is_made(attempts: Attempts, database_url: str) -> None:
    session = sample.held(attempts.setting.slot())
    attempt = attempts.booking("a", session)

    with connect(url=database_url) as other:
        eventually(lambda: other.execute(ADDING).fetchone() == (1,))
    attempt.keep(DONE, at=sample.NOW)

    assert attempts.booked(session)
    assert attempts.kept("a")


def test_what_the_server_has_begun_is_undone_with_its_attempt(attempts: Attempts) -> None:
    session = sample.held(attempts.setting.slot())

    attempts.booking("a", session).drop()

    assert not attempts.booked(session)
    assert not attempts.kept("a")


def test_a_process_that_hangs_while_it_makes_its_answer_loses_its_locks(attempts: Attempts, database_url: str) -> None:
    slot = attempts.setting.slot()
    engine = open_engine(url=database_url, pool_size=1, patience=Patience(idle=timedelta(milliseconds=100)))
    hanging = Attempts(engine).booking("a", sample.held(slot, 1))

    attempts.booking("b", sample.held(slot, 2)).keep(DONE, at=sample.NOW)
    with pytest.raises(StorageUnavailable):
        hanging.keep(DONE, at=sample.NOW)

    engine.dispose()
    assert attempts.kept("b")
    assert not attempts.kept("a")


def test_what_the_server_refuses_of_what_it_has_begun_is_undone_and_the_refusal_kept(attempts: Attempts) -> None:
    slot = attempts.setting.slot()
    first, second = sample.held(slot, 1), sample.held(slot, 2)
    attempts.booking("a", first).keep(DONE, at=sample.NOW)

    attempt = attempts.booking("b", second)
    with pytest.raises(SlotUnavailable):
        attempt.keep(DONE, at=sample.NOW)
    attempt.keep(TAKEN, at=sample.NOW)

    assert (attempts.booked(first), attempts.booked(second)) == (True, False)
    assert attempts.kept("b")


def test_what_the_server_refuses_is_raised_by_the_next_part_of_the_attempt_and_undone(attempts: Attempts) -> None:
    slot = attempts.setting.slot()
    first, second = sample.held(slot, 1), sample.held(slot, 2)
    attempts.booking("a", first).keep(DONE, at=sample.NOW)

    attempt = attempts.booking("b", second)
    with attempt.joined(), pytest.raises(SlotUnavailable), attempts.transactions.begin():
        raise AssertionError("the part before it was refused")
    attempt.keep(DONE, at=sample.NOW)

    assert (attempts.booked(first), attempts.booked(second)) == (True, False)
    assert attempts.kept("b")
