"""Among a hundred thousand researchers every page of the directory comes from indexes, and touches few blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from consulting.adapters.postgres import directory_pages
from consulting.adapters.postgres.directory_search import DirectorySearch
from consulting.adapters.postgres.engine import connect
from consulting.adapters.postgres.prepared import Prepared
from consulting.application.ports.directory import EVERYBODY, DirectoryFilter
from consulting.domain.directory import DirectorySort, SearchSort
from consulting.domain.money import Money
from tests.integration.postgres.directory_crowd import crowd
from tests.integration.postgres.many import NOW
from tests.integration.postgres.test_plans import Hot, explain, nodes

SHOWN = 21
LARGE = {"researchers", "openings", "time_slots", "sessions", "researcher_words", "vocabulary"}
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
}
WORDS = ("person", "zurich", "zurihc", "Zürich", "nobodyatall")
"""A word of everybody's, one of few, that one misspelt and with its accent, and one that nobody has."""
TWO_WORDS = ("machine learning", "mashine lerning")


def judged(connection: psycopg.Connection[Any], statement: Prepared, values: Mapping[str, Any]) -> int:
    """Give the blocks that it touches; fail if it reads a table from end to end."""
    plan = explain(connection, Hot(statement, dict(values), ()))
    whole = {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}
    assert not whole & LARGE, plan
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@dataclass
class JudgingLink:
    """Runs statements as they are, and judges each of them before."""

    connection: psycopg.Connection[Any]
    blocks: list[int] = field(default_factory=list)

    def rows(self, statement: Prepared, **values: Any) -> Sequence[Any]:
        self.blocks.append(judged(self.connection, statement, values))
        cursor = self.connection.cursor(row_factory=namedtuple_row)
        return cursor.execute(statement.sql, statement.values(values)).fetchall()


@pytest.mark.proof
def test_every_page_among_a_hundred_thousand_researchers_comes_from_indexes(module_database_url: str) -> None:
    crowd(module_database_url, researchers=100_000)
    with connect(url=module_database_url) as connection:
        connection.execute("SET plan_cache_mode = force_custom_plan")
        touched = {
            **{
                (name, str(sort)): listed(connection, FILTERS[name], sort)
                for name, sort in product(FILTERS, DirectorySort)
            },
            **{(word, str(sort)): found(connection, word, sort) for word, sort in product(WORDS, SearchSort)},
            **{(words, "relevance"): found(connection, words, SearchSort.RELEVANCE) for words in TWO_WORDS},
        }

    # A page has 21 people; each costs some blocks of indexes, of the people and of their slots.
    assert max(touched.values()) <= 600 * SHOWN, touched
    assert sorted(touched.values())[len(touched) // 2] <= 50 * SHOWN, touched


def listed(connection: psycopg.Connection[Any], wanted: DirectoryFilter, sort: DirectorySort) -> int:
    """Give the blocks that the first page touches."""
    statement, values = directory_pages.page(wanted=wanted, after=None, sort=sort)
    return judged(connection, statement, {**values, "limit": SHOWN, "at": NOW})


def found(connection: psycopg.Connection[Any], query: str, sort: SearchSort) -> int:
    link = JudgingLink(connection)
    search = DirectorySearch(link, query=query, wanted=EVERYBODY, limit=SHOWN, at=NOW)  # type: ignore[arg-type] # of a link it uses this alone
    if sort.as_listed is None:
        search.by_match(after=None)
    else:
        search.in_order(sort.as_listed, after=None)
    return sum(link.blocks)
