"""Whoever changes what they are found by takes turns with others, and keeps nobody waiting for their own calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from consulting.application.register import ChangeResearcher
from consulting.domain.money import Money
from consulting.domain.researchers import Researcher
from tests.integration.instance import PATIENCE, eventually
from tests.integration.postgres.marketplaces import joined, marketplace_over
from tests.unit.application.marketplace import ADMIN, Marketplace, account_of

Change = Callable[[Marketplace, Researcher], object]


@pytest.fixture
def market(database_url: str) -> Iterator[Marketplace]:
    with marketplace_over(database_url, connections=4) as market:
        yield market


def costs_more(market: Marketplace, who: Researcher) -> object:
    return market.edit_profile(lambda one: replace(one, rate=one.rate + Money(100, "usd")), caller=account_of(who))


def is_back(market: Marketplace, who: Researcher) -> object:
    change = ChangeResearcher(market.transactions, market.clock, market.ids, timedelta(days=30))
    change(who.id, changes={"active": False}, caller=ADMIN)
    return change(who.id, changes={"active": True}, caller=ADMIN)


@pytest.mark.parametrize("change", [costs_more, is_back])
def test_who_waits_for_their_own_slots_keeps_no_other_waiting(
    market: Marketplace, database_url: str, change: Change
) -> None:
    lise, emmy = joined(market, "lise"), joined(market, "emmy")

    with ThreadPoolExecutor(1) as thread:
        with psycopg.connect(database_url) as booking:
            booking.execute("SELECT FROM time_slots WHERE researcher_id = %s FOR UPDATE", [lise.id])
            waiting = thread.submit(change, market, lise)
            eventually(lambda: waits(database_url))

            change(market, emmy)

            assert not waiting.done()
        waiting.result(PATIENCE)


def waits(url: str) -> bool:
    """Tell whether somebody waits for a row."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND wait_event <> 'advisory'"
    )
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone() == (1,)
