from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest

from consulting.adapters.contracts.turns import HEAD_START, PATIENCE, at_once
from consulting.adapters.memory import MovingClock
from consulting.application.hiding import HideReview, ShowReview
from consulting.application.reviewing import AnswerReview
from consulting.domain.errors import ReviewExists, ReviewNotFound
from consulting.domain.researchers import Rating, Researcher
from consulting.domain.reviews import Review
from tests.integration.postgres.marketplaces import joined, marketplace_over
from tests.unit.application.marketplace import ADMIN, Marketplace, account_of, client

CLIENTS = 6


@pytest.fixture
def market(database_url: str) -> Iterator[Marketplace]:
    with marketplace_over(database_url, connections=CLIENTS) as market:
        yield market


@pytest.fixture
def researcher(market: Marketplace) -> Researcher:
    return joined(market, "lise", rate=0)


def rating_of(market: Marketplace, researcher: Researcher) -> Rating:
    with market.transactions.begin() as tx:
        found = tx.researchers.get(researcher.id)
    assert found is not None
    return found.rating


@pytest.fixture
def review(market: Marketplace, researcher: Researcher) -> Review:
    """What Ada said of a session that is over."""
    free = next(each for each in market.offered(researcher) if each.available)
    session = market.book(caller=client("ada"), time_slot_id=free.slot.id).session
    assert isinstance(market.clock, MovingClock)
    market.clock.advance(timedelta(days=5))
    return market.review(session.id, stars=5, comment="from Ada", caller=client("ada"))


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


@pytest.mark.parametrize("who", ["researcher", "admin who hides", "admin who shows", "client"])
def test_whoever_changes_a_review_while_its_client_is_erased_brings_nothing_back(
    market: Marketplace, researcher: Researcher, review: Review, who: str
) -> None:
    hide = HideReview(market.transactions, market.clock, market.ids)
    if who == "admin who shows":
        hide(review.id, reason="rude", caller=ADMIN)
    acts: dict[str, Callable[[], Review]] = {
        "researcher": partial(
            AnswerReview(market.transactions, market.clock), review.id, answer="Thanks", caller=account_of(researcher)
        ),
        "admin who hides": partial(hide, review.id, reason="rude", caller=ADMIN),
        "admin who shows": partial(ShowReview(market.transactions, market.clock, market.ids), review.id, caller=ADMIN),
        "client": partial(market.edit_review, review.session_id, stars=1, comment="Ada again", caller=client("ada")),
    }

    with ThreadPoolExecutor(1) as threads:
        with market.transactions.begin() as tx:
            tx.sessions.lock(review.session_id)
            tx.personal_data.forget("ada", session_ids=[review.session_id], pseudonym="erased:1")
            change = threads.submit(acts[who])
            time.sleep(2 * HEAD_START)
        if who == "client":
            with pytest.raises(ReviewNotFound):
                change.result(PATIENCE)
        else:
            change.result(PATIENCE)

    with market.transactions.begin() as tx:
        kept = tx.reviews.get(review.id)
    assert kept is not None
    assert (kept.user_id, kept.comment) == ("erased:1", None)
