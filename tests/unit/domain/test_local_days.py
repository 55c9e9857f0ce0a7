"""Calendar days as real time, in every zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.domain.errors import ValidationFailed
from consulting.domain.local_days import local_days
from consulting.domain.local_time import timezone_problems
from consulting.domain.period import Period


def day(on: date, timezone: str) -> Period | None:
    return local_days(first=on, last=on, timezone=timezone)


@pytest.mark.parametrize(
    ("on", "timezone", "hours"),
    [
        (date(2026, 11, 23), "UTC", 24),
        (date(2026, 3, 29), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2026, 4, 5), "Australia/Lord_Howe", 24.5),
    ],
)
def test_a_day_lasts_as_long_as_the_clocks_make_it(on: date, timezone: str, hours: float) -> None:
    found = day(on, timezone)

    assert found is not None
    assert timedelta(hours=hours) == found.duration


def test_a_date_that_the_zone_skipped_has_no_time() -> None:
    assert day(date(2011, 12, 30), "Pacific/Apia") is None


def test_a_range_that_ends_on_a_skipped_date_ends_the_day_before() -> None:
    both = local_days(first=date(2011, 12, 29), last=date(2011, 12, 30), timezone="Pacific/Apia")

    assert day(date(2011, 12, 29), "Pacific/Apia") == both


@given(
    instant=st.integers(0, 40 * 366 * 24 * 60).map(
        lambda minutes: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    timezone=st.sampled_from(sorted(each for each in available_timezones() if not timezone_problems(each))),
)
def test_every_instant_lies_in_its_local_day_and_in_no_neighbour(instant: datetime, timezone: str) -> None:
    today = instant.astimezone(ZoneInfo(timezone)).date()
    found = day(today, timezone)

    assert found is not None
    assert found.contains(instant)


def test_an_unknown_zone_is_refused_by_name() -> None:
    with pytest.raises(ValidationFailed) as refused:
        day(date(2026, 1, 1), "Europe/Atlantis")

    assert [problem.field for problem in refused.value.problems] == ["timezone"]


@pytest.mark.parametrize("on", [date(1, 1, 1), date(9999, 12, 31)])
def test_dates_at_the_edge_of_time_are_refused(on: date) -> None:
    with pytest.raises(ValidationFailed):
        day(on, "Pacific/Auckland")
