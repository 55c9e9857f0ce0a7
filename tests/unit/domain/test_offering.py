"""The slots that rules give: one rule at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from consulting.domain.availability import Rules
from consulting.domain.offering import Explanation, expand, explain, slots
from consulting.domain.period import Period
from tests.unit.domain.rule_book import block, days, one_off, override, pattern, period, starts, utc

MONDAY = days("2026-06-08")
NOTHING: list[str] = []


def one_day(on: str, hours: str, timezone: str, *, slot_minutes: int = 60, gap_minutes: int = 0) -> list[str]:
    """What one window on one date gives, looked for three days around."""
    rules = Rules(
        overrides=(
            override(
                on=date.fromisoformat(on),
                windows=(hours,),
                timezone=timezone,
                slot_minutes=slot_minutes,
                gap_minutes=gap_minutes,
            ),
        )
    )
    return starts(rules, Period(utc(on) - timedelta(days=3), utc(on) + timedelta(days=4)))


def test_the_night_that_loses_an_hour_has_two_slots_in_berlin() -> None:
    assert one_day("2026-03-29", "01:00-04:00", "Europe/Berlin") == ["29 00:00", "29 01:00"]


def test_the_night_that_repeats_an_hour_has_four_slots_in_berlin() -> None:
    expected = ["24 23:00", "25 00:00", "25 01:00", "25 02:00"]
    assert one_day("2026-10-25", "01:00-04:00", "Europe/Berlin") == expected


@pytest.mark.parametrize(
    ("on", "hours", "timezone", "minutes", "expected"),
    [
        ("2026-03-29", "02:30-05:00", "Europe/Berlin", 60, ["29 01:00", "29 02:00"]),
        ("2026-03-29", "02:00-03:00", "Europe/Berlin", 30, NOTHING),
        ("2026-10-25", "02:00-03:00", "Europe/Berlin", 60, ["25 00:00", "25 01:00"]),
        ("2026-10-25", "02:30-03:00", "Europe/Berlin", 30, ["25 00:30", "25 01:30"]),
        ("2026-10-25", "02:30-03:00", "Europe/Berlin", 60, NOTHING),
        ("2026-10-25", "01:00-02:30", "Europe/Berlin", 60, ["24 23:00"]),
        ("2026-03-28", "22:00-04:00", "Europe/Berlin", 120, ["28 21:00", "28 23:00"]),
        ("2026-04-05", "01:00-03:00", "Australia/Lord_Howe", 60, ["04 14:00", "04 15:00"]),
        ("2026-04-05", "01:00-03:00", "Australia/Lord_Howe", 50, ["04 14:00", "04 14:50", "04 15:40"]),
        ("2026-10-04", "01:00-03:00", "Australia/Lord_Howe", 30, ["03 14:30", "03 15:00", "03 15:30"]),
        ("2026-06-08", "09:00-11:00", "Asia/Kathmandu", 60, ["08 03:15", "08 04:15"]),
        ("2011-12-30", "00:00-24:00", "Pacific/Apia", 60, NOTHING),
        ("2011-12-29", "22:00-02:00", "Pacific/Apia", 60, ["30 08:00", "30 09:00"]),
        ("2026-06-08", "00:00-01:00", "Pacific/Kiritimati", 60, ["07 10:00"]),
        ("2026-06-08", "23:00-24:00", "Etc/GMT+12", 60, ["09 11:00"]),
        ("2040-06-08", "09:00-10:00", "America/New_York", 60, ["08 13:00"]),
    ],
)
def test_slots_are_real_instants_of_local_hours(
    on: str, hours: str, timezone: str, minutes: int, expected: list[str]
) -> None:
    assert one_day(on, hours, timezone, slot_minutes=minutes) == expected


@pytest.mark.parametrize(
    ("hours", "minutes", "gap", "expected"),
    [
        ("09:00-12:00", 60, 0, ["08 07:00", "08 08:00", "08 09:00"]),
        ("09:00-12:00", 60, 15, ["08 07:00", "08 08:15"]),
        ("09:00-11:15", 60, 15, ["08 07:00", "08 08:15"]),
        ("09:00-11:14", 60, 15, ["08 07:00"]),
        ("09:00-11:59", 60, 0, ["08 07:00", "08 08:00"]),
        ("09:00-09:59", 60, 0, NOTHING),
        ("22:00-24:00", 60, 0, ["08 20:00", "08 21:00"]),
        ("22:00-01:00", 60, 0, ["08 20:00", "08 21:00", "08 22:00"]),
    ],
)
def test_slots_follow_each_other_after_the_gap_and_a_remainder_is_dropped(
    hours: str, minutes: int, gap: int, expected: list[str]
) -> None:
    assert one_day("2026-06-08", hours, "Europe/Berlin", slot_minutes=minutes, gap_minutes=gap) == expected


def test_the_gap_is_kept_while_the_clock_goes_back() -> None:
    found = one_day("2026-10-25", "01:45-02:45", "Europe/Berlin", slot_minutes=15, gap_minutes=90)
    assert found == ["24 23:45", "25 01:30"]


def test_a_range_takes_the_slots_that_start_in_it() -> None:
    rules = Rules(patterns=(pattern(),))
    assert starts(rules, period("2026-06-08 07:00", "2026-06-08 08:00")) == ["08 07:00"]
    assert starts(rules, period("2026-06-08 07:01", "2026-06-08 08:01")) == ["08 08:00"]


def test_a_window_that_began_on_the_date_before_is_seen() -> None:
    rules = Rules(patterns=(pattern(weekday=6, hours="23:00-22:00", timezone="Etc/GMT+12"),))
    assert starts(rules, period("2026-06-09 08:30", "2026-06-09 11:00")) == ["09 09:00"]


def test_a_pattern_gives_each_week_the_hours_of_its_own_zone() -> None:
    rules = Rules(patterns=(pattern(hours="09:00-10:00", timezone="America/New_York"),))
    assert starts(rules, days("2026-03-01", count=14)) == ["02 14:00", "09 13:00"]


def test_every_slot_names_its_source() -> None:
    rules = Rules(patterns=(pattern(10),), overrides=(override(50, on=date(2026, 6, 9), windows=("09:00-10:00",)),))
    found = slots(rules=rules, during=days("2026-06-08", count=2))
    assert [each.source.int for each in found] == [10, 10, 10, 50]


def test_an_override_replaces_every_window_that_starts_on_its_date() -> None:
    night, morning = pattern(10, weekday=6, hours="22:00-02:00"), pattern(11, weekday=0)
    late = pattern(12, weekday=0, hours="22:00-02:00")
    rules = Rules(patterns=(night, morning, late), overrides=(override(windows=("15:00-16:00",)),))
    expected = ["07 20:00", "07 21:00", "07 22:00", "07 23:00", "08 13:00"]
    assert starts(rules, days("2026-06-07", count=3)) == expected


def test_an_override_without_windows_takes_the_whole_date_off() -> None:
    assert starts(Rules(patterns=(pattern(),), overrides=(override(),)), MONDAY) == NOTHING


def test_an_override_counts_on_the_date_of_each_pattern_s_own_zone() -> None:
    tokyo = pattern(10, weekday=1, hours="08:00-09:00", timezone="Asia/Tokyo")
    monday_in_berlin = override(on=date(2026, 6, 8))
    tuesday_in_berlin = override(on=date(2026, 6, 9))
    assert starts(Rules(patterns=(tokyo,), overrides=(monday_in_berlin,)), MONDAY) == ["08 23:00"]
    assert starts(Rules(patterns=(tokyo,), overrides=(tuesday_in_berlin,)), MONDAY) == NOTHING


def test_of_overlapping_windows_the_earlier_one_wins_and_the_other_loses_only_what_overlaps() -> None:
    early, late = pattern(11, hours="09:00-11:00"), pattern(10, hours="10:30-13:30")
    found = expand(rules=Rules(patterns=(late, early)), during=MONDAY)
    assert [(f"{each.period.start:%H:%M}", each.source.int) for each in found.slots] == [
        ("07:00", 11),
        ("08:00", 11),
        ("09:30", 10),
        ("10:30", 10),
    ]
    assert [(f"{each.slot.period.start:%H:%M}", each.by.source.int) for each in found.shadowed] == [("08:30", 11)]


def test_of_windows_that_start_together_the_one_with_the_lesser_id_wins() -> None:
    rules = Rules(patterns=(pattern(11), pattern(10, slot_minutes=45)))
    assert {each.source.int for each in slots(rules=rules, during=MONDAY)} == {10}


def test_windows_that_start_together_only_after_a_clock_change_are_ranked_by_their_real_start() -> None:
    in_the_gap, after = pattern(11, weekday=6, hours="02:10-04:00"), pattern(10, weekday=6, hours="02:30-04:00")
    found = slots(rules=Rules(patterns=(in_the_gap, after)), during=days("2026-03-29"))
    assert {each.source.int for each in found} == {10}


def test_a_slot_gives_way_even_to_one_that_gives_way_itself() -> None:
    first, second = pattern(10, hours="09:00-10:00"), pattern(11, hours="09:30-10:30")
    third = pattern(12, hours="10:00-11:00")
    found = expand(rules=Rules(patterns=(first, second, third)), during=MONDAY)
    assert [each.source.int for each in found.slots] == [10]
    assert [(each.slot.source.int, each.by.source.int) for each in found.shadowed] == [(11, 10), (12, 11)]


def test_a_slot_before_the_range_still_shadows_one_in_it() -> None:
    rules = Rules(patterns=(pattern(10, hours="09:00-10:00"), pattern(11, hours="09:30-10:30")))
    assert starts(rules, period("2026-06-08 07:30", "2026-06-08 09:00")) == NOTHING


def test_a_slot_after_the_range_still_shadows_one_in_it() -> None:
    rules = Rules(patterns=(pattern(10, gap_minutes=30), pattern(11, hours="10:00-11:00")))
    assert starts(rules, period("2026-06-08 08:00", "2026-06-08 08:15")) == NOTHING


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-06-08 08:00", "2026-06-08 09:00", ["08 07:00", "08 09:00"]),
        ("2026-06-08 08:59", "2026-06-08 09:01", ["08 07:00"]),
        ("2026-06-08 06:00", "2026-06-08 07:00", ["08 07:00", "08 08:00", "08 09:00"]),
        ("2026-06-01 00:00", "2026-07-01 00:00", NOTHING),
    ],
)
def test_a_block_takes_away_what_overlaps_it(start: str, end: str, expected: list[str]) -> None:
    assert starts(Rules(patterns=(pattern(),), blocks=(block(start, end),)), MONDAY) == expected


def test_a_block_inside_a_longer_one_does_not_hide_it() -> None:
    long, inside = block("2026-06-08 00:00", "2026-06-09 00:00"), block("2026-06-08 01:00", "2026-06-08 02:00")
    assert starts(Rules(patterns=(pattern(),), blocks=(inside, long)), MONDAY) == NOTHING


def test_a_blocked_slot_does_not_make_room_for_its_rival() -> None:
    rivals = (pattern(10, hours="09:00-10:00"), pattern(11, hours="09:30-10:30"))
    rules = Rules(patterns=rivals, blocks=(block("2026-06-08 07:00", "2026-06-08 07:10"),))
    assert starts(rules, MONDAY) == NOTHING


def test_a_one_off_slot_is_given_whatever_the_hours_say() -> None:
    afternoon = one_off("2026-06-08 13:00", "2026-06-08 13:45")
    assert starts(Rules(one_offs=(afternoon,)), MONDAY) == ["08 13:00"]
    assert starts(Rules(patterns=(pattern(),), overrides=(override(),), one_offs=(afternoon,)), MONDAY) == ["08 13:00"]


def test_hours_give_way_to_a_one_off_slot_that_starts_later() -> None:
    slot = one_off("2026-06-08 07:30", "2026-06-08 08:15", number=70)
    found = expand(rules=Rules(patterns=(pattern(10),), one_offs=(slot,)), during=MONDAY)
    assert [(f"{each.period.start:%H:%M}", each.source.int) for each in found.slots] == [("07:30", 70), ("09:00", 10)]
    assert [(f"{each.slot.period.start:%H:%M}", each.by.source.int) for each in found.shadowed] == [
        ("07:00", 70),
        ("08:00", 70),
    ]


def test_a_block_takes_a_one_off_slot_away_and_brings_no_hours_back() -> None:
    slot = one_off("2026-06-08 07:30", "2026-06-08 08:30")
    rules = Rules(patterns=(pattern(),), one_offs=(slot,), blocks=(block("2026-06-08 08:20", "2026-06-08 08:25"),))
    assert starts(rules, MONDAY) == ["08 09:00"]


def test_an_explanation_names_a_one_off_slot_and_who_gives_way_to_it() -> None:
    slot = one_off("2026-06-08 07:30", "2026-06-08 08:30", number=70)
    rules = Rules(patterns=(pattern(10),), one_offs=(slot,))
    told = explain(rules=rules, at=utc("2026-06-08 07:45"))
    assert told.offered is not None
    assert told.offered.source.int == 70
    assert told.hours == (UUID(int=10), UUID(int=70))
    assert [(each.slot.source.int, each.by.source.int) for each in told.gave_way] == [(10, 70)]
    assert explain(rules=rules, at=utc("2026-06-08 07:15")).offered is None


def test_no_rules_give_no_slots() -> None:
    assert expand(rules=Rules(), during=MONDAY).slots == ()


@pytest.mark.parametrize(
    "during",
    [
        Period(datetime.min.replace(tzinfo=UTC), datetime(1, 1, 3, tzinfo=UTC)),
        Period(datetime(9999, 12, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_the_ends_of_the_calendar_hold_no_slots_and_no_error(during: Period) -> None:
    rules = Rules(
        patterns=(pattern(valid_from=date.min),), overrides=(override(on=date.max, windows=("09:00-10:00",)),)
    )
    assert slots(rules=rules, during=during) == ()
    assert explain(rules=rules, at=during.start) == Explanation()


def test_an_explanation_names_the_slot_and_the_hours() -> None:
    told = explain(rules=Rules(patterns=(pattern(10, gap_minutes=15),)), at=utc("2026-06-08 07:30"))
    assert told.offered is not None
    assert told.offered.period == period("2026-06-08 07:00", "2026-06-08 08:00")
    assert told.hours == (UUID(int=10),)


def test_an_explanation_tells_a_gap_from_no_hours() -> None:
    rules = Rules(patterns=(pattern(10, gap_minutes=15),))
    assert explain(rules=rules, at=utc("2026-06-08 08:05")) == Explanation(hours=(UUID(int=10),))
    assert explain(rules=rules, at=utc("2026-06-08 12:00")) == Explanation()


def test_an_explanation_names_blocks_rivals_and_replaced_patterns() -> None:
    rivals = (pattern(10, hours="09:00-10:00"), pattern(11, hours="09:30-10:30"))
    off = block("2026-06-08 07:45", "2026-06-08 08:00", number=90)
    told = explain(rules=Rules(patterns=rivals, blocks=(off,)), at=utc("2026-06-08 07:50"))
    assert told.offered is None
    assert (told.hours, told.blocks) == ((UUID(int=10), UUID(int=11)), (off.id,))
    assert [(each.slot.source.int, each.by.source.int) for each in told.gave_way] == [(11, 10)]
    replaced = explain(rules=Rules(patterns=rivals, overrides=(override(),)), at=utc("2026-06-08 07:15"))
    assert replaced == Explanation(replaced=(UUID(int=10),))
