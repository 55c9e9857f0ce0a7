"""Lists of the directory over random people: memory and Postgres give the same, page after page."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.memory import MemoryTransactions
from consulting.adapters.postgres import PostgresTransactions, open_engine
from consulting.application.ports.records import DirectoryFilter, Listed
from consulting.application.ports.transactions import Transactions
from consulting.domain.directory import DirectorySort, place
from consulting.domain.money import Money
from consulting.domain.researchers import Rating

SEED, PEOPLE = 20261123, 60
NAMES = ("Ada", "ada", "Ädä", "Zoë", "Ng", "王小明", "O'Neil", "a b", "ab", "\N{LATIN SMALL LETTER DOTLESS I}")
INSTITUTES = (None, "ETH Zürich", "eth zurich", "École", "!")
FILTERS = (
    DirectoryFilter(),
    DirectoryFilter(verified=True),
    DirectoryFilter(lowest_rate=Money(2, "usd"), highest_rate=Money(3, "usd")),
    DirectoryFilter(affiliation="ETH ZURICH", verified=False),
    DirectoryFilter(available_before=sample.NOW + timedelta(days=2)),
)


def person(choose: random.Random) -> dict[str, Any]:
    count = choose.randint(0, 4)
    return {
        "name": choose.choice(NAMES),
        "rate": Money(choose.randint(1, 4), choose.choice(["usd", "eur", "chf"])),
        "rating": Rating(choose.randint(count, 5 * count), count),
        "affiliation": choose.choice(INSTITUTES),
        "verified": choose.random() < 0.5,
        "active": choose.random() < 0.9,
    }


@pytest.fixture(scope="module")
def storages(module_database_url: str) -> Iterator[tuple[Transactions, Transactions]]:
    engine = open_engine(url=module_database_url, pool_size=2)
    both = MemoryTransactions(), PostgresTransactions(engine)
    choose = random.Random(SEED)
    people = [person(choose) for _ in range(PEOPLE)]
    for storage in both:
        setting = Setting(storage)
        for number, changes in enumerate(people, start=1):
            researcher = setting.researcher(number, **changes)
            if number % 3:
                setting.publish(sample.slot(number, researcher_id=researcher.id))
    yield both
    engine.dispose()


def listed(storage: Transactions, wanted: DirectoryFilter, sort: DirectorySort, *, limit: int) -> Sequence[Listed]:
    seen: list[Listed] = []
    while True:
        with storage.begin() as tx:
            after = seen[-1].cursor if seen else None
            page = tx.researchers.page(wanted=wanted, sort=sort, after=after, limit=limit, at=sample.NOW)
        seen.extend(page)
        if len(page) < limit:
            return seen


@pytest.mark.parametrize(("wanted", "sort"), list(product(FILTERS, DirectorySort)))
def test_memory_and_postgres_list_the_same_page_after_page(
    storages: tuple[Transactions, Transactions], wanted: DirectoryFilter, sort: DirectorySort
) -> None:
    in_memory, in_postgres = ([each.researcher for each in listed(one, wanted, sort, limit=7)] for one in storages)

    assert in_memory
    assert in_postgres == in_memory
    assert in_memory == sorted(in_memory, key=lambda each: place(each, sort=sort))
    assert len({each.id for each in in_memory}) == len(in_memory)
