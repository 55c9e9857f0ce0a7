"""Lists and searches after random histories of people who change at once: memory and Postgres show the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine

from consulting.adapters.contracts import sample
from consulting.adapters.memory import MemoryTransactions
from consulting.adapters.postgres import directory_search
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.inspection import PostgresInspection
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.conflicts import retry_on_conflict
from consulting.application.ports.directory import DirectoryFilter, Listed
from consulting.application.ports.inspection import Fault
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.directory import DirectorySort, SearchSort
from consulting.domain.money import Money
from consulting.domain.publishing import Publication
from consulting.domain.researchers import Rating, Researcher
from consulting.domain.time_slots import TimeSlot
from tests.integration.postgres.gate import BUSY

SEED = 20261123
WRITERS, PEOPLE, CHANGES, QUESTIONS = 4, 5, 15, 45
STARTS = (1, 16_376, 40_000)
"""Where the numbers of each round begin: with gaps, and over the ends of stretches."""

WORDS = (
    *("Müller", "Muller", "Mueller", "Miller", "miler", "Ada", "Adam", "Li", "王小明", "ﬁne", "Straße", "İzmir"),
    *("optics", "Optical", "laser", "lasers", "lasre", "law", "laws", "machine", "mashine", "learning", "lerning"),
    *(
        "Zürich",
        "zurihc",
        "2024",
        "C++",
        "???",
        "o'neil",
        "Å",
        "abcdefghij" * 5,
        "abcdefghij" * 4 + "x",
        "\u0130\u0307",
    ),
)
INSTITUTES = (None, "ETH Zürich", "eth zurich!", "École", "???", "Institute of optics")
AMOUNTS = (0, 1, 2, 3, 4, 7, 8, 100, 255, 256, 12_345, 2**31, 2**40 - 1, 2**40)
KEPT_BESIDE = (Fault.FIELD_MISCOUNTED, Fault.TRAIT_MISTAKEN, Fault.OPENING_MISSING)


def text(choose: Random, most: int) -> str:
    return " ".join(choose.choice(WORDS) for _ in range(choose.randint(1, most)))


def changed(one: Researcher, choose: Random) -> Researcher:
    """Change some things, or none."""
    count = choose.randint(0, 3)
    changes: dict[str, Any] = {
        "name": text(choose, 2)[:200],
        "bio": choose.choice([None, text(choose, 12)]),
        "expertise": tuple(text(choose, 2) for _ in range(choose.randint(0, 4))),
        "affiliation": choose.choice(INSTITUTES),
        "verified": choose.random() < 0.5,
        "active": choose.random() < 0.7,
        "rate": Money(choose.choice(AMOUNTS), choose.choice(["usd", "eur"])),
        "rating": Rating(choose.randint(count, 5 * count), count),
        "notice": timedelta(hours=choose.choice([0, 30])),
    }
    chosen = choose.sample(list(changes), k=choose.randint(0, 4))
    return replace(one, **{name: changes[name] for name in chosen})


@dataclass
class Writer:
    """What one writer does to people of their own, each step for memory and Postgres alike."""

    choose: Random
    people: dict[UUID, Researcher] = field(default_factory=dict)
    made: int = 0

    def joins(self, number: int) -> Researcher:
        one = changed(sample.researcher(number, user_id=None), self.choose)
        self.people[one.id] = one
        return one

    def changes(self) -> Researcher:
        one = self.people[self.choose.choice(list(self.people))]
        self.people[one.id] = changed(one, self.choose)
        return self.people[one.id]


def add(one: Researcher, slots: int, tx: Transaction) -> None:
    """Keep somebody new with some slots."""
    tx.researchers.add(one)
    number = one.id.int >> 80
    hours = [number % 40 + 3 * each for each in range(slots)]
    periods = tuple(sample.hour(hour) for hour in hours)
    ids = [sample.identity("slot", 100 * number + each) for each in range(slots)]
    tx.time_slots.publish(Publication(add=periods), researcher_id=one.id, ids=ids)


def save(one: Researcher, tx: Transaction) -> None:
    tx.researchers.save(one)


def withdraw(one: Researcher, slot: int, tx: Transaction) -> None:
    gone = sample.identity("slot", 100 * (one.id.int >> 80) + slot)
    if tx.time_slots.get(gone) is not None:
        tx.time_slots.publish(Publication(withdraw=(gone,)), researcher_id=one.id, ids=[])


def settle(at: datetime, tx: Transaction) -> None:
    """Note when some can next be booked, as a worker does."""
    tx.researchers.settle_openings(at=at, limit=3)


Step = partial[None]


def history(writer: Writer, first: int) -> Iterator[Step]:
    """Give what the writer does in one round."""
    choose = writer.choose
    for number in range(first, first + PEOPLE):
        yield partial(add, writer.joins(number), choose.randint(0, 3))
    for _ in range(CHANGES):
        one = writer.changes()
        yield partial(save, one)
        if choose.random() < 0.3:
            yield partial(withdraw, one, choose.randint(0, 2))
        if choose.random() < 0.3:
            yield partial(settle, sample.NOW)


@retry_on_conflict
def do(storage: Transactions, step: Step) -> None:
    with storage.begin() as tx:
        step(tx)


def do_all(storage: Transactions, steps: Sequence[Step]) -> None:
    for step in steps:
        do(storage, step)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(url=database_url, pool_size=WRITERS, patience=BUSY)
    yield engine
    engine.dispose()


def asked(choose: Random) -> DirectoryFilter:
    """Make up a filter."""
    currency = choose.choice(["usd", "eur", "chf"])
    some: dict[str, Any] = {
        "expertise": text(choose, 2),
        "verified": choose.random() < 0.5,
        "lowest_rate": Money(choose.choice(AMOUNTS), currency),
        "highest_rate": Money(choose.choice(AMOUNTS), currency),
        "affiliation": choose.choice(INSTITUTES),
        "available_before": sample.after(hours=choose.randint(0, 50)),
    }
    return DirectoryFilter(**{name: some[name] for name in choose.sample(list(some), k=choose.choice([0, 1, 1, 2, 3]))})


def compare(storages: Sequence[Transactions], choose: Random) -> int:
    """Ask both the same thing, one for all at once and one page after page; give how many were found."""
    wanted, limit, at = asked(choose), choose.choice([3, 10, 200]), sample.after(hours=choose.choice([0, 0, 9]))
    sort: DirectorySort | SearchSort = choose.choice([*DirectorySort, *SearchSort])
    query = text(choose, choose.choice([1, 1, 2, 3])).lower()
    question = partial(pages, wanted=wanted, sort=sort, query=query, at=at)
    in_memory, in_postgres = (
        question(storage, limit=most) for storage, most in zip(storages, (1_000, limit), strict=True)
    )
    assert in_postgres == in_memory, (wanted, sort, query, limit, at)
    return len(in_memory)


def pages(
    storage: Transactions,
    *,
    wanted: DirectoryFilter,
    sort: DirectorySort | SearchSort,
    query: str,
    limit: int,
    at: datetime,
) -> Sequence[tuple[Researcher, TimeSlot | None]]:
    """Follow the cursors to the end."""
    seen: list[Listed] = []
    while True:
        after = seen[-1].cursor if seen else None
        with storage.begin() as tx:
            if isinstance(sort, DirectorySort):
                page = tx.researchers.page(wanted=wanted, sort=sort, after=after, limit=limit, at=at)
            else:
                page = tx.researchers.search(query=query, wanted=wanted, sort=sort, after=after, limit=limit, at=at)
        seen.extend(page)
        if len(page) < limit:
            return [(each.researcher, each.next_available) for each in seen]


@pytest.mark.parametrize("seed", [SEED, *(pytest.param(SEED + more, marks=pytest.mark.proof) for more in range(1, 9))])
def test_after_any_history_both_show_the_same(
    engine: Engine, database_url: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, together = MemoryTransactions(), PostgresTransactions(engine)
    writers = [Writer(Random(f"{seed} {number}")) for number in range(WRITERS)]
    choose = Random(seed)
    for round_number, start in enumerate(STARTS):
        with psycopg.connect(database_url) as connection:
            connection.execute(f"ALTER TABLE researchers ALTER number RESTART WITH {start}".encode())
        begin = 1 + round_number * WRITERS * PEOPLE
        steps = [list(history(writer, begin + number * PEOPLE)) for number, writer in enumerate(writers)]
        with ThreadPoolExecutor(WRITERS) as threads:
            list(threads.map(partial(do_all, together), steps))
        for each in steps:
            do_all(alone, each)
        for few in (400, 5, 0):
            monkeypatch.setattr(directory_search, "FEW", few)
            assert sum(compare((alone, together), choose) for _ in range(QUESTIONS // 3))

    inspection = PostgresInspection(engine)
    assert [found for each in KEPT_BESIDE for found in inspection.find(each, at=sample.NOW, horizon=sample.NOW)] == []


def test_while_others_change_nobody_who_stays_is_missed_or_shown_twice(engine: Engine) -> None:
    alone, together, choose = MemoryTransactions(), PostgresTransactions(engine), Random(SEED)
    stay = [replace(changed(sample.researcher(number, user_id=None), choose), active=True) for number in range(1, 31)]
    do_all(alone, [partial(add, one, 0) for one in stay])
    do_all(together, [partial(add, one, 0) for one in stay])
    writers = [Writer(Random(f"{SEED} {number}")) for number in range(WRITERS - 1)]
    ids = {one.id for one in stay}

    with ThreadPoolExecutor(WRITERS - 1) as threads:
        steps = [list(history(writer, 100 * number)) for number, writer in enumerate(writers, start=1)]
        writing = [threads.submit(do_all, together, each) for each in steps]
        while not all(each.done() for each in writing):
            wanted, limit = replace(asked(choose), available_before=None), choose.choice([3, 10])
            sort: DirectorySort | SearchSort = choose.choice([*DirectorySort, *SearchSort])
            query = text(choose, choose.choice([1, 1, 2])).lower()
            question = partial(pages, wanted=wanted, sort=sort, query=query, at=sample.NOW)
            found = [one.id for one, _ in question(together, limit=limit) if one.id in ids]
            assert found == [one.id for one, _ in question(alone, limit=1_000)], (wanted, sort, query)
        assert [each.result() for each in writing] == [None] * len(writing)
