"""What lists and searches go by is told from what it should be, and worked out anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import Engine

from consulting.adapters.contracts import sample
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.inspection import PostgresInspection
from consulting.adapters.postgres.recounting import Recounting
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.inspection import Fault
from tests.integration.instance import PATIENCE, eventually
from tests.integration.postgres.gate import BUSY, waiting_for_locks

KEPT = {
    "expertise_topics": Fault.FIELD_MISCOUNTED,
    "expertise_spellings": Fault.FIELD_MISCOUNTED,
    "bearers": Fault.TRAIT_MISTAKEN,
    "openings": Fault.OPENING_MISSING,
}
PEOPLE = 8


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database with people in it, some of whom aren't active, and one of whom has changed."""
    engine = open_engine(url=database_url, pool_size=2, patience=BUSY)
    fields = ("Logic", "Machine learning", "machine-learning", "???")
    with PostgresTransactions(engine).begin() as tx:
        for number in range(1, PEOPLE + 1):
            expertise = tuple(fields[: number % 5])
            tx.researchers.add(sample.researcher(number, expertise=expertise, active=number != 3, affiliation="MPI"))
        changed = replace(sample.researcher(4), bio="Mostly about ethics", verified=False)
        tx.researchers.save(changed)
    yield engine
    engine.dispose()


def rows(url: str, table: str) -> Sequence[tuple[str]]:
    """Give what a table has as text, but for bits that nobody has."""
    query = (
        f"SELECT {table}::text FROM {table} WHERE to_jsonb({table}) ->> 'marks' LIKE '%1%' OR '{table}' <> 'bearers'"
    )
    with psycopg.connect(url) as connection:
        found: list[tuple[str]] = connection.execute(query.encode()).fetchall()
    return sorted(found)


def faults(engine: Engine) -> set[Fault]:
    inspection = PostgresInspection(engine)
    return {finding.fault for fault in Fault for finding in inspection.find(fault, at=sample.NOW, horizon=sample.NOW)}


def test_what_triggers_have_kept_is_right(engine: Engine) -> None:
    assert faults(engine) == set()


@pytest.mark.parametrize("table", KEPT)
def test_what_is_missing_is_found_and_made_anew_as_it_was(engine: Engine, database_url: str, table: str) -> None:
    before = rows(database_url, table)
    with psycopg.connect(database_url) as connection:
        connection.execute(f"DELETE FROM {table}".encode())
    assert faults(engine) == {KEPT[table]}

    Recounting(engine)()

    assert faults(engine) == set()
    assert rows(database_url, table) == before


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ("UPDATE expertise_topics SET researchers = 2 * researchers", Fault.FIELD_MISCOUNTED),
        ("UPDATE expertise_spellings SET tag = tag || '!' WHERE tag = 'Logic'", Fault.FIELD_MISCOUNTED),
        ("UPDATE bearers SET marks = set_bit(marks, 900, 1) WHERE trait = 'word ethics'", Fault.TRAIT_MISTAKEN),
        ("UPDATE bearers SET grade = 40 WHERE trait = 'word ethics'", Fault.TRAIT_MISTAKEN),
        (
            "INSERT INTO bearers SELECT trait, grade, 1, marks FROM bearers WHERE trait = 'verified'",
            Fault.TRAIT_MISTAKEN,
        ),
        ("UPDATE openings SET number = number + 1", Fault.OPENING_MISSING),
    ],
)
def test_what_is_not_so_is_found_and_put_right(engine: Engine, database_url: str, wrong: str, fault: Fault) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(wrong.encode())
    assert faults(engine) == {fault}

    Recounting(engine)()

    assert faults(engine) == set()


def test_it_waits_for_whoever_is_changing_a_researcher_and_counts_what_they_did(
    engine: Engine, database_url: str
) -> None:
    with ThreadPoolExecutor(1) as thread:
        with psycopg.connect(database_url) as changing:
            changing.execute("UPDATE researchers SET active = NOT active")
            counted = thread.submit(Recounting(engine))
            eventually(lambda: waiting_for_locks(database_url) == 1)
        counted.result(PATIENCE)

    assert faults(engine) == set()
