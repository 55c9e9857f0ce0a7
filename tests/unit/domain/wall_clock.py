"""The availability rules told once more, slowly: walk through real time and look at the wall clock at each minute.

It shares no line with the domain's own expansion, so that an error would have to be made twice to go unseen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from consulting.domain.availability import OneOffSlot, Override, Pattern, Rules
from consulting.domain.local_time import LocalWindow
from consulting.domain.period import Period

Stretch = tuple[datetime, datetime]
Slot = tuple[datetime, datetime, UUID]


@lru_cache(maxsize=16)
def readings(timezone: str, start: datetime, end: datetime, step: timedelta) -> list[tuple[datetime, datetime]]:
    """Every `step` in [start, end): the instant, and what the wall clock reads then."""
    tz, found, at = ZoneInfo(timezone), [], start
    while at < end:
        found.append((at, at.astimezone(tz).replace(tzinfo=None)))
        at += step
    return found


def open_stretches(
    *, window: LocalWindow, on: date, timezone: str, during: Period, step: timedelta = timedelta(minutes=1)
) -> list[Stretch]:
    """Where in the range the wall clock reads a time of the window that starts on this date, in unbroken stretches."""
    midnight = datetime.combine(on, time.min)
    opening = midnight + timedelta(minutes=window.start.minutes)
    closing = midnight + timedelta(minutes=window.end.minutes)
    if closing <= opening:
        closing += timedelta(days=1)
    stretches: list[Stretch] = []
    for at, reading in readings(timezone, during.start, during.end, step):
        if not opening <= reading < closing:
            continue
        if stretches and stretches[-1][1] == at:
            stretches[-1] = stretches[-1][0], at + step
        else:
            stretches.append((at, at + step))
    return stretches


def slots_by_wall_clock(*, rules: Rules, during: Period) -> list[Slot]:
    """What the rules give in the range, by trying every date, every minute and every pair of slots."""
    midnight = datetime.combine(during.start.date(), time.min, UTC)
    wide = Period(midnight - timedelta(days=2), midnight + timedelta(days=during.duration.days + 3))
    opened = [(rule, _open(rule, window, on, wide)) for rule, window, on in _dated(rules, wide)]
    ranked = sorted(((stretches[0][0], rule.id, rule, stretches) for rule, stretches in opened if stretches), key=_rank)
    cut = [[_once(slot)] for slot in sorted(rules.one_offs, key=lambda slot: (slot.period.start, slot.id))]
    cut += [list(_cut(rule, stretches)) for _, _, rule, stretches in ranked]
    given = [
        slot
        for rank, slots in enumerate(cut)
        for slot in slots
        if not any(_overlap(slot, other) for earlier in cut[:rank] for other in earlier)
    ]
    off = [(block.period.start, block.period.end) for block in rules.blocks]
    free = [slot for slot in given if not any(_overlap(slot, block) for block in off)]
    return sorted(slot for slot in free if during.start <= slot[0] < during.end)


def _rank(opened: tuple[datetime, UUID, Pattern | Override, list[Stretch]]) -> tuple[datetime, UUID]:
    return opened[0], opened[1]


def _dated(rules: Rules, wide: Period) -> Iterator[tuple[Pattern | Override, LocalWindow, date]]:
    dates = [wide.start.date() + timedelta(days=number) for number in range(wide.duration.days + 1)]
    for on in dates:
        overriding = [override for override in rules.overrides if override.date == on]
        for override in overriding:
            yield from ((override, window, on) for window in override.windows)
        if not overriding:
            yield from ((pattern, pattern.window, on) for pattern in rules.patterns if _holds(pattern, on))


def _holds(pattern: Pattern, on: date) -> bool:
    if on.weekday() != pattern.weekday or on < pattern.valid_from or on > (pattern.valid_until or date.max):
        return False
    monday = on - timedelta(days=on.weekday())
    first_monday = pattern.valid_from - timedelta(days=pattern.valid_from.weekday())
    return (monday - first_monday).days // 7 % pattern.every_weeks == 0


def _open(rule: Pattern | Override, window: LocalWindow, on: date, wide: Period) -> list[Stretch]:
    return open_stretches(window=window, on=on, timezone=rule.timezone, during=wide)


def _cut(rule: Pattern | Override, stretches: list[Stretch]) -> Iterator[Slot]:
    length, gap = timedelta(minutes=rule.slot_minutes), timedelta(minutes=rule.gap_minutes)
    ready = datetime.min.replace(tzinfo=UTC)
    for start, end in stretches:
        at = max(start, ready)
        while at + length <= end:
            yield at, at + length, rule.id
            at = ready = at + length + gap


def _once(slot: OneOffSlot) -> Slot:
    return slot.period.start, slot.period.end, slot.id


def _overlap(one: tuple[datetime, datetime] | Slot, other: tuple[datetime, datetime] | Slot) -> bool:
    return one[0] < other[1] and other[0] < one[1]
