"""What is remembered of a researcher's slots is what the database has, whoever changed what, and however fast."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.memory import MemoryTransactions
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import Prepared
from consulting.adapters.postgres.readings import BESIDE, Reading
from consulting.adapters.postgres.tables import time_slots
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.adapters.postgres.values import END, START
from consulting.application.ports.records import Offer
from consulting.application.ports.transactions import Transactions
from consulting.domain.money import Money
from consulting.domain.period import Period
from consulting.domain.publishing import Publication
from consulting.domain.sessions import Session
from consulting.domain.time_slots import TimeSlot

SEED = 20261123
CHANGES = 150
RESEARCHER = sample.identity("researcher", 1)
SLOTS = [sample.slot(number) for number in range(1, 25)]
RANGES = [
    Period(sample.after(hours=since), sample.after(hours=until)) for since, until in ((24, 30), (28, 60), (0, 24))
]
STARTS = select(time_slots.c.id, time_slots.c.start_time).where(
    time_slots.c.start_time >= START, time_slots.c.start_time < END
)

Change = Callable[[Setting], object]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(url=database_url, pool_size=4)
    yield engine
    engine.dispose()


@pytest.fixture
def transactions(engine: Engine) -> PostgresTransactions:
    return PostgresTransactions(engine)


def starting(transactions: Transactions, during: Period) -> Sequence[Offer]:
    with transactions.reading() as tx:
        return tx.time_slots.starting(researcher_id=RESEARCHER, during=during)


class History:
    """Changes of a calendar and of what is booked in it, each of them possible when its turn comes."""

    def __init__(self) -> None:
        self._choose = random.Random(SEED)
        self._withdrawn: set[int] = set()
        self._retired: set[int] = set()
        self._booked: dict[int, Session] = {}
        self._sessions = 0

    def next(self) -> Change:
        number = self._choose.randrange(len(SLOTS))
        slot = SLOTS[number]
        turn = self._choose.choice([self._book, self._book, self._withdraw, self._retire, self._describe])
        return turn(number, slot)

    def _book(self, number: int, slot: TimeSlot) -> Change:
        """Hold the slot, or cancel who has it: then everything is as it was two changes ago."""
        former = self._booked.pop(number, None)
        if former is not None:
            return lambda setting: setting.save(sample.canceled(former))
        self._sessions += 1
        session = self._booked[number] = sample.held(slot, self._sessions)
        return lambda setting: setting.book(session)

    def _withdraw(self, number: int, slot: TimeSlot) -> Change:
        self._retired.discard(number)
        return self._turned(self._withdrawn, number, slot, on="withdraw", off="revive")

    def _retire(self, number: int, slot: TimeSlot) -> Change:
        if number in self._withdrawn:
            return self._withdraw(number, slot)
        return self._turned(self._retired, number, slot, on="retire", off="restore")

    def _turned(self, numbers: set[int], number: int, slot: TimeSlot, *, on: str, off: str) -> Change:
        turn = off if number in numbers else on
        numbers ^= {number}
        return lambda setting: _turn(setting, slot, turn)

    def _describe(self, number: int, slot: TimeSlot) -> Change:
        changed: dict[str, Any] = self._choose.choice(
            [
                {"notice": timedelta(hours=number)},
                {"rate": Money(100 * (number + 1), "usd")},
                {"active": number % 2 == 0},
            ]
        )

        def change(setting: Setting) -> None:
            with setting.transactions.begin() as tx:
                known = tx.researchers.lock(RESEARCHER)
                assert known is not None
                tx.researchers.save(replace(known, **changed))

        return change


def _turn(setting: Setting, slot: TimeSlot, turn: str) -> None:
    turned: dict[str, Any] = {turn: (slot.id,)}
    with setting.transactions.begin() as tx:
        tx.time_slots.publish(Publication(**turned), researcher_id=RESEARCHER, ids=())


def test_after_each_change_the_slots_are_those_of_a_storage_that_remembers_nothing(
    transactions: PostgresTransactions,
) -> None:
    history, settings = History(), (Setting(transactions), Setting(MemoryTransactions()))
    for setting in settings:
        setting.researcher()
        setting.publish(*SLOTS)
    seen = set()
    for _ in range(CHANGES):
        change = history.next()
        for setting in settings:
            change(setting)
        for during in RANGES:
            ours, theirs = (tuple(starting(each.transactions, during)) for each in settings)
            assert ours == theirs
            seen.add(ours)
    assert len(seen) > CHANGES


def test_what_nobody_changed_is_asked_for_in_one_row_and_what_somebody_changed_is_read_again(
    transactions: PostgresTransactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting, sent = Setting(transactions), list[int]()
    setting.researcher()
    setting.publish(*SLOTS)
    together = Link.together

    def counted(link: Link, *steps: tuple[Prepared, Any]) -> Sequence[Any]:
        sent.append(len(steps))
        return together(link, *steps)

    monkeypatch.setattr(Link, "together", counted)
    month = Period(sample.after(hours=24), sample.after(days=31))
    first, second, third = (starting(transactions, month) for _ in range(3))
    assert first == second
    assert third is second, "from the second time on it is remembered"
    setting.withdraw(SLOTS[0])
    del sent[:]
    assert len(starting(transactions, month)) == len(first) - 1
    assert sent == [1, 3]


def test_a_transaction_sees_its_own_changes_and_nobody_remembers_them_when_they_are_undone(
    transactions: PostgresTransactions,
) -> None:
    setting, day = Setting(transactions), RANGES[0]
    setting.researcher()
    setting.publish(*SLOTS)
    before = starting(transactions, day)

    within = list[Offer]()

    def undone() -> None:
        with transactions.begin() as tx:
            tx.time_slots.publish(Publication(withdraw=(SLOTS[0].id,)), researcher_id=RESEARCHER, ids=())
            within.extend(tx.time_slots.starting(researcher_id=RESEARCHER, during=day))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()

    assert len(within) == len(before) - 1
    assert starting(transactions, day) == before


def test_what_is_changed_for_the_moment_of_its_reading_alone_is_not_taken_for_what_stands(
    transactions: PostgresTransactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting, day = Setting(transactions), RANGES[0]
    setting.researcher()
    setting.publish(*SLOTS)
    _turn(setting, SLOTS[1], "withdraw")
    starting(transactions, day)
    standing, together = starting(transactions, day), Link.together
    _turn(setting, SLOTS[1], "revive")
    assert len(starting(transactions, day)) == len(standing) + 1
    _turn(setting, SLOTS[1], "withdraw")

    def interrupted(link: Link, *steps: tuple[Prepared, Any]) -> Sequence[Any]:
        if len(steps) == 1:
            return together(link, *steps)
        monkeypatch.setattr(Link, "together", together)
        _turn(setting, SLOTS[0], "withdraw")
        found = together(link, *steps)
        _turn(setting, SLOTS[0], "revive")
        return found

    monkeypatch.setattr(Link, "together", interrupted)

    assert len(starting(transactions, day)) == len(standing) - 1
    assert starting(transactions, day) == standing


def test_two_slots_that_change_alike_are_seen_to_even_if_their_rows_hashes_change_alike(
    transactions: PostgresTransactions,
) -> None:
    setting, numbers = Setting(transactions), (25284, 30130)  # whose hashes have the same bits turned by `withdrawn`
    setting.researcher()
    slots = [replace(SLOTS[place], id=sample.identity("slot", number)) for place, number in enumerate(numbers)]
    setting.publish(*slots)
    statement = select(time_slots.c.id, time_slots.c.withdrawn).order_by(time_slots.c.id)
    reading = Reading(statement, make=tuple, most=2 * BESIDE)

    def withdrawn() -> Sequence[bool]:
        link = Link(transactions.engine, reading=True)
        try:
            return [row.withdrawn for row in reading(link)]
        finally:
            link.close()

    assert [withdrawn(), withdrawn()] == [[False, False]] * 2
    with transactions.begin() as tx:
        both = Publication(withdraw=tuple(each.id for each in slots))
        tx.time_slots.publish(both, researcher_id=RESEARCHER, ids=())
    assert withdrawn() == [True, True]


def test_the_least_lately_read_is_forgotten_first_and_what_is_too_much_is_never_remembered(
    transactions: PostgresTransactions,
) -> None:
    setting = Setting(transactions)
    setting.researcher()
    setting.publish(*SLOTS)
    reading = Reading(STARTS, make=tuple, most=2 * (BESIDE + 6))

    def read(since: float, until: float) -> Sequence[Any]:
        link = Link(transactions.engine, reading=True)
        try:
            return reading(link, start=sample.after(hours=since), end=sample.after(hours=until))
        finally:
            link.close()

    _, _, early, late = read(25, 31), read(31, 37), read(25, 31), read(31, 37)
    assert read(25, 31) is early
    read(40, 41)
    assert read(25, 31) is early
    assert read(31, 37) is not late
    assert (len(read(25, 49)), read(25, 49) is read(25, 49)) == (len(SLOTS), False)


def test_lists_that_are_empty_count_for_what_may_hang_on_them(transactions: PostgresTransactions) -> None:
    reading: Reading[list[Any]] = Reading(STARTS, make=list, most=10 * BESIDE)
    link = Link(transactions.engine, reading=True)

    def read(day: int) -> Sequence[Any]:
        return reading(link, start=sample.after(days=day), end=sample.after(days=day + 1))

    made = {day: (read(day), read(day))[1] for day in range(50)}
    known = [day for day in reversed(made) if read(day) is made[day]]
    link.close()

    assert not any(made.values())
    assert known == list(reversed(range(40, 50)))
