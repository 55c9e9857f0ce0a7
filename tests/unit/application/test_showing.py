"""The same list is shown again as long as nobody could see a difference, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from consulting.adapters.contracts import sample
from consulting.application.callers import ADMIN, Caller
from consulting.application.ports.records import Offer, Offers
from consulting.application.showing import Shown, shown_to
from consulting.domain.time_slots import Claim

NOW = sample.after(hours=1)
MOMENT = timedelta(microseconds=1)
DEADLINE = NOW + timedelta(minutes=15)
SLOT = sample.slot(1)
RESEARCHER = replace(sample.researcher(), notice=timedelta(hours=2), horizon=timedelta(days=60))
START = SLOT.period.start
HOLD = Claim(
    session_id=sample.identity("session", 1),
    user_id="ada",
    time_slot_id=SLOT.id,
    period=SLOT.period,
    expires_at=DEADLINE,
)


def caller(user_id: str, *roles: str) -> Caller:
    return Caller(user_id=user_id, roles=frozenset(roles))


def offers(*claims: Claim) -> Offers:
    return Offers([Offer(slot=SLOT, researcher=RESEARCHER, claims=claims)])


def free(shown: Shown) -> list[bool]:
    return [each.available for each in shown]


def test_strangers_are_shown_the_same_object_while_nothing_turns() -> None:
    seen = offers(HOLD)

    first = shown_to(None, seen, at=NOW)

    assert free(first) == [False]
    assert shown_to(None, seen, at=DEADLINE - MOMENT) is first
    assert shown_to(None, offers(HOLD), at=NOW) is not first


@pytest.mark.parametrize(
    ("before", "after", "turned"),
    [
        (DEADLINE - MOMENT, DEADLINE, lambda: offers(HOLD)),
        (START - RESEARCHER.notice, START - RESEARCHER.notice + MOMENT, offers),
        (START - RESEARCHER.horizon - MOMENT, START - RESEARCHER.horizon, offers),
    ],
    ids=["a hold expires", "the notice is too short", "the horizon is reached"],
)
def test_what_turns_by_time_alone_is_shown_at_that_very_instant(
    before: datetime, after: datetime, turned: Callable[[], Offers]
) -> None:
    seen = turned()

    earlier = free(shown_to(None, seen, at=before))

    assert free(shown_to(None, seen, at=after)) == [not earlier[0]]
    assert free(shown_to(None, seen, at=before)) == earlier  # the clock may be set back


def test_each_instant_is_judged_as_if_it_were_the_first() -> None:
    seen = offers(HOLD)
    moments = [NOW, DEADLINE, START - RESEARCHER.notice, START, START + timedelta(days=1)]
    for at in (*moments, *reversed(moments)):
        assert list(shown_to(None, seen, at=at)) == list(shown_to(None, offers(HOLD), at=at))


def test_who_may_know_of_a_session_is_shown_it_and_nobody_else_is() -> None:
    seen = offers(HOLD)
    strangers = shown_to(None, seen, at=NOW)
    researcher = caller(str(RESEARCHER.user_id))

    told = [shown_to(who, seen, at=NOW) for who in (caller("ada"), researcher, caller("root", ADMIN))]

    assert [[each.session_id for each in shown] for shown in told] == [[HOLD.session_id]] * 3
    assert [each.session_id for each in strangers] == [None]
    assert shown_to(caller("bob"), seen, at=NOW) is strangers
    assert shown_to(None, seen, at=NOW) is strangers


def test_where_there_is_no_slot_nothing_is_shown() -> None:
    seen = Offers()

    assert list(shown_to(None, seen, at=NOW)) == []
    assert shown_to(caller("ada"), seen, at=NOW + timedelta(days=400)) is seen.kept
