"""Fields of expertise are counted right whoever writes, and suggested from an index however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random

import psycopg
import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.turns import at_once
from consulting.adapters.memory import MemoryTransactions
from consulting.adapters.postgres.engine import connect, open_engine
from consulting.adapters.postgres.expertise import BEGINNING, IN_USE
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.conflicts import retry_on_conflict
from consulting.application.ports.transactions import Transactions
from consulting.domain.researchers import Researcher
from tests.integration.postgres.gate import BUSY
from tests.integration.postgres.many import tidy
from tests.integration.postgres.test_plans import Hot, explain, nodes

SEED = 20261123
PEOPLE, WRITERS, CHANGES = 12, 4, 60
FIELDS = (
    "Logic",
    "logic",
    "Ethics",
    "ethics",
    "Éthics",
    "Machine learning",
    "machine-learning",
    "Optics",
    "???",
    "C++",
)

MANY = """
INSERT INTO researchers
SELECT gen_random_uuid(), NULL, 'Person ' || r, 'r@example.org', NULL,
       ARRAY['Field ' || r %% 40, initcap(field)], ARRAY['field ' || r %% 40, field], '{}', 10000, 'usd', 'UTC',
       true, r %% 50 > 0, NULL, NULL, '{}', NULL, interval '1 hour', interval '60 days', '[]', 0, 0,
       '2026-09-07T12:00:00Z', '2026-09-07T12:00:00Z', 0, NULL
FROM generate_series(1, %(researchers)s) r,
     LATERAL (SELECT r %% (%(researchers)s * 3 / 10) AS number) AS rare,
     LATERAL (SELECT translate(left(md5(number::text), 9), '0123456789', 'ghijklmnop') AS field) AS own
"""
"""Forty fields that many have, and rare ones: three for every ten people. One in fifty of these nobody active has."""


@pytest.fixture
def transactions(database_url: str) -> Iterator[PostgresTransactions]:
    engine = open_engine(url=database_url, pool_size=WRITERS, patience=BUSY)
    yield PostgresTransactions(engine)
    engine.dispose()


def histories() -> list[list[Researcher]]:
    """Give what each writer saves, one after the other, of people of their own."""
    choose = Random(SEED)
    made = [sample.researcher(number, expertise=(), user_id=f"user-{number}") for number in range(1, PEOPLE + 1)]
    return [
        [
            replace(
                choose.choice(made[writer::WRITERS]),
                expertise=tuple(choose.sample(FIELDS, k=choose.randint(0, 5))),
                active=choose.random() < 0.8,
            )
            for _ in range(CHANGES)
        ]
        for writer in range(WRITERS)
    ]


@retry_on_conflict
def save(transactions: Transactions, researcher: Researcher) -> None:
    with transactions.begin() as tx:
        if tx.researchers.get(researcher.id) is None:
            tx.researchers.add(researcher)
        else:
            tx.researchers.save(researcher)


def save_all(transactions: Transactions, history: list[Researcher]) -> None:
    for each in history:
        save(transactions, each)


def test_many_who_write_at_once_leave_what_one_after_the_other_would(transactions: PostgresTransactions) -> None:
    alone = MemoryTransactions()
    written = histories()

    outcomes = at_once(*(partial(save_all, transactions, history) for history in written))
    for history in written:
        save_all(alone, history)

    assert [each.raised for each in outcomes] == [None] * WRITERS
    with transactions.begin() as tx, alone.begin() as told:
        for prefix in ("", "l", "ethics", "machine", "c"):
            assert tx.expertise.beginning_with(prefix, limit=50) == told.expertise.beginning_with(prefix, limit=50)


def test_what_others_write_into_the_table_counts_too(database_url: str, transactions: PostgresTransactions) -> None:
    with transactions.begin() as tx:
        for number in (1, 2, 3):
            tx.researchers.add(sample.researcher(number, expertise=("Logic",), user_id=f"user-{number}"))

    def counted() -> list[int]:
        with transactions.begin() as tx:
            return [each.researchers for each in tx.expertise.beginning_with("", limit=9)]

    with psycopg.connect(database_url, autocommit=True) as connection:
        assert counted() == [3]
        connection.execute("UPDATE researchers SET active = false WHERE user_id <> 'user-3'")
        assert counted() == [1]
        connection.execute("UPDATE researchers SET active = true")
        connection.execute("DELETE FROM researcher_words")
        connection.execute("DELETE FROM researchers WHERE user_id = 'user-1'")
        assert counted() == [2]
        connection.execute("DELETE FROM researchers")
        assert counted() == []
        assert connection.execute("SELECT count(*) FROM expertise_spellings").fetchall() == [(0,)]


@pytest.mark.parametrize("researchers", [5_000, pytest.param(100_000, marks=pytest.mark.proof)])
def test_suggestions_come_from_an_index_however_many_fields_there_are(database_url: str, researchers: int) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(MANY, {"researchers": researchers})
    tidy(database_url, "expertise_topics", "expertise_spellings")
    with connect(url=database_url) as connection:
        rare = researchers * 3 // 10
        counted = connection.execute("SELECT count(*), sum(researchers) FROM expertise_topics").fetchall()
        assert counted == [(40 + rare - rare // 50, 2 * (researchers - researchers // 50))]
        plans = {
            prefix: explain(
                connection,
                Hot(BEGINNING, {"prefix": prefix, "beyond": prefix + chr(0x10FFFF), "limit": 20}, ())
                if prefix
                else Hot(IN_USE, {"limit": 20}, ()),
            )
            for prefix in ("", "f", "fi", "field 1", "m", "ma", "mad", "nobody")
        }

    for prefix, plan in plans.items():
        assert not [node for node in nodes(plan) if node["Node Type"] == "Seq Scan"], (prefix, plan)
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= 150, (prefix, plan)
