"""Names, instants and spans of time, as a letter words them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from consulting.domain.local_time import zone
from consulting.domain.period import Period

LONGEST_LINE: Final = 200

_ISOLATE, _END_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_DIRECTIONS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})


def one_line(text: str) -> str:
    """Give the text on one line of at most 200 characters, without anything that could steer a reader's program."""
    return " ".join(lines(text).split())[:LONGEST_LINE].rstrip()


def lines(text: str) -> str:
    """Give the text with its line breaks, without control characters, half characters and turns of direction."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return "".join(each if _harmless(each) else " " if each == "\t" else "" for each in unified).strip()


def _harmless(character: str) -> bool:
    if character == "\n":
        return True
    return (
        unicodedata.category(character) not in {"Cc", "Cs"} and unicodedata.bidirectional(character) not in _DIRECTIONS
    )


def isolated(name: str) -> str:
    """Keep a name that runs from right to left from turning the words around it."""
    turns = any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in name)
    return f"{_ISOLATE}{name}{_END_ISOLATE}" if turns else name


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A period as its reader's wall shows it, with the name of the zone, and in UTC."""

    day: str
    hours: str
    zone: str
    utc: str
    brief: str


def when(period: Period, *, timezone: str) -> When:
    """Word the period for a reader in this IANA zone; a name that is none counts as UTC."""
    here = _zone(timezone)
    start, end = period.start.astimezone(here), period.end.astimezone(here)
    return When(
        day=_day(start),
        hours=_hours(start, end),
        zone=_zone_name(start, here),
        utc=f"{_day(period.start)}, {_hours(period.start, period.end)} UTC",
        brief=f"{start.day} {start:%b %Y}, {start:%H:%M} ({here.key})",
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return zone(name)
    except ValueError:
        return ZoneInfo("UTC")


def _day(instant: datetime) -> str:
    return f"{instant:%A}, {instant.day} {instant:%B %Y}"


def _hours(start: datetime, end: datetime) -> str:
    """Write both ends; where the offset changes between them, each with its own, so that the span stays clear."""
    last = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%H:%M} on {_day(end)}"
    if start.utcoffset() == end.utcoffset():
        return f"{start:%H:%M}–{last}"
    return f"{start:%H:%M} ({_offset(start)}) – {last} ({_offset(end)})"


def _zone_name(start: datetime, here: ZoneInfo) -> str:
    short = start.tzname() or ""
    names = [short, _offset(start)] if short.isalpha() and short != here.key else [_offset(start)]
    return here.key if here.key == "UTC" else f"{here.key} ({', '.join(names)})"


def _offset(instant: datetime) -> str:
    minutes = round((instant.utcoffset() or timedelta()) / timedelta(minutes=1))
    # A minus, not a hyphen: after a hyphen a narrow screen begins a new line.
    sign = "\N{MINUS SIGN}" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def span(duration: timedelta) -> str:
    """Word a length: `45 minutes`, `1 hour`, `1 hour 30 minutes`."""
    hours, minutes = divmod(int(duration / timedelta(minutes=1)), 60)
    parts = [_counted(hours, "hour"), _counted(minutes, "minute")]
    return " ".join(part for part in parts if part) or "0 minutes"


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}" if number else ""


def starts(start: datetime, *, at: datetime) -> str:
    """Word how far off the start is: `in 24 hours`, `in 1 hour`, `in 55 minutes`, `now`."""
    minutes = round((start - at) / timedelta(minutes=1))
    if minutes <= 0:
        return "now"
    in_minutes = minutes < 100 and minutes != 60
    return f"in {_counted(minutes, 'minute') if in_minutes else _counted(round(minutes / 60), 'hour')}"


def date_in_utc(instant: datetime) -> str:
    """Word the date of an instant: `2 November 2026 (UTC)`."""
    utc = instant.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y} (UTC)"
