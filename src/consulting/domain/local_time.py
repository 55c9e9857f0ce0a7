"""Local hours: what a clock on the researcher's wall shows, and which instants that means.

One rule settles every clock change: **an instant belongs to a window when the wall clock then reads a time inside it.**

| the wall clock | so a window |
|---|---|
| jumps forward over its start | opens at the first instant after the gap |
| jumps forward over its end | closes at that same instant |
| jumps forward over all of it | isn't there |
| goes back inside it | is longer by what is repeated: it starts at the first occurrence and ends at the second |
| goes back over its start or end | is there on both occurrences, and closed while the clock reads a time outside it |
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from consulting.domain.errors import FieldProblem, ValidationFailed
from consulting.domain.period import Period

_LONGEST_ZONE: Final = 40
_CONTINENTS: Final = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)

MINUTES_PER_DAY = 24 * 60

_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_PORTABLE_ZONE = re.compile(r"[A-Z][A-Za-z0-9_+/-]{0,63}")


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Find an IANA time zone by its name; raise ValueError for any other.

    Names that mean something else on each machine (`localtime`) or count leap seconds (`right/…`) are none.
    """
    if not _PORTABLE_ZONE.fullmatch(name):
        raise ValueError(f"{name!r} is no IANA time zone")
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError) as error:
        raise ValueError(f"{name!r} is no IANA time zone") from error


def timezone_problems(name: str) -> list[FieldProblem]:
    """Say what is wrong with a `timezone`: nothing, or that it isn't an IANA zone, and which names are like it."""
    try:
        zone(name)
    except ValueError:
        examples = " or ".join(nearest_zones(name) or ("Europe/Berlin",))
        return [FieldProblem("timezone", f"give the name of an IANA time zone, such as {examples}")]
    return []


@lru_cache(maxsize=256)
def nearest_zones(name: str) -> tuple[str, ...]:
    """Give up to three names of zones that are most like this one, as a whole or in their last part (`berlin`).

    Where only capitals are other, that zone is the one meant.
    """
    spellings = _zone_spellings()
    asked = name[:_LONGEST_ZONE].lower().replace(" ", "_")
    if asked in _zones_in_small_letters():
        return (_zones_in_small_letters()[asked],)
    near = get_close_matches(asked, spellings, n=3, cutoff=0.75)
    return tuple(dict.fromkeys(spellings[each] for each in near))


@lru_cache(maxsize=1)
def _zones_in_small_letters() -> Mapping[str, str]:
    return {each.lower(): each for each in sorted(available_timezones()) if _PORTABLE_ZONE.fullmatch(each)}


@lru_cache(maxsize=1)
def _zone_spellings() -> Mapping[str, str]:
    """Give each zone's name by how people spell it: a city alone leads to it, too."""
    names = sorted(each for each in available_timezones() if each.partition("/")[0] in _CONTINENTS)
    cities = {each.rpartition("/")[2].lower(): each for each in names}
    return cities | {each.lower(): each for each in names} | {"utc": "UTC"}


@dataclass(frozen=True, slots=True, order=True)
class LocalClock:
    """What a wall clock reads, in minutes since midnight: 0 is 00:00, and 1440 is 24:00, the end of the day.

    Raises ValueError outside 0 to 1440.
    """

    minutes: int

    def __post_init__(self) -> None:
        """Refuse what no clock reads."""
        if not 0 <= self.minutes <= MINUTES_PER_DAY:
            raise ValueError("a local time is between 00:00 and 24:00")

    @classmethod
    def parse(cls, text: str) -> LocalClock:
        """Read 'HH:MM', 00:00 to 24:00; raise ValueError for anything else."""
        if not _CLOCK.fullmatch(text):
            raise ValueError("give a local time as HH:MM, from 00:00 to 24:00")
        return cls(int(text[:2]) * 60 + int(text[3:]))

    def __str__(self) -> str:
        """Write the time as 'HH:MM'."""
        return f"{self.minutes // 60:02}:{self.minutes % 60:02}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalWindow:
    """Local hours from `start` (included, 00:00 to 23:59) to `end` (not included), at most one day.

    An end that isn't after the start lies on the next local date: 22:00–02:00 passes midnight, 22:00–00:00 and
    22:00–24:00 both end at it. Equal start and end would be no time at all and are refused; the whole day is
    00:00–24:00. Raises ValidationFailed, naming `start` and `end`.
    """

    start: LocalClock
    end: LocalClock

    def __post_init__(self) -> None:
        """Refuse a window that is none."""
        problems = []
        if self.start.minutes == MINUTES_PER_DAY:
            problems.append(FieldProblem("start", "hours start before 24:00: write 00:00 of the next day"))
        if self.start == self.end:
            problems.append(FieldProblem("end", "hours need an end other than their start: a whole day is 00:00–24:00"))
        if problems:
            raise ValidationFailed(problems)

    @classmethod
    def parse(cls, *, start: str, end: str) -> LocalWindow:
        """Read a window from two times 'HH:MM'; raise ValidationFailed, naming `start` and `end`."""
        clocks, problems = [], []
        for field, text in (("start", start), ("end", end)):
            try:
                clocks.append(LocalClock.parse(text))
            except ValueError as error:
                problems.append(FieldProblem(field, str(error)))
        if problems:
            raise ValidationFailed(problems)
        return cls(start=clocks[0], end=clocks[1])

    @property
    def closing_minutes(self) -> int:
        """The end in minutes since the midnight that the window's own date starts with; above 1440 past midnight."""
        return self.end.minutes + (MINUTES_PER_DAY if self.end < self.start else 0)

    def __str__(self) -> str:
        """Write the window as 'HH:MM–HH:MM'."""
        return f"{self.start}–{self.end}"

    def instants(self, *, on: date, tz: ZoneInfo) -> tuple[Period, ...]:
        """Give the real time that the window which starts on this local date means in the zone.

        Almost always one period. None where the clock jumps over the whole window; two where the clock goes back over
        its start or its end, as then it leaves the window and enters it again. Windows that don't overlap on the wall
        clock never overlap here. Zones whose clock changes twice within two days are not foreseen; there are none.
        """
        midnight = datetime.combine(on, time.min)
        opening = midnight + timedelta(minutes=self.start.minutes)
        closing = midnight + timedelta(minutes=self.closing_minutes)
        before = _offset(opening.replace(tzinfo=tz, fold=0))
        after = _offset(closing.replace(tzinfo=tz, fold=1))
        if before == after:
            return (Period((opening - before).replace(tzinfo=UTC), (closing - after).replace(tzinfo=UTC)),)
        return _across_change(opening=opening, closing=closing, before=before, after=after, tz=tz)


def _offset(instant: datetime) -> timedelta:
    offset = instant.utcoffset()
    assert offset is not None
    return offset


def _across_change(
    *, opening: datetime, closing: datetime, before: timedelta, after: timedelta, tz: ZoneInfo
) -> tuple[Period, ...]:
    """Give the window's time under the old offset until the change, and under the new one from it on."""
    earliest = (opening - max(before, after)).replace(tzinfo=UTC)
    latest = (closing - min(before, after)).replace(tzinfo=UTC)
    change = _change(tz=tz, before=before, earliest=earliest, latest=latest)
    old_start, old_end = (opening - before).replace(tzinfo=UTC), min((closing - before).replace(tzinfo=UTC), change)
    new_start, new_end = max((opening - after).replace(tzinfo=UTC), change), (closing - after).replace(tzinfo=UTC)
    if old_start < old_end == new_start < new_end:
        return (Period(old_start, new_end),)
    return tuple(Period(start, end) for start, end in ((old_start, old_end), (new_start, new_end)) if start < end)


def _change(*, tz: ZoneInfo, before: timedelta, earliest: datetime, latest: datetime) -> datetime:
    """Find the first instant, to the second, at which the zone no longer has the offset `before`."""
    seconds = range(int((latest - earliest).total_seconds()) + 1)
    passed = bisect_left(
        seconds, x=True, key=lambda second: _offset((earliest + timedelta(seconds=second)).astimezone(tz)) != before
    )
    return earliest + timedelta(seconds=passed)
