"""Researchers edit their calendars while clients book at full speed, in several processes on one database."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from consulting.adapters.memory import MovingClock
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.inspection import PostgresInspection
from consulting.application.audit import Audit
from consulting.domain.errors import ConsultingError
from tests.integration.instance import PATIENCE
from tests.integration.races.arena import Arena, Hours, Round
from tests.integration.races.busy_calendars import book_busily, edit_busily
from tests.integration.races.crowd import DONE, PROCESSES, THREADS
from tests.unit.application.marketplace import NOON, Marketplace, client
from tests.unit.application.onlooker import Undo, Undone

EDITORS = 10
ENDS = ("booked", "hours", "block", "TimeIsBooked", "comes back")
BOOKERS = PROCESSES * THREADS - EDITORS


@pytest.mark.parametrize(
    ("researchers", "seconds"),
    [
        pytest.param(10, 5.0, id="10 researchers"),
        pytest.param(100, 60.0, id="100 researchers", marks=pytest.mark.proof),
    ],
)
def test_while_many_calendars_change_nobody_is_in_two_places_and_offered_stays_bookable(
    arena: Arena, seed: int, capsys: pytest.CaptureFixture[str], researchers: int, seconds: float
) -> None:
    for now in arena.rounds(1, seed=seed):
        calendars = [now.open_hours("09:00", "17:00", free=bool(number % 2)) for number in range(researchers)]

        seen = busy_time(now, calendars, seconds=seconds, seed=seed)
        until = time.monotonic() + PATIENCE
        while min(seen[end] for end in ENDS) < 10 and time.monotonic() < until:  # a slow machine needs longer for it
            seen += busy_time(now, calendars, seconds=seconds, seed=seed + seen.total())

        with capsys.disabled():
            print(f"\n{researchers} researchers, seed {seed}: {dict(sorted(seen.items()))}")  # noqa: T201
        assert set(seen) <= {
            "booked",
            "SlotUnavailable",
            "hours",
            "block",
            "comes back",
            "one-off",
            "TimeIsBooked",
            "TimeIsTaken",
            "RuleNotFound",
        }
        assert min(seen[end] for end in ENDS) >= 10
        for each in calendars:
            assert now.published(each.researcher) >= {session.period for session in now.sessions(each.researcher)}
            assert now.published(each.researcher) == now.rightly_published(each.researcher)
            check_that_offered_is_bookable(now.market, each)
        assert audited(arena) == []


def busy_time(now: Round, calendars: list[Hours], *, seconds: float, seed: int) -> Counter[str]:
    """Let all of them go on at once; every process and thread of the crowd is busy."""
    people = [each.researcher for each in calendars]
    editors = [
        partial(edit_busily, calendars=calendars[number::EDITORS], seconds=seconds, seed=f"{seed}:editor:{number}")
        for number in range(EDITORS)
    ]
    bookers = [
        partial(
            book_busily,
            name=now.arena.new_name("busy"),
            researchers=people,
            seconds=seconds,
            seed=f"{seed}:booker:{number}",
        )
        for number in range(BOOKERS)
    ]
    outcomes = now.race(*editors, *bookers)
    assert {outcome.name for outcome in outcomes} == {DONE}
    return sum((outcome.answer for outcome in outcomes), Counter[str]())


def check_that_offered_is_bookable(market: Marketplace, hours: Hours) -> None:
    """Book whatever is shown as somebody new, and undo it: it works exactly where it is shown as available."""
    probe = replace(market, transactions=Undone(market.transactions))
    for shown in market.offered(hours.researcher):
        try:
            probe.book(caller=client("probe"), time_slot_id=shown.slot.id)
        except Undo:
            assert shown.available, shown
        except ConsultingError:
            assert not shown.available, shown


def audited(arena: Arena) -> list[object]:
    """Do what `consulting audit` does, at the time of the race."""
    engine = open_engine(url=arena.premises.database_url, pool_size=1)
    try:
        return list(Audit(PostgresInspection(engine), MovingClock(NOON))())
    finally:
        engine.dispose()
