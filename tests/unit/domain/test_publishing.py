"""Publishing changes only what must change, and never takes a slot from its session."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from uuid import UUID

from hypothesis import event, given, settings
from hypothesis import strategies as st

from consulting.adapters.contracts.strategies import Situation, published_slots, situations
from consulting.domain.availability import Rules
from consulting.domain.offering import OfferedPeriod, slots
from consulting.domain.period import Period
from consulting.domain.publishing import Publication, PublishedSlot, difference
from tests.unit.domain.rule_book import days, override, pattern, period, utc

NINE = period("2026-06-08 09:00", "2026-06-08 10:00")
HALF_PAST_NINE = period("2026-06-08 09:30", "2026-06-08 10:30")
TEN = period("2026-06-08 10:00", "2026-06-08 11:00")
QUARTER = NINE.duration / 4
ELEVEN = period("2026-06-08 11:00", "2026-06-08 12:00")


def slot(number: int, during: Period, **state: bool) -> PublishedSlot:
    return PublishedSlot(id=UUID(int=number), period=during, **state)


def carried_out(publication: Publication, *, on: tuple[PublishedSlot, ...]) -> tuple[PublishedSlot, ...]:
    """What is published after the change, as a database would hold it."""
    gone, back = set(publication.withdraw), set(publication.revive)
    given_again = {*gone, *back, *publication.restore}
    changed = [
        replace(
            each,
            withdrawn=each.id in gone or (each.withdrawn and each.id not in back),
            retired=each.id in publication.retire or (each.retired and each.id not in given_again),
        )
        for each in on
    ]
    free_id = max((each.id.int for each in on), default=0) + 1
    return (*changed, *(slot(free_id + number, each) for number, each in enumerate(publication.add)))


def on_offer(published: tuple[PublishedSlot, ...]) -> list[Period]:
    return sorted(each.period for each in published if each.booked or not each.withdrawn)


def assert_apart(periods: list[Period]) -> None:
    assert not any(one.overlaps(other) for one, other in combinations(periods, 2))


def test_what_is_not_published_yet_is_added() -> None:
    offered = OfferedPeriod(period=NINE, source=UUID(int=10))
    assert difference(wanted=[TEN, offered], published=[]) == Publication(add=(NINE, TEN))


def test_a_slot_keeps_its_id_while_its_period_stays() -> None:
    found = difference(wanted=[NINE], published=[slot(1, NINE)])
    assert found == Publication(keep=(UUID(int=1),))
    assert found.changes_nothing


def test_a_free_slot_that_the_rules_no_longer_give_is_withdrawn() -> None:
    found = difference(wanted=[HALF_PAST_NINE], published=[slot(1, NINE)])
    assert found == Publication(add=(HALF_PAST_NINE,), withdraw=(UUID(int=1),))


def test_a_slot_of_another_length_is_another_slot() -> None:
    longer = Period(NINE.start, TEN.end)
    assert difference(wanted=[longer], published=[slot(1, NINE)]).withdraw == (UUID(int=1),)


def test_a_booked_slot_stays_though_the_rules_no_longer_give_it() -> None:
    kept = (UUID(int=1),)
    assert difference(wanted=[], published=[slot(1, NINE, booked=True)]) == Publication(kept_booked=kept, retire=kept)


def test_a_booked_slot_that_the_rules_give_again_can_be_booked_again_once_it_is_free() -> None:
    retired = slot(1, NINE, booked=True, retired=True)
    kept = (UUID(int=1),)
    assert difference(wanted=[NINE], published=[retired]) == Publication(kept_booked=kept, restore=kept)
    assert difference(wanted=[], published=[retired]).changes_nothing


def test_a_retired_slot_that_is_free_again_is_kept_or_withdrawn_as_the_rules_say() -> None:
    retired = slot(1, NINE, retired=True)
    kept = (UUID(int=1),)
    assert difference(wanted=[NINE], published=[retired]) == Publication(keep=kept, restore=kept)
    assert difference(wanted=[], published=[retired]) == Publication(withdraw=kept)


def test_of_booked_slots_only_those_that_start_in_the_range_are_judged() -> None:
    during = Period(TEN.start, ELEVEN.end)
    booked = [slot(1, NINE, booked=True), slot(2, TEN, booked=True)]
    found = difference(wanted=[], published=booked, during=during)
    assert (found.kept_booked, found.retire) == ((UUID(int=1), UUID(int=2)), (UUID(int=2),))


def test_what_overlaps_a_booked_slot_is_not_published() -> None:
    found = difference(wanted=[HALF_PAST_NINE, ELEVEN], published=[slot(1, NINE, booked=True)])
    assert found == Publication(add=(ELEVEN,), kept_booked=(UUID(int=1),), retire=(UUID(int=1),))


def test_a_published_slot_that_overlaps_a_booked_one_is_withdrawn() -> None:
    booked = slot(1, NINE, booked=True, withdrawn=True)
    found = difference(wanted=[HALF_PAST_NINE], published=[booked, slot(2, HALF_PAST_NINE)])
    assert found == Publication(withdraw=(UUID(int=2),), kept_booked=(UUID(int=1),))


def test_a_booked_slot_hides_nothing_beyond_its_end_even_next_to_a_longer_one() -> None:
    long = period("2026-06-08 06:00", "2026-06-08 10:30")
    found = difference(wanted=[TEN, ELEVEN], published=[slot(1, long, booked=True), slot(2, NINE, booked=True)])
    assert found.add == (ELEVEN,)


def test_a_withdrawn_slot_of_the_same_period_is_revived_before_a_new_one_is_added() -> None:
    assert difference(wanted=[NINE], published=[slot(1, NINE, withdrawn=True)]) == Publication(revive=(UUID(int=1),))


def test_of_several_withdrawn_slots_of_one_period_one_is_revived() -> None:
    twins = [slot(2, NINE, withdrawn=True), slot(1, NINE, withdrawn=True)]
    assert difference(wanted=[NINE], published=twins) == Publication(revive=(UUID(int=1),))
    assert difference(wanted=[NINE], published=[*twins, slot(3, NINE)]) == Publication(keep=(UUID(int=3),))


def test_a_withdrawn_slot_that_nobody_wants_stays_withdrawn() -> None:
    assert difference(wanted=[], published=[slot(1, NINE, withdrawn=True)]) == Publication()


def test_of_wanted_periods_that_overlap_the_one_named_first_is_published() -> None:
    assert difference(wanted=[HALF_PAST_NINE, NINE], published=[]).add == (HALF_PAST_NINE,)
    assert difference(wanted=[NINE, HALF_PAST_NINE, NINE], published=[slot(1, HALF_PAST_NINE)]).add == (NINE,)


def test_slots_that_start_outside_the_range_stay_and_keep_their_time() -> None:
    outside = [slot(1, NINE), slot(2, ELEVEN, withdrawn=True)]
    during = Period(utc("2026-06-08 09:15"), utc("2026-06-08 11:00"))
    found = difference(wanted=[HALF_PAST_NINE, TEN, ELEVEN], published=outside, during=during)
    assert found == Publication(add=(TEN,))


def test_an_edited_pattern_moves_free_slots_and_leaves_the_booked_one() -> None:
    monday = days("2026-06-08")
    before = Rules(patterns=(pattern(),))
    after = Rules(patterns=(pattern(),), overrides=(override(windows=("09:30-12:30",)),))
    first = difference(wanted=slots(rules=before, during=monday), published=[])
    published = tuple(slot(number, each, booked=number == 2) for number, each in enumerate(first.add, start=1))
    found = difference(wanted=slots(rules=after, during=monday), published=published)
    assert found.kept_booked == (UUID(int=2),)
    assert found.withdraw == (UUID(int=1), UUID(int=3))
    assert found.add == (period("2026-06-08 09:30", "2026-06-08 10:30"),)


PERIODS = st.builds(
    lambda quarters, length: Period(NINE.start + quarters * QUARTER, NINE.start + (quarters + length) * QUARTER),
    st.integers(0, 24),
    st.sampled_from((4, 2, 8)),
)


@settings(max_examples=200, deadline=None)
@given(wanted=st.lists(PERIODS, max_size=8), published=published_slots(candidates=PERIODS))
def test_published_slots_never_overlap_and_booked_ones_stay(
    wanted: list[Period], published: tuple[PublishedSlot, ...]
) -> None:
    found = difference(wanted=wanted, published=published)
    after = carried_out(found, on=published)
    booked = {each for each in published if each.booked}
    event("changed nothing" if found.changes_nothing else "changed something")
    assert_apart(on_offer(after))
    assert {each.id: each.period for each in booked}.items() <= {each.id: each.period for each in after}.items()
    assert all(each.retired == (each.period not in wanted) for each in after if each.booked and not each.withdrawn)
    assert not any(each.retired for each in after if not each.booked and not each.withdrawn)
    assert set(found.kept_booked) == {each.id for each in booked}
    assert {each.id for each in published} <= {each.id for each in after}
    free = {each.period for each in after if not each.booked and not each.withdrawn}
    assert free <= set(wanted)
    for each in wanted:
        assert any(each.overlaps(other) for other in on_offer(after))


@settings(max_examples=100, deadline=None)
@given(wanted=st.lists(PERIODS, max_size=8), published=published_slots(candidates=PERIODS), part=st.none() | PERIODS)
def test_publishing_twice_changes_nothing(
    wanted: list[Period], published: tuple[PublishedSlot, ...], part: Period | None
) -> None:
    after = carried_out(difference(wanted=wanted, published=published, during=part), on=published)
    assert_apart(on_offer(after))
    assert difference(wanted=wanted, published=after, during=part).changes_nothing


@settings(max_examples=100, deadline=None)
@given(wanted=st.lists(PERIODS, max_size=8), published=published_slots(candidates=PERIODS), part=PERIODS)
def test_slots_outside_the_range_are_left_alone(
    wanted: list[Period], published: tuple[PublishedSlot, ...], part: Period
) -> None:
    after = carried_out(difference(wanted=wanted, published=published, during=part), on=published)
    assert all(part.contains(changed.period.start) for changed in set(after) - set(published))


@settings(max_examples=40, deadline=None)
@given(situations())
def test_rules_edited_and_edited_back_give_every_free_slot_its_id_again(situation: Situation) -> None:
    wanted = slots(rules=situation.rules, during=situation.during)
    first = carried_out(difference(wanted=wanted, published=()), on=())
    emptied = carried_out(difference(wanted=(), published=first), on=first)
    again = carried_out(difference(wanted=wanted, published=emptied), on=emptied)
    assert on_offer(first) == [each.period for each in wanted]
    assert on_offer(emptied) == []
    assert again == first
