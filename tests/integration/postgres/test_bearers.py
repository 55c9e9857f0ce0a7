"""Who has which trait is kept right by every change of a researcher, and filled in for those who were there before."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import pytest
from alembic import command

from consulting.adapters.contracts import sample
from consulting.adapters.postgres.crowds import numbers_in, read_stretch
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.transactions import Transactions
from consulting.domain.directory import topic, weights
from consulting.domain.money import Money
from consulting.domain.researchers import Researcher
from consulting.entrypoints.database import migrations
from tests.integration.postgres.gate import BUSY

SEED, PEOPLE, STEPS = 20261123, 6, 80
Trait = tuple[str, int]


@pytest.fixture
def storage(database_url: str) -> Iterator[Transactions]:
    engine = open_engine(url=database_url, pool_size=4, patience=BUSY)
    yield PostgresTransactions(engine)
    engine.dispose()


def kept(url: str) -> Mapping[Trait, set[int]]:
    """Give the numbers of those who have each trait."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT trait, grade, stretch, bit_send(marks) FROM bearers").fetchall()
    found: dict[Trait, set[int]] = {}
    for trait, grade, stretch, marks in rows:
        found.setdefault((trait, grade), set()).update(numbers_in(read_stretch(marks, stretch=stretch)))
    return {trait: numbers for trait, numbers in found.items() if numbers}


def expected(url: str, people: Mapping[Any, Researcher]) -> Mapping[Trait, set[int]]:
    with psycopg.connect(url) as connection:
        numbers: dict[UUID, int] = dict(connection.execute("SELECT id, number FROM researchers").fetchall())
    found: dict[Trait, set[int]] = {}
    for one in people.values():
        for trait in traits(one) if one.active else ():
            found.setdefault(trait, set()).add(numbers[one.id])
    return found


def traits(one: Researcher) -> Iterator[Trait]:
    yield from ((f"word {word}", weight) for word, weight in weights(one).items())
    yield from ((f"field {short(each)}", 0) for each in one.expertise)
    if one.affiliation is not None:
        yield f"institution {short(one.affiliation)}", 0
    yield "verified", int(one.verified)
    currency = f"rate {one.rate.currency}"
    yield from ((currency, digit) for digit in range(63) if one.rate.amount >> digit & 1)
    yield currency, -1


def short(text: str) -> str:
    return sha256(topic(text).encode()).hexdigest()


def changed(one: Researcher, choose: random.Random) -> Researcher:
    """Change one thing or another, or nothing."""
    word = choose.choice(["Optics", "optics and law", "Über lasers", "law"])
    change: dict[str, Any] = choose.choice(
        [
            {"name": word},
            {"bio": choose.choice([None, word])},
            {"expertise": choose.choice([(), (word,), ("Optics", "optics!")])},
            {"affiliation": choose.choice([None, word, "ﷺ" * 200])},
            {"verified": not one.verified},
            {"active": not one.active},
            {"rate": Money(choose.choice([0, 1, 12_345, 2**40]), choose.choice(["usd", "eur"]))},
            {},
        ]
    )
    return replace(one, **change)


def test_traits_follow_every_change_of_a_researcher(storage: Transactions, database_url: str) -> None:
    choose = random.Random(SEED)
    people = {number: sample.researcher(number) for number in range(1, PEOPLE + 1)}
    with storage.begin() as tx:
        for one in people.values():
            tx.researchers.add(one)
    for _ in range(STEPS):
        number = choose.choice(list(people))
        people[number] = changed(people[number], choose)
        with storage.begin() as tx:
            tx.researchers.save(people[number])
        assert kept(database_url) == expected(database_url, people)


def test_nothing_of_somebody_who_was_deleted_is_left(storage: Transactions, database_url: str) -> None:
    people = {number: sample.researcher(number) for number in (1, 2)}
    with storage.begin() as tx:
        for one in people.values():
            tx.researchers.add(one)
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM researchers WHERE id = %s", [people.pop(1).id])
    assert kept(database_url) == expected(database_url, people)


def test_what_is_undone_leaves_no_trait(storage: Transactions, database_url: str) -> None:
    with pytest.raises(KeyError):
        _add_in_vain(storage)
    assert kept(database_url) == {}


def _add_in_vain(storage: Transactions) -> None:
    with storage.begin() as tx:
        tx.researchers.add(sample.researcher(1))
        raise KeyError


def test_many_who_change_at_once_end_with_the_right_traits(storage: Transactions, database_url: str) -> None:
    people = {number: sample.researcher(number) for number in range(1, PEOPLE + 1)}

    def live(number: int) -> None:
        choose = random.Random(SEED + number)
        with storage.begin() as tx:
            tx.researchers.add(people[number])
        for _ in range(15):
            people[number] = changed(people[number], choose)
            with storage.begin() as tx:
                tx.researchers.save(people[number])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(live, people))
    assert kept(database_url) == expected(database_url, people)


def test_a_migration_gives_traits_to_those_who_were_there_before(storage: Transactions, database_url: str) -> None:
    people = {number: sample.researcher(number, active=number != 2) for number in (1, 2, 3)}
    with storage.begin() as tx:
        for one in people.values():
            tx.researchers.add(one)
    config = migrations(database_url=database_url)
    command.downgrade(config, "0020")
    command.upgrade(config, "head")
    assert kept(database_url) == expected(database_url, people)
    with psycopg.connect(database_url) as connection:
        alike = (
            "SELECT bool_and(openings.number = researchers.number) FROM openings JOIN researchers ON id = researcher_id"
        )
        assert connection.execute(alike).fetchone() == (True,)
