"""Among a hundred thousand researchers every page of the directory comes from indexes, and touches few blocks.

What is asked: each filter in each order, without words, with a word that everybody has, that thousands have, that few
have, that nobody has, with several words, with misspelt ones, with one that is like many others; the first page, the
second one, and one far behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from statistics import median
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from consulting.adapters.postgres.engine import connect
from consulting.adapters.postgres.link import Rows, Step
from consulting.adapters.postgres.prepared import Prepared
from consulting.adapters.postgres.researchers import PostgresResearchers
from consulting.application.ports.directory import EVERYBODY, DirectoryFilter, Listed
from consulting.domain.directory import DirectorySort, SearchSort
from consulting.domain.money import Money
from tests.integration.postgres.directory_crowd import crowd
from tests.integration.postgres.many import NOW
from tests.integration.postgres.test_plans import Hot, explain, nodes

SHOWN, FAR = 21, 2_000
LARGE = {"researchers", "openings", "time_slots", "sessions", "researcher_words", "vocabulary", "bearers"}
FILTERS = {
    "everybody": EVERYBODY,
    "verified": DirectoryFilter(verified=True),
    "not verified": DirectoryFilter(verified=False),
    "a field": DirectoryFilter(expertise="Field 7"),
    "an unknown field": DirectoryFilter(expertise="Alchemy"),
    "an institution": DirectoryFilter(affiliation="Institute 7"),
    "a rate that few have": DirectoryFilter(highest_rate=Money(150, "usd")),
    "a rate that many have": DirectoryFilter(highest_rate=Money(15_000, "usd")),
    "the dearest": DirectoryFilter(lowest_rate=Money(19_950, "usd")),
    "rates between": DirectoryFilter(lowest_rate=Money(7_000, "usd"), highest_rate=Money(7_100, "usd")),
    "time that nobody has": DirectoryFilter(available_before=NOW + timedelta(hours=26)),
    "time that few have": DirectoryFilter(available_before=NOW + timedelta(days=3)),
    "time that many have": DirectoryFilter(available_before=NOW + timedelta(days=59)),
    "a field and a rate": DirectoryFilter(expertise="Field 7", highest_rate=Money(9_000, "usd")),
    "a field and time": DirectoryFilter(expertise="Field 10", available_before=NOW + timedelta(days=3)),
    "all at once": DirectoryFilter(
        expertise="Field 10",
        verified=True,
        highest_rate=Money(15_000, "usd"),
        available_before=NOW + timedelta(days=59),
    ),
}
QUERIES = (
    "person",
    "learning",
    "zurich",
    "zurihc",
    "nobodyatall",
    "machine learning",
    "mashine lerning",
    "person somewhere",
    "person zurich history",
    "number12 learning",
    "person teaching history somewhere machine zurich learning number1 number22 number303 nobody atall",
)
"""`number12` is like dozens of other words, each of which a few hundred have."""

MOST_BLOCKS, USUAL_BLOCKS = 3_500, 1_000
"""Of 8 kB. The whole table of researchers has ten thousand, and each page shows 21 people with their next slots."""


@dataclass
class UnjudgedLink:
    """Runs statements as they are."""

    connection: psycopg.Connection[Any]

    def rows(self, statement: Prepared, **values: Any) -> Sequence[Any]:
        cursor = self.connection.cursor(row_factory=namedtuple_row)
        return cursor.execute(statement.sql, statement.values(values)).fetchall()

    def together(self, *steps: Step) -> Sequence[Rows]:
        return [self.rows(statement, **values) for statement, values in steps]


@dataclass
class JudgingLink(UnjudgedLink):
    """Judges each statement before: as planned for its values, and as planned for any, if its plan is kept."""

    blocks: dict[str, int] = field(default_factory=dict)

    @property
    def touched(self) -> int:
        """How many blocks the statements looked at, by the worse of the two ways."""
        return max(self.blocks.values(), default=0)

    def rows(self, statement: Prepared, **values: Any) -> Sequence[Any]:
        for mode in ("force_custom_plan", "force_generic_plan"):
            kept = mode == "force_generic_plan" and bool(statement.label)
            self.connection.execute(f"SET plan_cache_mode = {mode if kept else 'force_custom_plan'}".encode())
            self.blocks[mode] = self.blocks.get(mode, 0) + self._judged(statement, values)
        return super().rows(statement, **values)

    def _judged(self, statement: Prepared, values: Mapping[str, Any]) -> int:
        plan = explain(self.connection, Hot(statement, dict(values), ()))
        whole = {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}
        assert not whole & LARGE, plan
        return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.fixture(scope="module")
def hundred_thousand(module_database_url: str) -> Iterator[psycopg.Connection[Any]]:
    crowd(module_database_url, researchers=100_000)
    with connect(url=module_database_url) as connection:
        yield connection


@pytest.mark.proof
@pytest.mark.parametrize("query", [None, *QUERIES])
def test_every_page_among_a_hundred_thousand_researchers_comes_from_indexes(
    hundred_thousand: psycopg.Connection[Any], query: str | None
) -> None:
    touched: dict[object, int] = {}
    sorts: Sequence[DirectorySort | SearchSort] = tuple(DirectorySort) if query is None else tuple(SearchSort)
    for filtered, sort in product(FILTERS, sorts):
        touched |= {
            (filtered, str(sort), page): blocks
            for page, blocks in pages(hundred_thousand, query, FILTERS[filtered], sort).items()
        }

    worst = sorted(touched.items(), key=lambda each: -each[1])[:20]
    assert max(touched.values()) <= MOST_BLOCKS, worst
    assert median(touched.values()) <= USUAL_BLOCKS, worst


def pages(
    connection: psycopg.Connection[Any], query: str | None, wanted: DirectoryFilter, sort: DirectorySort | SearchSort
) -> Mapping[str, int]:
    """Give the blocks that some pages touch: the first, the second, and one far behind, if there are so many."""
    touched: dict[str, int] = {}
    link = JudgingLink(connection)
    first = page_of(link, query, wanted, sort, None, limit=SHOWN)
    touched["first"] = link.touched
    if len(first) < SHOWN:
        return touched
    many = page_of(UnjudgedLink(connection), query, wanted, sort, None, limit=FAR)
    for page, last in (("second", first[-1]), ("far behind", many[-2])):
        link = JudgingLink(connection)
        page_of(link, query, wanted, sort, last.cursor, limit=SHOWN)
        touched[page] = link.touched
    return touched


def page_of(
    link: UnjudgedLink,
    query: str | None,
    wanted: DirectoryFilter,
    sort: DirectorySort | SearchSort,
    after: str | None,
    *,
    limit: int,
) -> Sequence[Listed]:
    who = PostgresResearchers(link)  # type: ignore[arg-type] # of a link it uses this alone
    if isinstance(sort, DirectorySort):
        return who.page(wanted=wanted, sort=sort, after=after, limit=limit, at=NOW)
    return who.search(query=query or "", wanted=wanted, sort=sort, after=after, limit=limit, at=NOW)
