from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from consulting.adapters.contracts.turns import at_once
from consulting.adapters.memory import (
    MemoryMailer,
    MemoryMeetingRooms,
    MemoryPaymentGateway,
    MovingClock,
    PlainLetters,
)
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.identifiers import TimeOrderedIdentities
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.domain.errors import ReviewExists
from consulting.domain.researchers import Rating, Researcher
from tests.unit.application.marketplace import NOON, Marketplace, client

CLIENTS = 6


@pytest.fixture
def market(database_url: str) -> Iterator[Marketplace]:
    engine = open_engine(url=database_url, pool_size=CLIENTS)
    yield Marketplace(
        transactions=PostgresTransactions(engine),
        clock=MovingClock(NOON),
        ids=TimeOrderedIdentities(),
        gateway=MemoryPaymentGateway(),
        rooms=MemoryMeetingRooms(),
        mailer=MemoryMailer(),
        letters=PlainLetters(),
    )
    engine.dispose()


@pytest.fixture
def researcher(market: Marketplace) -> Researcher:
    researcher = market.add_researcher("lise", rate=0)
    market.set_hours(researcher, "09:00", "12:00", pattern_ids=lambda _: market.ids.new())
    market.publish(researcher.id)
    return researcher


def rating_of(market: Marketplace, researcher: Researcher) -> Rating:
    with market.transactions.begin() as tx:
        found = tx.researchers.get(researcher.id)
    assert found is not None
    return found.rating


def test_of_reviews_that_come_at_once_each_is_counted_once(market: Marketplace, researcher: Researcher) -> None:
    free = [each for each in market.offered(researcher) if each.available][:CLIENTS]
    people = [client(f"client-{number}") for number in range(CLIENTS)]
    sessions = [
        market.book(caller=who, time_slot_id=each.slot.id).session for who, each in zip(people, free, strict=True)
    ]
    assert isinstance(market.clock, MovingClock)
    market.clock.advance(timedelta(days=5))

    def write(place: int, stars: int) -> object:
        return market.review(sessions[place].id, stars=stars, comment=None, caller=people[place])

    first = at_once(*(partial(write, place, 1 + place % 5) for place in range(CLIENTS)))
    given = [1 + place % 5 for place in range(CLIENTS)]
    assert [outcome.raised for outcome in first] == [None] * CLIENTS
    assert rating_of(market, researcher) == Rating(sum(given), CLIENTS)

    again = at_once(*(partial(write, 0, 5) for _ in range(CLIENTS)))
    assert {type(outcome.raised) for outcome in again} == {ReviewExists}
    assert rating_of(market, researcher) == Rating(sum(given), CLIENTS)


def test_changes_of_reviews_at_once_are_all_counted(market: Marketplace, researcher: Researcher) -> None:
    free = [each for each in market.offered(researcher) if each.available][:2]
    people = [client("ada"), client("bea")]
    sessions = [
        market.book(caller=who, time_slot_id=each.slot.id).session for who, each in zip(people, free, strict=True)
    ]
    assert isinstance(market.clock, MovingClock)
    market.clock.advance(timedelta(days=5))
    market.review(sessions[0].id, stars=5, comment=None, caller=people[0])

    outcomes = at_once(
        partial(market.edit_review, sessions[0].id, stars=2, comment=None, caller=people[0]),
        partial(market.review, sessions[1].id, stars=4, comment=None, caller=people[1]),
    )

    assert [outcome.raised for outcome in outcomes] == [None, None]
    assert rating_of(market, researcher) == Rating(6, 2)
