"""When researchers can next be booked is kept beside them: lists by it are those of memory, whatever has happened."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.memory import MemoryTransactions
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.directory import EVERYBODY, DirectoryFilter
from consulting.application.ports.transactions import Transactions
from consulting.domain.directory import DirectorySort
from consulting.domain.errors import SlotUnavailable
from consulting.domain.publishing import Publication
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session
from consulting.domain.time_slots import TimeSlot

SEED, PEOPLE, STEPS = 20261124, 5, 150


@pytest.fixture
def storages(database_url: str) -> Iterator[tuple[Transactions, Transactions]]:
    engine = open_engine(url=database_url, pool_size=3)
    yield MemoryTransactions(), PostgresTransactions(engine)
    engine.dispose()


def settle(storage: Transactions, at: datetime, *, limit: int = 100) -> int:
    with storage.begin() as tx:
        return tx.researchers.settle_openings(at=at, limit=limit)


def listed(
    storage: Transactions, at: datetime, *, wanted: DirectoryFilter = EVERYBODY, limit: int = 3
) -> Sequence[tuple[Researcher, TimeSlot | None]]:
    """Follow the cursors of the list by the next slot to its end."""
    seen: list[tuple[Researcher, TimeSlot | None]] = []
    after = None
    for _ in range(50):
        with storage.begin() as tx:
            page = tx.researchers.page(
                wanted=wanted, sort=DirectorySort.NEXT_AVAILABLE, after=after, limit=limit, at=at
            )
        seen += [(each.researcher, each.next_available) for each in page]
        if len(page) < limit:
            break
        after = page[-1].cursor
    return seen


@dataclass(slots=True)
class History:
    """The same random life in several storages."""

    storages: Sequence[Transactions]
    choose: random.Random
    at: datetime = sample.NOW
    people: dict[int, Researcher] = field(default_factory=dict)
    slots: list[TimeSlot] = field(default_factory=list)
    sessions: dict[int, Session] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=partial(count, 1))

    def begin(self) -> None:
        for number in range(1, PEOPLE + 1):
            self.people[number] = sample.researcher(number, notice=timedelta(0))
            for storage in self.storages:
                Setting(storage).researcher(number, notice=timedelta(0))

    def step(self) -> None:
        """Let one thing happen, and then perhaps a worker settle some of the doubts."""
        deeds = (self._publish, self._book, self._book, self._save, self._turn, self._change, self._wait, self._wait)
        self.choose.choice(deeds)()
        if self.choose.random() < 0.6:
            settle(self.storages[-1], self.at, limit=self.choose.choice([1, 3, 100]))

    def _publish(self) -> None:
        who = self.choose.randint(1, PEOPLE)
        hour = self.choose.randint(1, 100) + (self.at - sample.NOW) // timedelta(hours=1)
        slot = sample.slot(len(self.slots) + 1, researcher_id=self.people[who].id, period=sample.hour(hour))
        if not any(
            each.period.overlaps(slot.period) and each.researcher_id == slot.researcher_id for each in self.slots
        ):
            self.slots.append(slot)
            for storage in self.storages:
                Setting(storage).publish(slot)

    def _book(self) -> None:
        if not self.slots:
            return
        slot, number = self.choose.choice(self.slots), next(self.numbers)
        deadline = min(self.at + timedelta(hours=self.choose.randint(1, 9)), slot.period.start)
        session = self.choose.choice([sample.held(slot, number, expires_at=deadline), sample.confirmed(slot, number)])
        kept = [self._keeps(storage, session) for storage in self.storages]
        if all(kept):
            self.sessions[number] = session

    def _keeps(self, storage: Transactions, session: Session) -> bool:
        try:
            Setting(storage).book(session)
        except SlotUnavailable:
            return False
        return True

    def _save(self) -> None:
        """Cancel a session, confirm a hold, or give it another deadline."""
        if not self.sessions:
            return
        number = self.choose.choice(list(self.sessions))
        session = self.sessions[number]
        changes = [sample.canceled(session)]
        if session.expires_at is not None:
            changes.append(session.pay(at=sample.after(minutes=1), slot_free=True)[0])
            changes.append(replace(session, expires_at=session.expires_at - timedelta(minutes=30)))
        changed = self.choose.choice(changes)
        for storage in self.storages:
            Setting(storage).save(changed)
        if changed.cancellation is not None:
            del self.sessions[number]
        else:
            self.sessions[number] = changed

    def _turn(self) -> None:
        """Withdraw, revive, retire or restore a slot."""
        if self.slots:
            slot = self.choose.choice(self.slots)
            turned = self.choose.choice(
                [
                    Publication(withdraw=(slot.id,)),
                    Publication(revive=(slot.id,)),
                    Publication(retire=(slot.id,)),
                    Publication(restore=(slot.id,)),
                ]
            )
            for storage in self.storages:
                with storage.begin() as tx:
                    tx.time_slots.publish(turned, researcher_id=slot.researcher_id, ids=())

    def _change(self) -> None:
        """Change notice, horizon, or whether somebody is active."""
        number = self.choose.randint(1, PEOPLE)
        changes: dict[str, Any] = self.choose.choice(
            [
                {"notice": timedelta(hours=self.choose.choice([0, 3, 30]))},
                {"horizon": timedelta(hours=self.choose.choice([12, 72, 24 * 60]))},
                {"active": self.choose.random() < 0.8},
            ]
        )
        self.people[number] = replace(self.people[number], **changes)
        for storage in self.storages:
            with storage.begin() as tx:
                tx.researchers.save(self.people[number])

    def _wait(self) -> None:
        self.at += timedelta(minutes=self.choose.choice([0, 1, 30, 60, 300]))


@pytest.mark.parametrize("seed", range(2))
def test_the_list_by_the_next_slot_is_that_of_memory_after_every_deed(
    storages: tuple[Transactions, Transactions], seed: int
) -> None:
    history = History(storages=storages, choose=random.Random(SEED + seed))
    history.begin()
    somebody = 0
    for _ in range(STEPS):
        history.step()
        soon = DirectoryFilter(available_before=history.at + timedelta(hours=history.choose.randint(1, 60)))
        for wanted in (EVERYBODY, soon):
            in_memory, in_postgres = (listed(each, history.at, wanted=wanted) for each in storages)
            assert in_postgres == in_memory
            somebody += sum(slot is not None for _, slot in in_memory)
    assert somebody > STEPS


def test_nothing_stays_in_doubt_when_all_of_it_is_settled(storages: tuple[Transactions, Transactions]) -> None:
    _, storage = storages
    for number, notice in enumerate((timedelta(0), timedelta(hours=1), timedelta(hours=26)), start=1):
        researcher = Setting(storage).researcher(number, notice=notice)
        slot = sample.slot(number, researcher_id=researcher.id, period=sample.hour(26))
        Setting(storage).publish(slot)

    assert settle(storage, sample.NOW) == 3
    assert settle(storage, sample.NOW) == 0
    assert settle(storage, sample.NOW + timedelta(microseconds=1)) == 1
