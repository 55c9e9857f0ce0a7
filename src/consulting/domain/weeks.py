"""Making one week of a calendar like another, by the wall clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from consulting.domain.availability import Block, OneOffSlot, Override, Pattern, Rules
from consulting.domain.errors import ValidationFailed
from consulting.domain.local_days import local_days
from consulting.domain.local_time import zone
from consulting.domain.period import Period

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedWeek:
    """What makes one week like another: overrides, one-off slots and time off to keep, ids of overrides that go."""

    overrides: tuple[Override, ...]
    gone: tuple[UUID, ...]
    one_offs: tuple[OneOffSlot, ...]
    blocks: tuple[Block, ...]


def copy_week(
    *,
    rules: Rules,
    source: date,
    target: date,
    timezone: str,
    researcher_id: UUID,
    new_id: Callable[[], UUID],
    at: datetime,
) -> CopiedWeek:
    """Give the Monday-to-Sunday week of `target` the hours, one-off slots and time off of the week of `source`.

    - Each date has the hours of its weekday in the other week: by an override, unless the weekly hours give the same.
    - Time off in the week is copied to the same times on the wall clock of the zone, which a change of the clocks makes
      longer or shorter, and joins what is there; what would begin or end in a skipped hour does so as much later.
    - One-off slots that start in the week are copied to the same times, in full length, and join what is there; not to
      a time that has begun at the instant `at`, and not where another one is.
    - Hours that were other on a date of the target are replaced.

    Raises ValidationFailed (field `to_week`) for one and the same week and for one that is over, and (field
    `from_week`) where weekly hours that overlap, or have slots of several lengths, gaps or zones, would have to be an
    override, which has one of each.
    """
    by = _monday(target) - _monday(source)
    if not by:
        raise ValidationFailed.of("to_week", "give a date of another week")
    if target < _monday(at.astimezone(zone(timezone)).date()):
        raise ValidationFailed.of("to_week", "give a date of this week or a later one")
    pairs = [(_monday(source) + number * _A_DAY, _monday(target) + number * _A_DAY) for number in range(7)]
    standing = {each.date: each for each in rules.overrides}
    wanted = {to: _override(rules, on, to, new_id, researcher_id=researcher_id, standing=standing) for on, to in pairs}
    return CopiedWeek(
        overrides=tuple(each for each in wanted.values() if each is not None and each != standing.get(each.date)),
        gone=tuple(standing[to].id for to, each in wanted.items() if each is None and to in standing),
        one_offs=tuple(_one_offs(rules, first=_monday(source), by=by, timezone=timezone, new_id=new_id, at=at)),
        blocks=tuple(_blocks(rules, first=_monday(source), by=by, timezone=timezone, new_id=new_id)),
    )


def _monday(day: date) -> date:
    return day - day.weekday() * _A_DAY


def _override(
    rules: Rules,
    on: date,
    to: date,
    new_id: Callable[[], UUID],
    *,
    researcher_id: UUID,
    standing: dict[date, Override],
) -> Override | None:
    """Give the override that `to` needs to be like `on`; None where its weekly hours will do."""
    known = standing[to].id if to in standing else None
    if on in standing:
        return replace(standing[on], id=known or new_id(), date=to)
    weekly = _weekly(rules, on)
    if weekly == _weekly(rules, to):
        return None
    cuts = {(each.slot_minutes, each.gap_minutes, each.timezone) for each in weekly}
    if len(cuts) > 1:
        raise _other_than_one_date_has(on)
    slot_minutes, gap_minutes, timezone = next(iter(cuts), (60, 0, "UTC"))
    try:
        return Override(
            id=known or new_id(),
            researcher_id=researcher_id,
            date=to,
            timezone=timezone,
            windows=tuple(each.window for each in weekly),
            slot_minutes=slot_minutes,
            gap_minutes=gap_minutes,
        )
    except ValidationFailed:
        raise _other_than_one_date_has(on) from None


def _other_than_one_date_has(on: date) -> ValidationFailed:
    problem = (
        f"the weekly hours of {on} overlap, or differ in slots, gaps or zone: give that date hours of its own first"
    )
    return ValidationFailed.of("from_week", problem)


def _weekly(rules: Rules, on: date) -> list[Pattern]:
    return [each for each in rules.patterns if any(each.dates(first=on, last=on))]


def _one_offs(
    rules: Rules, *, first: date, by: timedelta, timezone: str, new_id: Callable[[], UUID], at: datetime
) -> Iterator[OneOffSlot]:
    """Give the one-off slots of the week as they are so many days away, where that is free and still to come."""
    week = local_days(first=first, last=first + 6 * _A_DAY, timezone=timezone)
    there = [each.period for each in rules.one_offs]
    for slot in rules.one_offs:
        if week is None or not week.contains(slot.period.start):
            continue
        start = _moved(slot.period.start, by, timezone)
        period = Period(start, start + slot.period.duration)
        if start > at and not any(each.overlaps(period) for each in there):
            there.append(period)
            yield replace(slot, id=new_id(), period=period)


def _blocks(rules: Rules, *, first: date, by: timedelta, timezone: str, new_id: Callable[[], UUID]) -> Iterator[Block]:
    """Give the time off in the week as it is so many days away, but for what is there already."""
    week = local_days(first=first, last=first + 6 * _A_DAY, timezone=timezone)
    there = {each.period for each in rules.blocks}
    for block in rules.blocks:
        if week is not None and block.period.overlaps(week):
            start, end = max(block.period.start, week.start), min(block.period.end, week.end)
            moved = (_moved(start, by, timezone), _moved(end, by, timezone))
            if moved[0] < moved[1] and (period := Period(*moved)) not in there:
                there.add(period)
                yield replace(block, id=new_id(), period=period)


def _moved(instant: datetime, by: timedelta, timezone: str) -> datetime:
    local = instant.astimezone(zone(timezone))
    return (local.replace(tzinfo=None) + by).replace(tzinfo=local.tzinfo, fold=local.fold).astimezone(UTC)
