"""How often a use case goes to the database and back, counted in the protocol itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.memory import MovingClock
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.identifiers import TimeOrderedIdentities
from consulting.adapters.postgres.retries import PostgresRetries
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.booking import BookSession
from consulting.application.callers import Caller
from consulting.application.directory import GetTimeSlot, ListTimeSlots
from consulting.application.ports.retries import KeptAnswer, KeyedRequest, SentBefore

CALLER = Caller(user_id="client-1", email="kim@example.org")
CLOCK = MovingClock(sample.NOW)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(url=database_url, pool_size=1)
    yield engine
    engine.dispose()


@pytest.fixture
def transactions(engine: Engine) -> PostgresTransactions:
    return PostgresTransactions(engine)


class Trips:
    """Counts how often the client stops sending and hears what the server says."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        pooled = engine.raw_connection()
        driver = pooled.driver_connection
        assert isinstance(driver, psycopg.Connection)
        self._connection, self._path = driver, folder / "trace"
        pooled.close()

    def of(self, work: object) -> int:
        assert callable(work)
        with self._path.open("w") as trace:
            self._connection.pgconn.trace(trace.fileno())
            work()
            self._connection.pgconn.untrace()
        directions = re.findall(r"^\S*\s*\S*\s*([FB])\s+\d+\s", self._path.read_text(), re.MULTILINE)
        return "".join(directions).count("FB")


@pytest.fixture
def trips(engine: Engine, tmp_path: Path) -> Trips:
    return Trips(engine, tmp_path)


def book(transactions: PostgresTransactions) -> BookSession:
    return BookSession(
        transactions,
        CLOCK,
        TimeOrderedIdentities(),
        hold_for=timedelta(minutes=15),
        holds_per_user=5,
        free_sessions_per_user=20,
    )


def test_a_slot_is_held_in_two_trips(transactions: PostgresTransactions, trips: Trips) -> None:
    """Begin, lock, look at the slot and at the client's holds; keep the session and commit."""
    setting = Setting(transactions)
    slots = [setting.slot(number) for number in range(1, 4)]
    use_case = book(transactions)
    assert [trips.of(lambda slot=slot: use_case(caller=CALLER, time_slot_id=slot.id)) for slot in slots] == [2, 2, 2]


def test_a_slot_is_held_under_a_new_key_in_two_trips_as_well(transactions: PostgresTransactions, trips: Trips) -> None:
    """Begin, take the key's turn, lock and look; keep session and answer and commit."""
    slot = Setting(transactions).slot()
    retries, use_case = PostgresRetries(transactions), book(transactions)
    request = KeyedRequest(caller="client-1", key="k", fingerprint=b"f" * 32)

    def under_a_key() -> None:
        attempt = retries.presume(request)
        with attempt.joined():
            use_case(caller=CALLER, time_slot_id=slot.id)
        attempt.keep(KeptAnswer(status=201, headers={}, body=b"done"), at=sample.NOW)

    def repeated() -> None:
        attempt = retries.presume(request)
        with pytest.raises(SentBefore), attempt.joined():
            use_case(caller=CALLER, time_slot_id=slot.id)
        attempt.drop()
        assert isinstance(retries.begin(request, at=sample.NOW), KeptAnswer)

    assert trips.of(under_a_key) == 2
    assert trips.of(repeated) == 4


def test_a_free_session_is_confirmed_in_three_trips(transactions: PostgresTransactions, trips: Trips) -> None:
    """Begin, lock and look; count the client's and keep this one; record the errands, wake the workers and commit."""
    setting = Setting(transactions)
    setting.researcher(rate=replace(sample.researcher().rate, amount=0))
    slot = setting.slot()
    assert trips.of(lambda: book(transactions)(caller=CALLER, time_slot_id=slot.id)) == 3


def test_slots_are_read_in_one_trip_and_in_two_when_they_changed(
    transactions: PostgresTransactions, trips: Trips
) -> None:
    setting = Setting(transactions)
    slot, other = setting.slot(1), setting.slot(2)
    first = slot.period.start.date()
    days = partial(ListTimeSlots(transactions, CLOCK), first=first, last=first + timedelta(days=30), timezone="UTC")
    looks = []
    for change in (bool, bool, bool, partial(setting.withdraw, other)):
        change()
        looks.append(trips.of(lambda: days(researcher_id=slot.researcher_id, caller=None)))
    assert looks == [1, 1, 1, 2]
    assert trips.of(lambda: GetTimeSlot(transactions, CLOCK)(slot.id, caller=None)) == 1
