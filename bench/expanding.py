"""Expanding patterns alone: a researcher's rules into a year of slots, without a database; the limit is a bare loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bench.figures import Work
from bench.load import Timings
from consulting.adapters.contracts import sample
from consulting.domain.availability import Rules
from consulting.domain.local_time import LocalWindow
from consulting.domain.offering import slots
from consulting.domain.period import Period

TIMES: Final = 10
FIRST, DAYS, ZONE = date(2026, 1, 5), 364, ZoneInfo("Europe/Berlin")
_YEAR: Final = Period(datetime(2026, 1, 5, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC))
_OFFICE_HOURS: Final = Rules(
    patterns=tuple(
        sample.pattern(day + 1, weekday=day, window=LocalWindow.parse(start="09:00", end="17:00"), valid_from=FIRST)
        for day in range(5)
    )
)


def expanding() -> Work:
    """Give the work: slots a second."""
    return Work(
        name="a year of office hours, by the slot",
        limit="a bare loop",
        ours=lambda _: _timed(lambda: len(slots(rules=_OFFICE_HOURS, during=_YEAR))),
        limits=lambda _: _timed(_bare),
    )


def _bare() -> int:
    """Count through the same hours with the standard library alone: no rule, no gap, no clock change, no rival."""
    found = []
    for day in (FIRST + timedelta(days=number) for number in range(DAYS)):
        if day.weekday() < 5:
            for hour in range(9, 17):
                start = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC)
                found.append((start, start + timedelta(hours=1)))
    return len(found)


def _timed(expand: Callable[[], int]) -> Timings:
    timings = Timings()
    for _ in range(TIMES):
        began = time.perf_counter()
        count = expand()
        seconds = time.perf_counter() - began
        timings.seconds += seconds
        timings.each += [seconds / count] * count
    return timings
