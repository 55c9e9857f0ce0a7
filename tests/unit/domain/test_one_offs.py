"""Where a one-off slot may be, and what stands there from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from consulting.adapters.contracts.strategies import Situation, one_off_slots, overrides, patterns, situations
from consulting.domain.availability import OneOffSlot, Override, Pattern, Rules
from consulting.domain.errors import TimeIsTaken, ValidationFailed
from consulting.domain.offering import slots
from consulting.domain.one_offs import require_place
from consulting.domain.period import Period
from consulting.domain.time_slots import Claim
from tests.unit.domain.rule_book import block, one_off, pattern, period, utc

_Hours = TypeVar("_Hours", Pattern, Override)
NOW = utc("2026-06-01 12:00")
MONDAYS = pattern(10)
"""Mondays from 07:00 to 10:00 in UTC, in June, in slots of an hour."""


def claim(start: str, end: str, *, expires_at: datetime | None = None) -> Claim:
    return Claim(
        session_id=UUID(int=500),
        user_id="ada",
        time_slot_id=UUID(int=600),
        period=period(start, end),
        expires_at=expires_at,
    )


def taken_by(slot: OneOffSlot, rules: Rules, *claims: Claim) -> dict[str, list[int]]:
    with pytest.raises(TimeIsTaken) as refused:
        require_place(slot, rules=rules, claims=claims, at=NOW)
    return {kind: [UUID(each).int for each in ids] for kind, ids in refused.value.details.items()}


@pytest.mark.parametrize("minutes", [0, -1, -60 * 24])
def test_it_is_still_to_come(minutes: int) -> None:
    start = NOW + timedelta(minutes=minutes)
    slot = replace(one_off("2026-06-08 13:00", "2026-06-08 14:00"), period=Period(start, start + timedelta(hours=1)))
    with pytest.raises(ValidationFailed) as refused:
        require_place(slot, rules=Rules(), claims=(), at=NOW)
    assert [problem.field for problem in refused.value.problems] == ["start_time"]


def test_what_is_on_offer_is_named_by_its_rule() -> None:
    rules = Rules(patterns=(MONDAYS,), one_offs=(one_off("2026-06-08 10:30", "2026-06-08 11:00", number=71),))
    assert taken_by(one_off("2026-06-08 09:59", "2026-06-08 10:59"), rules) == {"rules": [10, 71], "sessions": []}
    require_place(one_off("2026-06-08 10:00", "2026-06-08 10:30"), rules=rules, claims=(), at=NOW)
    require_place(one_off("2026-06-08 06:00", "2026-06-08 07:00"), rules=rules, claims=(), at=NOW)


def test_what_is_booked_is_named_until_its_hold_has_expired() -> None:
    slot = one_off("2026-06-08 13:00", "2026-06-08 14:00")
    assert taken_by(slot, Rules(), claim("2026-06-08 13:30", "2026-06-08 14:30")) == {"rules": [], "sessions": [500]}
    expired = claim("2026-06-08 13:30", "2026-06-08 14:30", expires_at=NOW)
    beside = claim("2026-06-08 14:00", "2026-06-08 15:00")
    require_place(slot, rules=Rules(), claims=(expired, beside), at=NOW)


def test_blocked_hours_leave_their_time_free_but_a_blocked_one_off_slot_does_not() -> None:
    off = block("2026-06-08 07:00", "2026-06-08 07:15")
    slot = one_off("2026-06-08 07:30", "2026-06-08 08:00")
    require_place(slot, rules=Rules(patterns=(MONDAYS,), blocks=(off,)), claims=(), at=NOW)
    blocked = Rules(one_offs=(one_off("2026-06-08 07:00", "2026-06-08 08:00", number=71),), blocks=(off,))
    assert taken_by(slot, blocked) == {"rules": [71], "sessions": []}


def test_one_that_stays_is_not_judged_again_and_one_that_moves_is() -> None:
    slot = one_off("2026-05-01 07:00", "2026-05-01 08:00")
    rules = Rules(one_offs=(slot,))
    require_place(slot, rules=rules, claims=(claim("2026-05-01 07:00", "2026-05-01 08:00"),), at=NOW)
    longer = replace(slot, period=period("2026-06-08 07:00", "2026-06-08 09:00"))
    here = replace(slot, period=period("2026-06-08 07:00", "2026-06-08 08:00"))
    require_place(longer, rules=Rules(one_offs=(here,)), claims=(), at=NOW)
    booked = claim("2026-06-08 07:00", "2026-06-08 08:00")
    assert taken_by(longer, Rules(one_offs=(here,)), booked) == {"rules": [], "sessions": [500]}


def test_one_that_was_moved_comes_back_to_exactly_the_time_that_is_booked_and_a_new_one_does_not() -> None:
    moved = one_off("2026-06-08 13:00", "2026-06-08 14:00")
    back = replace(moved, period=period("2026-06-08 07:00", "2026-06-08 08:00"))
    longer = replace(moved, period=period("2026-06-08 07:00", "2026-06-08 08:30"))
    booked = claim("2026-06-08 07:00", "2026-06-08 08:00")

    require_place(back, rules=Rules(one_offs=(moved,)), claims=(booked,), at=NOW)
    assert taken_by(longer, Rules(one_offs=(moved,)), booked) == {"rules": [], "sessions": [500]}
    assert taken_by(back, Rules(), booked) == {"rules": [], "sessions": [500]}
    weekly = Rules(one_offs=(moved,), patterns=(MONDAYS,))
    assert taken_by(back, weekly, booked) == {"rules": [10], "sessions": []}


@settings(max_examples=90, deadline=None)
@given(situations(), st.data())
def test_one_that_finds_a_place_adds_itself_and_takes_nothing_away(situation: Situation, data: st.DataObject) -> None:
    rules, during = situation.rules, situation.during
    slot = data.draw(one_off_slots(around=during.start + during.duration / 2))
    assume(slot.id not in {each.id for each in rules.all} and during.contains(slot.period.start))
    before = slots(rules=rules, during=during)
    try:
        require_place(slot, rules=rules, claims=(), at=during.start - timedelta(days=9))
    except TimeIsTaken:
        event("refused")
        there = [each.period for each in before] + [each.period for each in rules.one_offs]
        taken = any(each.overlaps(slot.period) for each in there)
        assert taken or slot.period.end > during.end or slot.period.start - during.start < timedelta(hours=8)
        return
    event("placed")
    after = slots(rules=replace(rules, one_offs=(*rules.one_offs, slot)), during=during)
    blocked = any(each.period.overlaps(slot.period) for each in rules.blocks)
    assert {each.source for each in after if each not in before} == (set() if blocked else {slot.id})
    assert set(before) <= set(after)


@settings(max_examples=60, deadline=None)
@given(situations(), st.data())
def test_one_stands_whatever_hours_are_set_later(situation: Situation, data: st.DataObject) -> None:
    middle = situation.during.start + situation.during.duration / 2
    single = data.draw(st.lists(one_off_slots(around=middle), min_size=1, max_size=3, unique_by=lambda slot: slot.id))
    alone = Rules(one_offs=tuple(single), blocks=situation.rules.blocks)
    weekly = data.draw(st.lists(patterns(around=middle.date()), max_size=4))
    dated = data.draw(st.lists(overrides(around=middle.date()), max_size=2))
    changed = replace(alone, patterns=_others(weekly, single), overrides=_others(dated, single))

    given_alone = slots(rules=alone, during=situation.during)

    event("some stand" if given_alone else "none stands")
    assert set(given_alone) <= set(slots(rules=changed, during=situation.during))


def _others(rules: list[_Hours], single: list[OneOffSlot]) -> tuple[_Hours, ...]:
    taken = {slot.id for slot in single}
    return tuple(rule for rule in rules if rule.id not in taken)
