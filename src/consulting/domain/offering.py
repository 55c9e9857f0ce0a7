"""The slots that a researcher's rules give."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from consulting.domain.availability import LONGEST_SLOT, Giving, OneOffSlot, Override, Pattern, Rules
from consulting.domain.local_time import LocalWindow, zone
from consulting.domain.period import Period

_EARLIEST, _LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
_REACH = timedelta(minutes=LONGEST_SLOT)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedPeriod:
    """A slot's period and its `source`: the id of the pattern, override or one-off slot that gives it."""

    period: Period
    source: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowed:
    """A slot that isn't offered because it overlaps the slot `by` of hours that go before its own."""

    slot: OfferedPeriod
    by: OfferedPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What rules give: the `slots` on offer and those that gave way to another window's, both in the order of time."""

    slots: tuple[OfferedPeriod, ...]
    shadowed: tuple[Shadowed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What the rules say about one instant.

    offered: the slot that runs then, if any; gave_way: slots that would, but gave way to another window's;
    hours: the patterns, overrides and one-off slots that are open; replaced: the patterns whose hours an override took
    away; blocks: the blocks that cover the instant. All by id. Open hours without a slot are a gap or a remainder, or a
    block that overlaps the slot elsewhere.
    """

    offered: OfferedPeriod | None = None
    gave_way: tuple[Shadowed, ...] = ()
    hours: tuple[UUID, ...] = ()
    replaced: tuple[UUID, ...] = ()
    blocks: tuple[UUID, ...] = ()


def slots(*, rules: Rules, during: Period) -> tuple[OfferedPeriod, ...]:
    """Give every slot on offer whose start lies in `during`, in the order of time; `expand` tells the rules."""
    return expand(rules=rules, during=during).slots


def expand(*, rules: Rules, during: Period) -> Expansion:
    """Cut one researcher's hours into slots of full real length, and give those whose start lies in `during`.

    - Slots step in real time from the window's start, slot after gap after slot; what remains at its end is dropped.
    - An override replaces all windows of patterns that start on its local date.
    - A one-off slot stands whatever the hours say: slots of windows that overlap it give way.
    - Where windows overlap, the earlier one (by real start, then by id) wins: a slot that overlaps a slot of an earlier
      window gives way, whether or not that one is offered in the end. The other slots of its window stay.
    - Then blocks take away what overlaps them. So a block never brings a slot into being.

    Expanding a range in parts gives the same slots as expanding it whole.
    """
    cut = sorted(_cut(rules=rules, during=_reaching(during)), key=lambda each: (each[0].period.start, each[0].source))
    winners = _winners(cut)
    blocked = _Covered(block.period for block in rules.blocks)
    offered, shadowed = [], []
    for place, (slot, _) in enumerate(cut):
        if not during.contains(slot.period.start):
            continue
        if place in winners:
            shadowed.append(Shadowed(slot=slot, by=winners[place]))
        elif not blocked.overlaps(slot.period):
            offered.append(slot)
    return Expansion(slots=tuple(offered), shadowed=tuple(shadowed))


def explain(*, rules: Rules, at: datetime) -> Explanation:
    """Say which of the rules speak about this UTC instant, and what comes of them."""
    if not _EARLIEST <= at < _LATEST:
        return Explanation()
    moment = Period(at, at + timedelta(microseconds=1))
    found = expand(rules=rules, during=Period(at - _REACH, moment.end))
    dates = {override.date for override in rules.overrides}
    weekly = [hours for hours in _weekly_hours(rules.patterns, moment) if hours.open(at)]
    return Explanation(
        offered=next((slot for slot in found.slots if slot.period.contains(at)), None),
        gave_way=tuple(each for each in found.shadowed if each.slot.period.contains(at)),
        hours=tuple(hours.rule.id for hours in _hours(rules, moment) if hours.open(at)),
        replaced=tuple(hours.rule.id for hours in weekly if hours.on in dates),
        blocks=tuple(block.id for block in rules.blocks if block.period.contains(at)),
    )


@dataclass(frozen=True, slots=True)
class _Hours:
    """One window on one local date, or a one-off slot, as real time."""

    rule: Giving
    on: date
    stretches: tuple[Period, ...]

    @property
    def precedence(self) -> tuple[bool, datetime, UUID]:
        """One-off slots go first. Then of two windows the one that starts earlier; of equals the one of lesser id."""
        return not isinstance(self.rule, OneOffSlot), self.stretches[0].start, self.rule.id

    def open(self, at: datetime) -> bool:
        """Tell whether the instant lies in these hours."""
        return any(stretch.contains(at) for stretch in self.stretches)


_Cut = tuple[OfferedPeriod, _Hours]


def _reaching(during: Period) -> Period:
    """Widen the range by the longest slot, so that all rivals of its slots are seen; years 1 and 9999 hold no hours."""
    start, end = (max(_EARLIEST, min(instant, _LATEST)) for instant in (during.start, during.end))
    return Period(start - _REACH, end + _REACH)


def _hours(rules: Rules, during: Period) -> Iterator[_Hours]:
    """Give the hours of all windows that can have an instant in the range, and some that have none."""
    replaced = {override.date for override in rules.overrides}
    yield from (hours for hours in _weekly_hours(rules.patterns, during) if hours.on not in replaced)
    first, last = _local_dates(during)
    for override in rules.overrides:
        if first <= override.date <= last:
            for window in override.windows:
                yield from _opened(override, window, override.date)
    for slot in rules.one_offs:
        if slot.period.overlaps(during):
            yield _Hours(slot, slot.period.start.date(), (slot.period,))


def _weekly_hours(patterns: Iterable[Pattern], during: Period) -> Iterator[_Hours]:
    first, last = _local_dates(during)
    for pattern in patterns:
        for on in pattern.dates(first=first, last=last):
            yield from _opened(pattern, pattern.window, on)


def _opened(rule: Pattern | Override, window: LocalWindow, on: date) -> Iterator[_Hours]:
    stretches = window.instants(on=on, tz=zone(rule.timezone))
    if stretches:
        yield _Hours(rule, on, stretches)


def _local_dates(during: Period) -> tuple[date, date]:
    """Give the first and last local date, in any zone, on which a window can start that is open in the range."""
    return (during.start - timedelta(days=2)).date(), (during.end + timedelta(days=1)).date()


def _cut(*, rules: Rules, during: Period) -> Iterator[_Cut]:
    """Cut all hours into slots, and give those that start in the range."""
    for hours in _hours(rules, during):
        length = timedelta(minutes=hours.rule.slot_minutes)
        gap = timedelta(minutes=hours.rule.gap_minutes)
        stride = length + gap
        first = hours.stretches[0].start
        for stretch in hours.stretches:
            first = max(first, stretch.start)
            count = max(0, (stretch.end - first + gap) // stride)
            before, until = (-((first - instant) // stride) for instant in (during.start, during.end))
            for step in range(max(0, before), min(count, until)):
                start = first + step * stride
                yield OfferedPeriod(period=Period(start, start + length), source=hours.rule.id), hours
            first += count * stride  # the gap is kept across a clock change, too


def _winners(cut: Sequence[_Cut]) -> dict[int, OfferedPeriod]:
    """Give for each slot that an earlier window's overlaps, by its place, the slot of the earliest such window."""
    winners: dict[int, _Cut] = {}
    for place, (slot, hours) in enumerate(cut):
        for later in range(place + 1, len(cut)):
            rival, rival_hours = cut[later]
            if slot.period.end <= rival.period.start:
                break
            first = hours.precedence < rival_hours.precedence
            loser, winner = (later, cut[place]) if first else (place, cut[later])
            if loser not in winners or winner[1].precedence < winners[loser][1].precedence:
                winners[loser] = winner
    return {place: slot for place, (slot, _) in winners.items()}


class _Covered:
    """The time that some periods cover together."""

    def __init__(self, periods: Iterable[Period]) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        for period in sorted(periods):
            if self._ends and period.start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], period.end)
            else:
                self._starts.append(period.start)
                self._ends.append(period.end)

    def overlaps(self, period: Period) -> bool:
        """Tell whether some of the covered time lies in the period."""
        before_its_end = bisect_left(self._starts, period.end)
        return before_its_end > 0 and period.start < self._ends[before_its_end - 1]
