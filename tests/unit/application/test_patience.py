from __future__ import annotations

from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from consulting.application.patience import (
    LONGEST_AT_START,
    LONGEST_WAIT,
    MOST_TRIES,
    MOST_TRIES_WHEN_NEAR,
    NEAR,
    backoff,
    next_wait,
)
from consulting.application.ports.mailer import Kind
from consulting.application.ports.outbox import Errand, Lane, LeasedEntry, OutboxEntry
from consulting.domain.period import Period
from tests.unit.application.marketplace import NOON

SECOND = timedelta(seconds=1)


def test_each_wait_is_twice_as_long_as_the_one_before_up_to_an_hour() -> None:
    class Longest(Random):
        def random(self) -> float:
            return 0.0

    waits = [backoff(attempt=attempt, random=Longest()) for attempt in range(1, 16)]

    assert waits[:5] == [SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND, 16 * SECOND]
    assert waits[-1] == LONGEST_WAIT


def test_the_tries_last_about_a_day_however_the_waits_are_shortened() -> None:
    days = [
        sum((backoff(attempt=attempt, random=random) for attempt in range(1, MOST_TRIES)), timedelta())
        for random in map(Random, range(100))
    ]

    assert timedelta(hours=20) < min(days)
    assert timedelta(hours=30) > max(days)


def test_a_wait_is_shortened_by_up_to_half_at_random_so_that_not_all_come_back_at_once() -> None:
    random = Random(7)

    waits = {backoff(attempt=5, random=random) for _ in range(100)}

    assert len(waits) == 100
    assert all(8 * SECOND <= wait <= 16 * SECOND for wait in waits)


# What is worth something only before the start


SESSION = Period(NOON, NOON + timedelta(hours=1))


def tried(errand: Errand, attempt: int, **data: str) -> LeasedEntry:
    entry = OutboxEntry(
        id=UUID(int=1),
        errand=errand,
        lane=Lane.MAIL,
        session_id=UUID(int=2),
        data=data,
        due_at=NOON,
        recorded_at=NOON,
    )
    return LeasedEntry(entry=entry, attempt=attempt, leased_by="worker", leased_until=NOON)


URGENT = [
    (Errand.CREATE_MEETING, {}),
    (Errand.MOVE_MEETING, {}),
    *((Errand.NOTIFY, {"kind": kind.value}) for kind in (Kind.CONFIRMATION, Kind.LINK, Kind.RESCHEDULED)),
]


@pytest.mark.parametrize(("errand", "data"), URGENT)
def test_what_people_need_before_the_start_waits_minutes_when_it_is_near(errand: Errand, data: dict[str, str]) -> None:
    waits = {
        left: next_wait(
            tried(errand, 30, **data), session=SESSION, random=Random(1), at=SESSION.start - timedelta(hours=left)
        )
        for left in (48, 7, 3, 1, 0.1, -0.5)
    }

    longest: dict[float, timedelta] = {
        48: LONGEST_WAIT,
        7: LONGEST_WAIT,
        3: timedelta(minutes=30),
        1: timedelta(minutes=10),
    }
    for left, wait in waits.items():
        bound = longest.get(left, LONGEST_AT_START)
        assert wait is not None
        assert bound / 2 <= wait <= bound


@pytest.mark.parametrize(("errand", "data"), [(Errand.REFUND, {}), (Errand.NOTIFY, {"kind": "receipt"})])
def test_what_has_nothing_to_do_with_the_start_waits_as_ever(errand: Errand, data: dict[str, str]) -> None:
    wait = next_wait(tried(errand, 30, **data), session=SESSION, random=Random(1), at=SESSION.start)

    assert wait is not None
    assert wait >= LONGEST_WAIT / 2


@pytest.mark.parametrize("ahead", [0.5, 2, 6, 12, 20])
def test_nothing_that_people_need_is_given_up_while_the_start_comes_near_and_nothing_is_tried_without_end(
    ahead: float,
) -> None:
    for random in map(Random, range(50)):
        at, attempt = SESSION.start - timedelta(hours=ahead), 1
        while (
            wait := next_wait(tried(Errand.CREATE_MEETING, attempt), session=SESSION, random=random, at=at)
        ) is not None:
            at, attempt = at + wait, attempt + 1
        assert at >= SESSION.end
        assert MOST_TRIES <= attempt <= MOST_TRIES_WHEN_NEAR


def test_what_failed_for_a_day_before_the_start_came_near_is_given_up() -> None:
    far = SESSION.start - NEAR - SECOND

    assert next_wait(tried(Errand.CREATE_MEETING, MOST_TRIES), session=SESSION, random=Random(1), at=far) is None
