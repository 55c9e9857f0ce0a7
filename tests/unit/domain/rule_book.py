"""Rules in few words, for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from consulting.domain.availability import Block, OneOffSlot, Override, Pattern, Rules
from consulting.domain.local_time import LocalWindow
from consulting.domain.offering import slots
from consulting.domain.period import Period

RESEARCHER = UUID(int=1)


def window(text: str) -> LocalWindow:
    """Read '09:00-12:00'."""
    start, end = text.split("-")
    return LocalWindow.parse(start=start, end=end)


def utc(text: str) -> datetime:
    """Read '2026-03-29 01:00'."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def period(start: str, end: str) -> Period:
    return Period(utc(start), utc(end))


def days(first: str, *, count: int = 1) -> Period:
    """So many UTC days."""
    return Period(utc(first), utc(first) + timedelta(days=count))


def pattern(
    number: int = 10,
    *,
    weekday: int = 0,
    hours: str = "09:00-12:00",
    timezone: str = "Europe/Berlin",
    slot_minutes: int = 60,
    gap_minutes: int = 0,
    valid_from: date = date(2000, 1, 1),
    every_weeks: int = 1,
) -> Pattern:
    return Pattern(
        id=UUID(int=number),
        researcher_id=RESEARCHER,
        weekday=weekday,
        window=window(hours),
        timezone=timezone,
        slot_minutes=slot_minutes,
        gap_minutes=gap_minutes,
        valid_from=valid_from,
        every_weeks=every_weeks,
    )


def override(
    number: int = 50,
    *,
    on: date = date(2026, 6, 8),
    windows: tuple[str, ...] = (),
    timezone: str = "Europe/Berlin",
    slot_minutes: int = 60,
    gap_minutes: int = 0,
) -> Override:
    return Override(
        id=UUID(int=number),
        researcher_id=RESEARCHER,
        date=on,
        timezone=timezone,
        windows=tuple(window(text) for text in windows),
        slot_minutes=slot_minutes,
        gap_minutes=gap_minutes,
    )


def one_off(start: str, end: str, *, number: int = 70) -> OneOffSlot:
    return OneOffSlot(id=UUID(int=number), researcher_id=RESEARCHER, period=period(start, end))


def block(start: str, end: str, *, number: int = 90) -> Block:
    return Block(id=UUID(int=number), researcher_id=RESEARCHER, period=period(start, end))


def starts(rules: Rules, during: Period) -> list[str]:
    """The starts of the slots on offer, as 'DD HH:MM' in UTC."""
    return [f"{each.period.start:%d %H:%M}" for each in slots(rules=rules, during=during)]
