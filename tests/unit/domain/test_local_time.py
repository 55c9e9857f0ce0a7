"""Local hours become the right instants, on the days on which clocks change above all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from consulting.adapters.contracts.strategies import clock_changes, every_timezone
from consulting.adapters.contracts.strategies.availability import FIRST_INSTANT, LAST_INSTANT
from consulting.domain.errors import ValidationFailed
from consulting.domain.local_time import LocalClock, LocalWindow, nearest_zones, zone
from consulting.domain.period import Period
from tests.unit.domain.wall_clock import open_stretches

QUARTER = timedelta(minutes=15)
NO_TIME: list[str] = []


def hours(window: str, day: str, timezone: str) -> list[str]:
    """The real time of a window '01:00-04:00' on a day, as 'DD HH:MM-DD HH:MM' in UTC."""
    start, end = window.split("-")
    found = LocalWindow.parse(start=start, end=end).instants(on=date.fromisoformat(day), tz=zone(timezone))
    return [f"{each.start:%d %H:%M}-{each.end:%d %H:%M}" for each in found]


@pytest.mark.parametrize("text", ["00:00", "09:30", "23:59", "24:00"])
def test_a_local_time_is_written_as_it_was_read(text: str) -> None:
    assert str(LocalClock.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["24:01", "9:00", "09:60", "25:00", "09:00 ", "09:00\n", "", "\u0660\u0669:\u0660\u0660", "-1:00", "0900"]
)
def test_what_no_wall_clock_reads_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="HH:MM"):
        LocalClock.parse(text)


@pytest.mark.parametrize("minutes", [-1, 1441])
def test_minutes_beyond_the_day_are_refused(minutes: int) -> None:
    with pytest.raises(ValueError, match="between 00:00 and 24:00"):
        LocalClock(minutes)


@pytest.mark.parametrize(
    ("start", "end", "fields"),
    [
        ("09:00", "09:00", ["end"]),
        ("00:00", "00:00", ["end"]),
        ("24:00", "02:00", ["start"]),
        ("24:00", "24:00", ["start", "end"]),
        ("nine", "10:00", ["start"]),
        ("nine", "ten", ["start", "end"]),
    ],
)
def test_a_window_that_is_none_is_refused_naming_every_field(start: str, end: str, fields: list[str]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        LocalWindow.parse(start=start, end=end)
    assert [problem.field for problem in refused.value.problems] == fields


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("09:00-12:00", ["10 09:00-10 12:00"]),
        ("00:00-24:00", ["10 00:00-11 00:00"]),
        ("22:00-02:00", ["10 22:00-11 02:00"]),
        ("22:00-24:00", ["10 22:00-11 00:00"]),
        ("22:00-00:00", ["10 22:00-11 00:00"]),
        ("12:00-11:59", ["10 12:00-11 11:59"]),
    ],
)
def test_an_end_that_is_not_after_the_start_lies_on_the_next_date(window: str, expected: list[str]) -> None:
    assert hours(window, "2026-06-10", "UTC") == expected


@pytest.mark.parametrize(
    ("window", "day", "timezone", "expected"),
    [
        ("09:00-12:00", "2026-03-23", "Europe/Berlin", ["23 08:00-23 11:00"]),
        ("09:00-12:00", "2026-03-30", "Europe/Berlin", ["30 07:00-30 10:00"]),
        ("09:00-12:00", "2026-03-02", "America/New_York", ["02 14:00-02 17:00"]),
        ("09:00-12:00", "2026-03-09", "America/New_York", ["09 13:00-09 16:00"]),
        ("09:00-12:00", "2026-06-10", "Asia/Kolkata", ["10 03:30-10 06:30"]),
        ("09:00-12:00", "2026-06-10", "Asia/Kathmandu", ["10 03:15-10 06:15"]),
        ("09:00-12:00", "2026-06-10", "Australia/Eucla", ["10 00:15-10 03:15"]),
        ("09:00-12:00", "2026-06-10", "Pacific/Kiritimati", ["09 19:00-09 22:00"]),
        ("09:00-12:00", "2026-06-10", "Etc/GMT+12", ["10 21:00-11 00:00"]),
        ("09:00-12:00", "2040-01-09", "Europe/Berlin", ["09 08:00-09 11:00"]),
        ("09:00-12:00", "2040-07-09", "Europe/Berlin", ["09 07:00-09 10:00"]),
        ("09:00-12:00", "2024-02-29", "Europe/Berlin", ["29 08:00-29 11:00"]),
    ],
)
def test_local_hours_stay_local_through_the_year(window: str, day: str, timezone: str, expected: list[str]) -> None:
    assert hours(window, day, timezone) == expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("01:00-04:00", ["29 00:00-29 02:00"]),
        ("02:30-05:00", ["29 01:00-29 03:00"]),
        ("02:00-05:00", ["29 01:00-29 03:00"]),
        ("01:00-02:30", ["29 00:00-29 01:00"]),
        ("01:00-03:00", ["29 00:00-29 01:00"]),
        ("02:15-02:45", NO_TIME),
        ("02:00-03:00", NO_TIME),
        ("03:00-04:00", ["29 01:00-29 02:00"]),
        ("00:00-24:00", ["28 23:00-29 22:00"]),
    ],
)
def test_what_the_clock_jumps_over_is_no_time(window: str, expected: list[str]) -> None:
    assert hours(window, "2026-03-29", "Europe/Berlin") == expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("01:00-04:00", ["24 23:00-25 03:00"]),
        ("02:00-03:00", ["25 00:00-25 02:00"]),
        ("00:00-24:00", ["24 22:00-25 23:00"]),
        ("01:00-02:00", ["24 23:00-25 00:00"]),
        ("03:00-04:00", ["25 02:00-25 03:00"]),
    ],
)
def test_a_repeated_hour_is_two_hours(window: str, expected: list[str]) -> None:
    assert hours(window, "2026-10-25", "Europe/Berlin") == expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("02:30-04:00", ["25 00:30-25 01:00", "25 01:30-25 03:00"]),
        ("01:00-02:30", ["24 23:00-25 00:30", "25 01:00-25 01:30"]),
        ("02:15-02:45", ["25 00:15-25 00:45", "25 01:15-25 01:45"]),
    ],
)
def test_hours_that_the_clock_leaves_by_going_back_pause_until_it_reads_them_again(
    window: str, expected: list[str]
) -> None:
    assert hours(window, "2026-10-25", "Europe/Berlin") == expected


def test_hours_before_midnight_pass_through_the_change_of_the_next_date() -> None:
    assert hours("22:00-04:00", "2026-03-28", "Europe/Berlin") == ["28 21:00-29 02:00"]
    assert hours("22:00-04:00", "2026-10-24", "Europe/Berlin") == ["24 20:00-25 03:00"]


def test_lord_howe_moves_by_half_an_hour() -> None:
    assert hours("01:00-03:00", "2026-04-05", "Australia/Lord_Howe") == ["04 14:00-04 16:30"]
    assert hours("01:00-03:00", "2026-10-04", "Australia/Lord_Howe") == ["03 14:30-03 16:00"]


def test_a_clock_that_changes_at_midnight_starts_the_day_late() -> None:
    assert hours("00:00-02:00", "2026-09-06", "America/Santiago") == ["06 04:00-06 05:00"]


def test_a_change_after_the_last_one_that_the_zone_s_file_lists_follows_the_zone_s_rule() -> None:
    assert hours("01:00-04:00", "2060-03-28", "Europe/Berlin") == ["28 00:00-28 02:00"]


@pytest.mark.parametrize(
    ("window", "day", "expected"),
    [
        ("00:00-24:00", "2011-12-30", NO_TIME),
        ("09:00-12:00", "2011-12-30", NO_TIME),
        ("22:00-02:00", "2011-12-29", ["30 08:00-30 10:00"]),
        ("22:00-02:00", "2011-12-30", ["30 10:00-30 12:00"]),
        ("09:00-12:00", "2011-12-29", ["29 19:00-29 22:00"]),
        ("09:00-12:00", "2011-12-31", ["30 19:00-30 22:00"]),
    ],
)
def test_a_date_that_apia_skipped_has_no_hours_of_its_own(window: str, day: str, expected: list[str]) -> None:
    assert hours(window, day, "Pacific/Apia") == expected


@pytest.mark.parametrize(
    "name",
    [
        *("", "Nowhere/Land", "America", "../etc/passwd", "/etc/localtime", "localtime", "posixrules"),
        *("right/Europe/Berlin", "zone.tab", "Europe/Berlin ", "Europe/Berlin\n", "europe/berlin"),
        *("A\0B", "É", "A" * 5000),
    ],
)
def test_what_is_no_iana_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no IANA time zone"):
        zone(name)


def windows_about(local: datetime) -> list[tuple[date, LocalWindow]]:
    """Windows that start or end before, in and after the hour in which the clock changes."""
    found = []
    for start, end in ((-8, 8), (-4, 2), (-1, 1), (1, 3), (2, 8), (-6, 0), (0, 6), (-6, -4)):
        opening = local + start * QUARTER
        closing = opening.hour * 60 + opening.minute + (end - start) * 15
        clocks = LocalClock(opening.hour * 60 + opening.minute), LocalClock(closing % 1440)
        found.append((opening.date(), LocalWindow(start=clocks[0], end=clocks[1])))
    return found


def test_around_every_clock_change_of_every_zone_hours_are_what_the_wall_clock_reads() -> None:
    known: dict[tuple[datetime, datetime, datetime], list[object]] = {}
    for name in every_timezone():
        tz = ZoneInfo(name)
        for change in clock_changes(name):
            before = (change - timedelta(seconds=1)).astimezone(tz).replace(tzinfo=None) + timedelta(seconds=1)
            after = change.astimezone(tz).replace(tzinfo=None)
            windows = windows_about(min(before, after))
            ours: list[object] = [
                [(period.start, period.end) for period in window.instants(on=on, tz=tz)] for on, window in windows
            ]
            if (change, before, after) not in known:
                near = Period(change - timedelta(hours=6), change + timedelta(hours=6))
                known[change, before, after] = [
                    open_stretches(window=window, on=on, timezone=name, during=near, step=QUARTER)
                    for on, window in windows
                ]
            assert ours == known[change, before, after], (name, change)
    assert len(known) > 500


def test_no_zone_changes_its_clock_twice_within_days_which_the_expansion_relies_on() -> None:
    walk = [FIRST_INSTANT + number * timedelta(days=3) for number in range((LAST_INSTANT - FIRST_INSTANT).days // 3)]
    for name in every_timezone():
        tz, changes = ZoneInfo(name), clock_changes(name)
        offsets = [at.astimezone(tz).utcoffset() for at in walk]
        assert sum(one != other for one, other in pairwise(offsets)) == len(changes), name
        assert all(later - earlier > timedelta(days=7) for earlier, later in pairwise(changes)), name


def test_windows_apart_on_the_wall_clock_are_apart_in_real_time() -> None:
    berlin, day = zone("Europe/Berlin"), date(2026, 10, 25)
    first = LocalWindow.parse(start="01:00", end="02:30").instants(on=day, tz=berlin)
    second = LocalWindow.parse(start="02:30", end="04:00").instants(on=day, tz=berlin)
    assert not any(one.overlaps(other) for one in first for other in second)
    assert sum((each.duration for each in first + second), timedelta(0)) == timedelta(hours=4)
    assert first[0].start == datetime(2026, 10, 24, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("us/eastern", "US/Eastern"),
        ("europe/berlin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("new york", "America/New_York"),
        ("Europe/Berln", "Europe/Berlin"),
    ],
)
def test_a_misspelt_zone_leads_to_the_one_that_was_meant(name: str, first: str) -> None:
    assert nearest_zones(name)[0] == first
