"""Strategies for hours, blocks and slots, with a liking for the days on which clocks change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TypeVar
from uuid import UUID
from zoneinfo import available_timezones

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from consulting.domain.availability import (
    LONGEST_GAP,
    LONGEST_SLOT,
    SHORTEST_SLOT,
    Block,
    Giving,
    OneOffSlot,
    Override,
    Pattern,
    Rules,
)
from consulting.domain.local_time import MINUTES_PER_DAY, LocalClock, LocalWindow, zone
from consulting.domain.period import Period
from consulting.domain.publishing import PublishedSlot

FIRST_INSTANT, LAST_INSTANT = datetime(2020, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
RESEARCHER = UUID(int=1)
_RESEARCHERS = st.just(RESEARCHER)

_FORTNIGHT = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Some rules of one researcher, and a range of days in which most of them have something to say."""

    rules: Rules
    during: Period


@cache
def every_timezone() -> tuple[str, ...]:
    """Name every IANA zone that the domain takes, in order."""
    return tuple(sorted(name for name in available_timezones() if _is_taken(name)))


def _is_taken(name: str) -> bool:
    try:
        zone(name)
    except ValueError:
        return False
    return True


@cache
def clock_changes(name: str) -> tuple[datetime, ...]:
    """Give every instant of 2020 to 2035 at which the zone's offset changes: the first with the new one, in UTC."""
    found, at, offset = [], FIRST_INSTANT, _offset(FIRST_INSTANT, name)
    while at < LAST_INSTANT:
        later = at + _FORTNIGHT
        if _offset(later, name) != offset:
            found.append(_change_between(at, later, name))
            offset = _offset(later, name)
        at = later
    return tuple(found)


def _offset(at: datetime, name: str) -> timedelta | None:
    return at.astimezone(zone(name)).utcoffset()


def _change_between(before: datetime, after: datetime, name: str) -> datetime:
    old = _offset(before, name)
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(before + timedelta(seconds=middle), name) == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


@cache
def ids() -> SearchStrategy[UUID]:
    """Give ids, few enough of them to be equal now and then."""
    return st.integers(2, 2**16).map(lambda number: UUID(int=number))


@cache
def timezones() -> SearchStrategy[str]:
    """Give the name of any IANA zone; when shrinking, UTC."""
    return st.sampled_from(("UTC", *every_timezone()))


@cache
def instants() -> SearchStrategy[datetime]:
    """Give whole minutes from 2020 to 2035, in UTC."""
    minutes = int((LAST_INSTANT - FIRST_INSTANT) / timedelta(minutes=1))
    return st.integers(0, minutes - 1).map(lambda minute: FIRST_INSTANT + timedelta(minutes=minute))


@st.composite
def periods(draw: st.DrawFn, *, around: datetime | None = None, within: timedelta = timedelta(days=3)) -> Period:
    """Give periods of 1 minute to 2 days that start no farther from `around` than `within`; anywhere without it."""
    minutes = within // timedelta(minutes=1)
    start = draw(instants()) if around is None else around + timedelta(minutes=draw(st.integers(-minutes, minutes)))
    length = draw(st.one_of(st.integers(1, 120), st.integers(1, 600), st.integers(1, 2 * MINUTES_PER_DAY)))
    return Period(start, start + timedelta(minutes=length))


@cache
def local_windows() -> SearchStrategy[LocalWindow]:
    """Give any local hours, on the full and half hour more often than not, past midnight too."""
    starts = st.one_of(st.integers(0, 47).map(lambda half: half * 30), st.integers(0, MINUTES_PER_DAY - 1))
    lengths = st.one_of(st.integers(1, 47).map(lambda half: half * 30), st.integers(1, MINUTES_PER_DAY - 1))
    whole_day = LocalWindow(start=LocalClock(0), end=LocalClock(MINUTES_PER_DAY))
    return st.one_of(st.builds(_window, starts, lengths), st.just(whole_day))


def _window(start: int, length: int) -> LocalWindow:
    end = start + length
    return LocalWindow(
        start=LocalClock(start), end=LocalClock(end if end <= MINUTES_PER_DAY else end - MINUTES_PER_DAY)
    )


@cache
def _slot_minutes() -> SearchStrategy[int]:
    return st.one_of(
        st.sampled_from((30, 60, 45, 15)), st.integers(SHORTEST_SLOT, 120), st.integers(SHORTEST_SLOT, LONGEST_SLOT)
    )


@cache
def _gap_minutes() -> SearchStrategy[int]:
    return st.one_of(st.sampled_from((0, 15)), st.integers(0, 30), st.integers(0, LONGEST_GAP))


def patterns(
    *, around: date, timezone: SearchStrategy[str] | None = None, windows: SearchStrategy[LocalWindow] | None = None
) -> SearchStrategy[Pattern]:
    """Give weekly patterns, most of which have hours within a day or two of the date."""
    near_weekday = st.integers(-1, 1).map(lambda days: (around.weekday() + days) % 7)
    return st.builds(
        Pattern,
        id=ids(),
        researcher_id=_RESEARCHERS,
        weekday=st.one_of(near_weekday, near_weekday, st.integers(0, 6)),
        window=local_windows() if windows is None else windows,
        timezone=timezones() if timezone is None else timezone,
        slot_minutes=_slot_minutes(),
        gap_minutes=_gap_minutes(),
        valid_from=st.one_of(st.integers(8, 900), st.integers(0, 8)).map(lambda days: around - timedelta(days=days)),
        valid_until=st.one_of(st.none(), st.integers(0, 9).map(lambda days: around + timedelta(days=days))),
        every_weeks=st.sampled_from((1, 1, 1, 2, 3)),
    )


def overrides(
    *, around: date, timezone: SearchStrategy[str] | None = None, windows: SearchStrategy[LocalWindow] | None = None
) -> SearchStrategy[Override]:
    """Give overrides of a date at most two days away, with up to three windows or none."""
    return st.builds(
        Override,
        id=ids(),
        researcher_id=_RESEARCHERS,
        date=st.integers(-2, 2).map(lambda days: around + timedelta(days=days)),
        timezone=timezones() if timezone is None else timezone,
        windows=st.lists(local_windows() if windows is None else windows, max_size=3).map(_apart),
        slot_minutes=_slot_minutes(),
        gap_minutes=_gap_minutes(),
    )


def _apart(windows: list[LocalWindow]) -> tuple[LocalWindow, ...]:
    """Leave out what overlaps an earlier window."""
    kept: list[LocalWindow] = []
    for window in sorted(windows, key=lambda window: window.start):
        if not kept or kept[-1].closing_minutes <= window.start.minutes:
            kept.append(window)
    return tuple(kept)


@st.composite
def one_off_slots(draw: st.DrawFn, *, around: datetime, within: timedelta = timedelta(days=2)) -> OneOffSlot:
    """Give single slots that start no farther from the instant than this."""
    minutes = within // timedelta(minutes=1)
    near = st.one_of(st.integers(-8, 8).map(lambda quarters: quarters * 15), st.integers(-minutes, minutes))
    start = around.replace(second=0) + timedelta(minutes=draw(near))
    period = Period(start, start + timedelta(minutes=draw(_slot_minutes())))
    return OneOffSlot(id=draw(ids()), researcher_id=RESEARCHER, period=period)


def blocks(*, around: datetime | None = None) -> SearchStrategy[Block]:
    """Give time off, around the instant if there is one."""
    return st.builds(
        Block,
        id=ids(),
        researcher_id=_RESEARCHERS,
        period=periods(around=around),
        reason=st.one_of(st.none(), st.text(max_size=20)),
    )


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Give rules in one zone or several and a range of up to four days, mostly around a change of their clocks."""
    home = draw(timezones())
    anchor = draw(_anchors(home))
    local = anchor.astimezone(zone(home))
    zones = st.one_of(st.just(home), st.just(home), timezones())
    windows = st.one_of(local_windows(), _windows_near(local))
    weekly = st.lists(patterns(around=local.date(), timezone=zones, windows=windows), min_size=1, max_size=4)
    single = st.lists(overrides(around=local.date(), timezone=zones, windows=windows), max_size=2)
    once = st.lists(one_off_slots(around=anchor), max_size=2)
    every_week = _of_own_id(draw(weekly))
    dated = _of_own_id(draw(single), besides=every_week) if draw(st.booleans()) else ()
    rules = Rules(
        patterns=every_week,
        overrides=dated,
        one_offs=_of_own_id(draw(once), besides=(*every_week, *dated)) if draw(st.booleans()) else (),
        blocks=tuple(draw(st.lists(blocks(around=anchor), max_size=2))),
    )
    before, after = draw(_shares_of(2 * MINUTES_PER_DAY)), draw(_shares_of(2 * MINUTES_PER_DAY))
    during = Period(anchor - timedelta(minutes=before), anchor + timedelta(minutes=after))
    return Situation(rules=rules, during=during)


@cache
def _shares_of(minutes: int) -> SearchStrategy[int]:
    return st.one_of(st.just(minutes), st.integers(1, minutes))


@cache
def _anchors(name: str) -> SearchStrategy[datetime]:
    changes = clock_changes(name)
    return st.one_of(st.sampled_from(changes), instants()) if changes else instants()


def _windows_near(local: datetime) -> SearchStrategy[LocalWindow]:
    """Give windows that begin within two hours of this local time."""
    minute = local.hour * 60 + local.minute
    starts = st.integers(-8, 8).map(lambda quarters: (minute + quarters * 15) % MINUTES_PER_DAY)
    return st.builds(_window, starts, st.integers(1, 24).map(lambda quarters: quarters * 15))


_Rule = TypeVar("_Rule", Pattern, Override, OneOffSlot)


def _of_own_id(rules: list[_Rule], *, besides: Sequence[Giving] = ()) -> tuple[_Rule, ...]:
    """Leave out rules whose id another one has: ids are unique over all kinds, and slots name their rule by its id."""
    taken = {rule.id for rule in besides}
    return tuple({rule.id: rule for rule in rules if rule.id not in taken}.values())


@st.composite
def published_slots(draw: st.DrawFn, *, candidates: SearchStrategy[Period]) -> tuple[PublishedSlot, ...]:
    """Give slots as a database would hold them: free and booked ones never overlap, withdrawn ones may."""
    kept: list[PublishedSlot] = []
    for number, period in enumerate(draw(st.lists(candidates, max_size=12))):
        booked, withdrawn = draw(st.sampled_from(((False, False), (True, False), (False, True), (True, True))))
        retired = not withdrawn and draw(st.booleans())
        slot = PublishedSlot(
            id=UUID(int=number + 1), period=period, booked=booked, withdrawn=withdrawn, retired=retired
        )
        if not (counts(slot) and any(counts(other) and other.period.overlaps(period) for other in kept)):
            kept.append(slot)
    return tuple(kept)


def counts(slot: PublishedSlot) -> bool:
    """Tell whether the slot takes its researcher's time: it is booked, or can be."""
    return slot.booked or not slot.withdrawn
