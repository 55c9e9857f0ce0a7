"""A week that becomes like another: what is kept for it, by the wall clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from consulting.domain.availability import Block, OneOffSlot, Override, Pattern, Rules
from consulting.domain.errors import ValidationFailed
from consulting.domain.local_time import LocalWindow, zone
from consulting.domain.offering import slots
from consulting.domain.period import Period
from consulting.domain.weeks import CopiedWeek, copy_week

CURIE = UUID(int=1)
MONDAY, NEXT = date(2026, 10, 19), date(2026, 10, 26)
"""The Monday before the clocks go back in Berlin, and the one after."""
BEFORE = datetime(2026, 10, 1, 12, tzinfo=UTC)
MORNING, EVENING = LocalWindow.parse(start="09:00", end="12:00"), LocalWindow.parse(start="18:00", end="20:00")


def weekly(number: int = 1, **changes: Any) -> Pattern:
    pattern = Pattern(
        id=UUID(int=number),
        researcher_id=CURIE,
        weekday=0,
        window=MORNING,
        timezone="Europe/Berlin",
        slot_minutes=60,
        valid_from=date(2026, 1, 5),
    )
    return replace(pattern, **changes)


def other_hours(on: date, *windows: LocalWindow) -> Override:
    return Override(
        id=UUID(int=on.toordinal()),
        researcher_id=CURIE,
        date=on,
        timezone="Europe/Berlin",
        windows=windows,
        slot_minutes=30,
    )


def off(start: datetime, end: datetime) -> Block:
    return Block(id=UUID(int=7), researcher_id=CURIE, period=Period(start, end), reason="Away")


def ids() -> Callable[[], UUID]:
    numbers = count(1000)
    return lambda: UUID(int=next(numbers))


def once(start: datetime, *, number: int = 8) -> OneOffSlot:
    return OneOffSlot(id=UUID(int=number), researcher_id=CURIE, period=Period(start, start + timedelta(minutes=90)))


def copied(rules: Rules, *, source: date = MONDAY, target: date = NEXT, at: datetime = BEFORE) -> CopiedWeek:
    return copy_week(
        rules=rules,
        source=source,
        target=target,
        timezone="Europe/Berlin",
        researcher_id=CURIE,
        new_id=ids(),
        at=at,
    )


def after(rules: Rules, week: CopiedWeek) -> Rules:
    changed = {each.id for each in week.overrides} | set(week.gone)
    kept = tuple(each for each in rules.overrides if each.id not in changed)
    return replace(
        rules,
        overrides=(*kept, *week.overrides),
        one_offs=(*rules.one_offs, *week.one_offs),
        blocks=(*rules.blocks, *week.blocks),
    )


def local_starts(rules: Rules, monday: date) -> list[tuple[int, str]]:
    midnight = datetime.combine(monday, datetime.min.time(), UTC)
    during = Period(midnight, midnight + timedelta(days=7))
    found = [each.period.start.astimezone(zone("Europe/Berlin")) for each in slots(rules=rules, during=during)]
    return [(each.weekday(), f"{each:%H:%M}") for each in found]


def test_other_hours_of_a_date_are_copied_to_its_weekday_at_the_same_time_on_the_clock() -> None:
    rules = Rules(
        patterns=(weekly(),), overrides=(other_hours(MONDAY, EVENING), other_hours(MONDAY + timedelta(days=2)))
    )

    week = copied(rules)

    assert [(each.date, each.windows) for each in week.overrides] == [
        (NEXT, (EVENING,)),
        (NEXT + timedelta(days=2), ()),
    ]
    done = after(rules, week)
    assert local_starts(done, NEXT) == local_starts(rules, MONDAY)


def test_any_date_of_a_week_names_it() -> None:
    rules = Rules(overrides=(other_hours(MONDAY, EVENING),))

    assert copied(rules, source=MONDAY + timedelta(days=6), target=NEXT + timedelta(days=3)) == copied(rules)


def test_weekly_hours_that_hold_in_both_weeks_need_nothing_and_an_override_in_their_way_goes() -> None:
    rules = Rules(patterns=(weekly(),), overrides=(other_hours(NEXT, EVENING),))

    week = copied(rules)

    assert (week.overrides, week.gone) == ((), (rules.overrides[0].id,))
    assert local_starts(after(rules, week), NEXT) == local_starts(rules, MONDAY)


def test_weekly_hours_of_every_second_week_become_hours_of_the_date() -> None:
    rules = Rules(patterns=(weekly(every_weeks=2, valid_from=MONDAY),))

    there, back = copied(rules), copied(rules, source=NEXT, target=MONDAY)

    assert [(each.date, each.windows, each.slot_minutes) for each in there.overrides] == [(NEXT, (MORNING,), 60)]
    assert [(each.date, each.windows) for each in back.overrides] == [(MONDAY, ())]


@pytest.mark.parametrize("other", [{"window": EVENING, "slot_minutes": 30}, {"slot_minutes": 60}])
def test_weekly_hours_that_one_date_can_not_have_are_refused_by_date(other: dict[str, Any]) -> None:
    rules = Rules(patterns=(weekly(valid_until=MONDAY), weekly(2, valid_until=MONDAY, **other)))

    with pytest.raises(ValidationFailed) as refused:
        copied(rules)

    assert [problem.field for problem in refused.value.problems] == ["from_week"]
    assert str(MONDAY) in refused.value.problems[0].problem


def test_time_off_keeps_its_time_on_the_wall_clock_across_a_change_of_the_clocks() -> None:
    block = off(datetime(2026, 10, 20, 8, tzinfo=UTC), datetime(2026, 10, 20, 10, tzinfo=UTC))

    (moved,) = copied(Rules(blocks=(block,))).blocks

    assert moved.period == Period(datetime(2026, 10, 27, 9, tzinfo=UTC), datetime(2026, 10, 27, 11, tzinfo=UTC))
    assert moved.reason == "Away"
    assert moved.id != block.id


def test_of_longer_time_off_only_what_lies_in_the_week_is_copied() -> None:
    block = off(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 20, 22, tzinfo=UTC))

    (moved,) = copied(Rules(blocks=(block,))).blocks

    assert moved.period == Period(datetime(2026, 10, 25, 23, tzinfo=UTC), datetime(2026, 10, 27, 23, tzinfo=UTC))


def test_a_one_off_slot_keeps_its_time_on_the_wall_clock_and_its_length() -> None:
    slot = once(datetime(2026, 10, 25, 0, tzinfo=UTC))  # from 02:00 to 02:30 on Sunday, over the clocks' going back

    (there,) = copied(Rules(one_offs=(slot,))).one_offs
    (back,) = copied(Rules(one_offs=(there,)), source=NEXT, target=MONDAY).one_offs

    assert there.period.start == datetime(2026, 11, 1, 1, tzinfo=UTC)
    assert (there.period.duration, back.period) == (slot.period.duration, slot.period)
    assert there.id != slot.id


def test_a_one_off_slot_is_not_copied_over_another_one_nor_into_the_past() -> None:
    tuesday, thursday = (datetime(2026, 10, day, 9, tzinfo=UTC) for day in (20, 22))
    taken = once(datetime(2026, 10, 27, 11, tzinfo=UTC), number=9)
    rules = Rules(one_offs=(once(tuesday), once(thursday, number=10), taken))

    late = copied(rules, at=datetime(2026, 10, 29, 10, tzinfo=UTC))

    assert [each.period.start for each in copied(rules).one_offs] == [datetime(2026, 10, 29, 10, tzinfo=UTC)]
    assert late.one_offs == ()


def test_a_week_that_is_over_by_the_researchers_own_clock_is_not_changed() -> None:
    midnight = datetime(2026, 10, 25, 23, tzinfo=UTC)

    assert copied(Rules(), source=NEXT, target=MONDAY, at=midnight - timedelta(seconds=1)).overrides == ()
    with pytest.raises(ValidationFailed) as refused:
        copied(Rules(), source=NEXT, target=MONDAY, at=midnight)
    assert [problem.field for problem in refused.value.problems] == ["to_week"]


def test_copying_again_changes_nothing() -> None:
    block = off(datetime(2026, 10, 20, 8, tzinfo=UTC), datetime(2026, 10, 20, 10, tzinfo=UTC))
    slot = once(datetime(2026, 10, 21, 8, tzinfo=UTC))
    rules = Rules(patterns=(weekly(every_weeks=2, valid_from=MONDAY),), blocks=(block,), one_offs=(slot,))

    done = after(rules, copied(rules))
    again = copied(done)

    assert (again.overrides, again.gone, again.one_offs, again.blocks) == ((), (), (), ())


def test_a_week_is_not_copied_to_itself() -> None:
    with pytest.raises(ValidationFailed) as refused:
        copied(Rules(), target=MONDAY + timedelta(days=4))

    assert [problem.field for problem in refused.value.problems] == ["to_week"]
