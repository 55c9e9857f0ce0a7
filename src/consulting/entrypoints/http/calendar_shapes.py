"""The shapes of a researcher's rules, and how they are read and shown.

Local times are what a clock on the wall shows, `09:00` to `24:00`, in the rule's own zone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from consulting.application.availability import OpenCalendar
from consulting.domain import availability
from consulting.domain.errors import ValidationFailed
from consulting.domain.local_days import EARLIEST, LATEST
from consulting.domain.local_time import LocalWindow, timezone_problems, zone
from consulting.domain.period import Period
from consulting.domain.publishing import Publication
from consulting.entrypoints.http.fields import fields_named
from consulting.entrypoints.http.wire import Answer, Body, Id, Text

Weekday = Annotated[int, Meta(description="0 for Monday to 6 for Sunday.")]
LocalTime = Annotated[Text, Meta(description="What the clock on the wall shows, as 09:00; 24:00 ends a day.")]
Zone = Annotated[Text, Meta(description="An IANA time zone.")]
Minutes = Annotated[int, Meta(description="In minutes.")]
Instant = Annotated[datetime, Meta(tz=True)]
Reason = Annotated[
    Text, Meta(max_length=1000, description="Why: shown to oneself, and to clients whose sessions are canceled for it.")
]


class NewPattern(Body, kw_only=True):
    """Weekly hours; the zone and the gap are the profile's unless given, and the first day is today."""

    weekday: Weekday
    start: LocalTime
    end: LocalTime
    slot_minutes: Minutes
    gap_minutes: Minutes | None = None
    timezone: Zone | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    every_weeks: int = 1


class PatternChanges(Body, kw_only=True):
    """What is to be other about weekly hours; what is left out stays."""

    weekday: Weekday | UnsetType = UNSET
    start: LocalTime | UnsetType = UNSET
    end: LocalTime | UnsetType = UNSET
    slot_minutes: Minutes | UnsetType = UNSET
    gap_minutes: Minutes | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET
    valid_from: date | UnsetType = UNSET
    valid_until: date | UnsetType | None = UNSET
    every_weeks: int | UnsetType = UNSET


class Hours(msgspec.Struct, forbid_unknown_fields=True):
    """A stretch of local time; an end that isn't after the start lies on the next day."""

    start: LocalTime
    end: LocalTime


Windows = Annotated[list[Hours], Meta(extra_json_schema={"maxItems": availability.MOST_WINDOWS})]


class NewOverride(Body, kw_only=True):
    """Other hours on one date, or none; the zone and the gap are the profile's unless given."""

    date: date
    windows: Windows = msgspec.field(default_factory=list)
    slot_minutes: Minutes = 60
    gap_minutes: Minutes | None = None
    timezone: Zone | None = None


class OverrideChanges(Body, kw_only=True):
    """What is to be other about an override; what is left out stays."""

    date: date | UnsetType = UNSET
    windows: Windows | UnsetType = UNSET
    slot_minutes: Minutes | UnsetType = UNSET
    gap_minutes: Minutes | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET


class NewBlock(Body, kw_only=True):
    """Time off; with `cancel_sessions` what is booked in it is canceled and given back in full."""

    start_time: Instant
    end_time: Instant
    reason: Reason | None = None
    cancel_sessions: bool = False


class BlockChanges(Body, kw_only=True):
    """What is to be other about time off; what is left out stays."""

    start_time: Instant | UnsetType = UNSET
    end_time: Instant | UnsetType = UNSET
    reason: Reason | UnsetType | None = UNSET
    cancel_sessions: bool = False


class ChangedSlots(Answer):
    """What a change did to the published slots: how many came, how many went, how many stay since they are booked."""

    added: int
    removed: int
    kept_booked: int


class Pattern(Answer, kw_only=True):
    """Weekly hours; `slots` is told by what changes them."""

    id: Id
    weekday: Weekday
    start: LocalTime
    end: LocalTime
    timezone: Zone
    slot_minutes: Minutes
    gap_minutes: Minutes
    valid_from: date
    valid_until: date | None
    every_weeks: int
    slots: ChangedSlots | UnsetType = UNSET


class Override(Answer, kw_only=True):
    """Other hours on one date; `slots` is told by what changes them."""

    id: Id
    date: date
    windows: list[Hours]
    timezone: Zone
    slot_minutes: Minutes
    gap_minutes: Minutes
    slots: ChangedSlots | UnsetType = UNSET


class Block(Answer, kw_only=True):
    """Time off; `slots` is told by what changes it."""

    id: Id
    start_time: datetime
    end_time: datetime
    reason: str | None
    slots: ChangedSlots | UnsetType = UNSET


class PatternList(Answer):
    """All weekly hours, in the order of their ids."""

    patterns: list[Pattern]


class OverrideList(Answer):
    """All dates with other hours, in the order of their ids."""

    overrides: list[Override]


class BlockList(Answer):
    """All time off, in the order of its ids."""

    blocks: list[Block]


def new_pattern(data: NewPattern, calendar: OpenCalendar) -> availability.Pattern:
    """Read weekly hours. Raises ValidationFailed."""
    tz = calendar.researcher.timezone if data.timezone is None else data.timezone
    return availability.Pattern(
        id=calendar.ids.new(),
        researcher_id=calendar.researcher.id,
        weekday=data.weekday,
        window=LocalWindow.parse(start=data.start, end=data.end),
        timezone=tz,
        slot_minutes=data.slot_minutes,
        gap_minutes=_gap(data.gap_minutes, calendar),
        valid_from=data.valid_from or _today(tz, calendar.at),
        valid_until=data.valid_until,
        every_weeks=data.every_weeks,
    )


def changed_pattern(data: PatternChanges, pattern: availability.Pattern) -> availability.Pattern:
    """Read what is to be other about weekly hours. Raises ValidationFailed."""
    told = given(data)
    start, end = told.pop("start", str(pattern.window.start)), told.pop("end", str(pattern.window.end))
    return replace(pattern, window=LocalWindow.parse(start=start, end=end), **told)


def new_override(data: NewOverride, calendar: OpenCalendar) -> availability.Override:
    """Read other hours on one date. Raises ValidationFailed."""
    return availability.Override(
        id=calendar.ids.new(),
        researcher_id=calendar.researcher.id,
        date=data.date,
        timezone=calendar.researcher.timezone if data.timezone is None else data.timezone,
        windows=_windows(data.windows),
        slot_minutes=data.slot_minutes,
        gap_minutes=_gap(data.gap_minutes, calendar),
    )


def changed_override(data: OverrideChanges, override: availability.Override) -> availability.Override:
    """Read what is to be other about an override. Raises ValidationFailed."""
    told = given(data)
    if "windows" in told:
        told["windows"] = _windows(told["windows"])
    return replace(override, **told)


def new_block(data: NewBlock, calendar: OpenCalendar) -> availability.Block:
    """Read time off. Raises ValidationFailed."""
    return availability.Block(
        id=calendar.ids.new(),
        researcher_id=calendar.researcher.id,
        period=period_of(data.start_time, data.end_time),
        reason=data.reason,
    )


def changed_block(data: BlockChanges, block: availability.Block) -> availability.Block:
    """Read what is to be other about time off. Raises ValidationFailed."""
    told = given(data)
    start, end = told.get("start_time", block.period.start), told.get("end_time", block.period.end)
    return replace(block, period=period_of(start, end), reason=told.get("reason", block.reason))


def given(data: Body) -> dict[str, Any]:
    """Give the fields that the caller sent, by name."""
    found = ((name, getattr(data, name)) for name in data.__struct_fields__)
    return {name: value for name, value in found if value is not UNSET}


def _gap(minutes: int | None, calendar: OpenCalendar) -> int:
    return calendar.researcher.gap_minutes if minutes is None else minutes


def _today(timezone: str, at: datetime) -> date:
    problems = timezone_problems(timezone)
    if problems:
        raise ValidationFailed(problems)
    return at.astimezone(zone(timezone)).date()


def _windows(told: list[Hours]) -> tuple[LocalWindow, ...]:
    return tuple(_window(hours, number) for number, hours in enumerate(told))


def _window(hours: Hours, number: int) -> LocalWindow:
    with fields_named(start=f"windows[{number}].start", end=f"windows[{number}].end"):
        return LocalWindow.parse(start=hours.start, end=hours.end)


def period_of(start: datetime, end: datetime) -> Period:
    """Read two instants. Raises ValidationFailed (fields `start_time`, `end_time`)."""
    for field, instant in (("start_time", start), ("end_time", end)):
        if not EARLIEST.year <= instant.year < LATEST.year:
            raise ValidationFailed.of(field, f"give an instant from {EARLIEST} to {LATEST}")
    if start >= end:
        raise ValidationFailed.of("end_time", "give an instant after `start_time`")
    return Period(start.astimezone(UTC), end.astimezone(UTC))


def changed_slots(publication: Publication) -> ChangedSlots:
    """Count what a publication changed."""
    return ChangedSlots(
        added=len(publication.add) + len(publication.revive),
        removed=len(publication.withdraw),
        kept_booked=len(publication.kept_booked),
    )


def slots_body(publication: Publication | None) -> ChangedSlots | UnsetType:
    """Show what a publication changed; nothing for what wasn't published."""
    if publication is None:
        return UNSET
    return changed_slots(publication)


def pattern_body(pattern: availability.Pattern, publication: Publication | None = None) -> Pattern:
    """Show weekly hours."""
    return Pattern(
        id=pattern.id,
        weekday=pattern.weekday,
        start=str(pattern.window.start),
        end=str(pattern.window.end),
        timezone=pattern.timezone,
        slot_minutes=pattern.slot_minutes,
        gap_minutes=pattern.gap_minutes,
        valid_from=pattern.valid_from,
        valid_until=pattern.valid_until,
        every_weeks=pattern.every_weeks,
        slots=slots_body(publication),
    )


def override_body(override: availability.Override, publication: Publication | None = None) -> Override:
    """Show other hours on one date."""
    return Override(
        id=override.id,
        date=override.date,
        windows=[Hours(start=str(each.start), end=str(each.end)) for each in override.windows],
        timezone=override.timezone,
        slot_minutes=override.slot_minutes,
        gap_minutes=override.gap_minutes,
        slots=slots_body(publication),
    )


def block_body(block: availability.Block, publication: Publication | None = None) -> Block:
    """Show time off."""
    return Block(
        id=block.id,
        start_time=block.period.start,
        end_time=block.period.end,
        reason=block.reason,
        slots=slots_body(publication),
    )
