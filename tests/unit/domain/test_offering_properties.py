"""What holds for the slots of any rules, in any zone, on any day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

from hypothesis import event, given, settings
from hypothesis import strategies as st

from consulting.adapters.contracts.strategies import Situation, blocks, clock_changes, every_timezone, situations
from consulting.domain.availability import Pattern, Rules
from consulting.domain.local_time import LocalClock, LocalWindow, zone
from consulting.domain.offering import OfferedPeriod, expand, explain, slots
from consulting.domain.period import Period
from tests.unit.domain.rule_book import RESEARCHER
from tests.unit.domain.wall_clock import slots_by_wall_clock

QUARTER = timedelta(minutes=15)


@settings(max_examples=90, deadline=None)
@given(situations())
def test_slots_are_those_that_a_look_at_the_wall_clock_at_each_minute_gives(situation: Situation) -> None:
    offered = slots(rules=situation.rules, during=situation.during)
    event("slots" if offered else "no slots")
    found = [(each.period.start, each.period.end, each.source) for each in offered]
    assert found == slots_by_wall_clock(rules=situation.rules, during=situation.during)


@settings(max_examples=60, deadline=None)
@given(situations(), st.data())
def test_a_range_in_parts_and_rules_in_any_order_give_the_same(situation: Situation, data: st.DataObject) -> None:
    rules, during = situation.rules, situation.during
    share = data.draw(st.floats(0.01, 0.99), label="where the range is cut")
    middle = during.start + during.duration * share
    parts = [expand(rules=rules, during=part) for part in (Period(during.start, middle), Period(middle, during.end))]
    turned = Rules(
        patterns=rules.patterns[::-1],
        overrides=rules.overrides[::-1],
        one_offs=rules.one_offs[::-1],
        blocks=rules.blocks[::-1],
    )
    whole = expand(rules=turned, during=during)
    assert whole.slots == parts[0].slots + parts[1].slots
    assert whole.shadowed == parts[0].shadowed + parts[1].shadowed


@settings(max_examples=60, deadline=None)
@given(situations(), st.data())
def test_one_more_block_takes_away_what_overlaps_it_and_nothing_else(situation: Situation, data: st.DataObject) -> None:
    rules, during = situation.rules, situation.during
    before = slots(rules=rules, during=during)
    around = data.draw(st.sampled_from([each.period.start for each in before] or [during.start]))
    block = data.draw(blocks(around=around))
    after = slots(rules=replace(rules, blocks=(*rules.blocks, block)), during=during)
    event("took some away" if after != before else "took none away")
    assert after == tuple(each for each in before if not each.period.overlaps(block.period))


@settings(max_examples=60, deadline=None)
@given(situations())
def test_offered_slots_never_overlap_and_shadowed_ones_overlap_their_winner(situation: Situation) -> None:
    found = expand(rules=situation.rules, during=situation.during)
    event("shadowed some" if found.shadowed else "shadowed none")
    assert_apart(found.slots)
    for each in found.shadowed:
        assert each.slot.period.overlaps(each.by.period)
        assert each.slot not in found.slots


@settings(max_examples=60, deadline=None)
@given(situations())
def test_an_explanation_agrees_with_what_is_offered(situation: Situation) -> None:
    found = expand(rules=situation.rules, during=situation.during)
    for each in found.slots[:5]:
        told = explain(rules=situation.rules, at=each.period.end - timedelta(microseconds=1))
        assert told.offered == each
        assert each.source in told.hours
        assert told.blocks == ()
    for gone in found.shadowed[:5]:
        assert gone in explain(rules=situation.rules, at=gone.slot.period.start).gave_way


def test_around_every_clock_change_of_every_zone_slots_keep_to_local_hours_and_full_length() -> None:
    for name in every_timezone():
        random = Random(name)
        for change in clock_changes(name):
            patterns = {each.id: each for each in random_patterns(random, name, change)}
            rules = Rules(patterns=tuple(patterns.values()))
            found = slots(rules=rules, during=Period(change - timedelta(days=1), change + timedelta(days=1)))
            assert_apart(found)
            for each in found:
                assert_keeps_to(patterns[each.source], each.period)


def random_patterns(random: Random, name: str, change: datetime) -> list[Pattern]:
    """Give two patterns with hours on the day of the change, in quarters of an hour."""
    on = change.astimezone(zone(name)).date()
    starts = random.sample(range(96), 2)
    lengths = random.choices((2, 4, 9, 14, 24), k=2)
    return [
        Pattern(
            id=UUID(int=number + 1),
            researcher_id=RESEARCHER,
            weekday=on.weekday(),
            window=LocalWindow(start=LocalClock(start * 15), end=LocalClock((start + length) * 15 % 1440)),
            timezone=name,
            slot_minutes=random.choice((15, 30, 45, 60)),
            gap_minutes=random.choice((0, 0, 15)),
            valid_from=on,
        )
        for number, (start, length) in enumerate(zip(starts, lengths, strict=True))
    ]


def assert_apart(offered: tuple[OfferedPeriod, ...]) -> None:
    for one, other in pairwise(offered):
        assert one.period.end <= other.period.start


def assert_keeps_to(pattern: Pattern, period: Period) -> None:
    """Assert that the slot has its full length and that the wall clock reads the pattern's hours all through it."""
    assert period.duration == timedelta(minutes=pattern.slot_minutes)
    opening, closing = hours_on(pattern.valid_from, pattern.window)
    at = period.start
    while at < period.end:
        reading = at.astimezone(zone(pattern.timezone)).replace(tzinfo=None)
        assert opening <= reading < closing, (pattern.timezone, period)
        at += QUARTER


def hours_on(on: date, window: LocalWindow) -> tuple[datetime, datetime]:
    midnight = datetime.combine(on, time.min)
    opening, closing = (midnight + timedelta(minutes=clock.minutes) for clock in (window.start, window.end))
    return opening, closing if closing > opening else closing + timedelta(days=1)
