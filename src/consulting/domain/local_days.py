"""Calendar days as real time."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from consulting.domain.errors import ValidationFailed
from consulting.domain.local_time import LocalClock, LocalWindow, timezone_problems, zone
from consulting.domain.period import Period

_WHOLE_DAY = LocalWindow(start=LocalClock(0), end=LocalClock(24 * 60))
EARLIEST, LATEST = date(1900, 1, 1), date(9000, 1, 1)


def local_days(*, first: date, last: date, timezone: str) -> Period | None:
    """Give the instants that are the local dates `first` to `last`, both included, or None if the zone skipped them.

    A day lasts 23 or 25 hours when the clocks change. Raises ValidationFailed (fields `timezone`, `date`).
    """
    problems = timezone_problems(timezone)
    if problems:
        raise ValidationFailed(problems)
    if not EARLIEST <= first <= last <= LATEST:
        raise ValidationFailed.of("date", f"give a date from {EARLIEST} to {LATEST}")
    return _instants(first, last, timezone)


@lru_cache(maxsize=1024)
def _instants(first: date, last: date, timezone: str) -> Period | None:
    stretches = [stretch for day in (first, last) for stretch in _day(day, timezone)]
    if not stretches:
        return _instants(first, last - timedelta(days=1), timezone) if first < last else None
    return Period(min(each.start for each in stretches), max(each.end for each in stretches))


def _day(day: date, timezone: str) -> tuple[Period, ...]:
    return _WHOLE_DAY.instants(on=day, tz=zone(timezone))
