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
from consulting.adapters.postgres import directory_search
from consulting.adapters.postgres.directory_pages import SHORT
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.directory import DirectoryFilter, Listed
from consulting.application.ports.transactions import Transactions
from consulting.domain.directory import NEVER, DirectorySort, Place, SearchSort, place
from consulting.domain.money import Money
from consulting.domain.researchers import Rating, Researcher
from consulting.domain.time_slots import TimeSlot

SEED, PEOPLE = 20261123, 60
NAMES = ("Ada", "ada", "Ädä", "Zoë", "Ng", "王小明", "O'Neil", "a b", "ab", "\N{LATIN SMALL LETTER DOTLESS I}")
INSTITUTES = (None, "ETH Zürich", "eth zurich", "École", "!")
FILTERS = (
    DirectoryFilter(),
    DirectoryFilter(verified=True),
    DirectoryFilter(lowest_rate=Money(2, "usd"), highest_rate=Money(3, "usd")),
    DirectoryFilter(affiliation="ETH ZURICH", verified=False),
    DirectoryFilter(available_before=sample.NOW + timedelta(days=2)),
    DirectoryFilter(expertise="machine LEARNING", highest_rate=Money(3, "eur")),
    DirectoryFilter(verified=True, lowest_rate=Money(2, "usd"), available_before=sample.NOW + timedelta(days=2)),
)


def person(choose: random.Random) -> dict[str, Any]:
    count = choose.randint(0, 4)
    return {
        "name": choose.choice(NAMES),
        "rate": Money(choose.randint(1, 4), choose.choice(["usd", "eur", "chf"])),
        "rating": Rating(choose.randint(count, 5 * count), count),
        "affiliation": choose.choice(INSTITUTES),
        "expertise": choose.choice([("statistics", "machine learning"), ("Machine learning",), ("learning",), ()]),
        "verified": choose.random() < 0.5,
        "active": choose.random() < 0.9,
    }


@pytest.fixture(params=["looked up", "walked to"], autouse=True)
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have crowds looked up by their numbers, or looked for in the order, as they are if they are large."""
    if request.param == "walked to":
        monkeypatch.setattr(directory_search, "FEW", 0)


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


def listed(
    storage: Transactions, wanted: DirectoryFilter, sort: DirectorySort | SearchSort, *, limit: int, query: str = ""
) -> Sequence[Listed]:
    """Follow the cursors of a list, or of a search, to the end."""
    seen: list[Listed] = []
    while True:
        after = seen[-1].cursor if seen else None
        with storage.begin() as tx:
            who = tx.researchers
            if isinstance(sort, DirectorySort):
                page = who.page(wanted=wanted, sort=sort, after=after, limit=limit, at=sample.NOW)
            else:
                page = who.search(query=query, wanted=wanted, sort=sort, after=after, limit=limit, at=sample.NOW)
        seen.extend(page)
        if len(page) < limit:
            return seen


@pytest.mark.parametrize("sort", list(DirectorySort))
def test_a_page_longer_than_any_of_the_api_has_everybody(
    storages: tuple[Transactions, Transactions], sort: DirectorySort
) -> None:
    in_memory, in_postgres = (listed(one, DirectoryFilter(), sort, limit=2 * SHORT) for one in storages)

    assert shown(in_postgres) == shown(in_memory)


def key(each: Listed, sort: DirectorySort) -> Place:
    slot = each.next_available
    return place(each.researcher, sort=sort, soonest=NEVER if slot is None else slot.period.start)


@pytest.mark.parametrize(("wanted", "sort"), list(product(FILTERS, DirectorySort)))
def test_memory_and_postgres_list_the_same_page_after_page(
    storages: tuple[Transactions, Transactions], wanted: DirectoryFilter, sort: DirectorySort
) -> None:
    in_memory, in_postgres = (listed(one, wanted, sort, limit=7) for one in storages)

    assert in_memory
    assert shown(in_postgres) == shown(in_memory)
    assert in_memory == sorted(in_memory, key=lambda each: key(each, sort))
    assert len({each.researcher.id for each in in_memory}) == len(in_memory)


def shown(found: Sequence[Listed]) -> Sequence[tuple[Researcher, TimeSlot | None]]:
    return [(each.researcher, each.next_available) for each in found]


QUERIES = ("ada", "statistics", "statistcs machine", "zurich", "eth zurihc learning", "learning books")


@pytest.mark.parametrize(("wanted", "sort"), list(product(FILTERS, SearchSort)))
def test_memory_and_postgres_find_the_same_page_after_page(
    storages: tuple[Transactions, Transactions], wanted: DirectoryFilter, sort: SearchSort
) -> None:
    somebody = 0
    for query in QUERIES:
        in_memory, in_postgres = (listed(one, wanted, sort, limit=4, query=query) for one in storages)
        assert shown(in_postgres) == shown(in_memory)
        somebody += len(in_memory)
    assert somebody
