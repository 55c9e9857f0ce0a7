"""The shapes of lists of time slots, and where earlier and later ones are found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta

from consulting.application.showing import OfferedSlot
from consulting.domain.local_days import EARLIEST, LATEST
from consulting.entrypoints.http.wire import Answer, TimeSlot, slots_body


class RangeLinks(Answer):
    """Where the same number of days before and after these is found, with the same parameters; null where none is."""

    earlier: str | None
    later: str | None


class TimeSlotList(Answer):
    """A researcher's time slots, by start."""

    time_slots: list[TimeSlot]
    links: RangeLinks


class TimeSlotDay(Answer):
    """The time slots of one calendar day, by start."""

    date: date
    time_slots: list[TimeSlot]


class TimeSlotDays(Answer):
    """A researcher's time slots by calendar day; days without one are there too."""

    days: list[TimeSlotDay]
    links: RangeLinks


class NextSlots(Answer):
    """The soonest time slots that could be booked at this moment, by start."""

    time_slots: Annotated[list[TimeSlot], Meta(max_length=20)]


def list_body(offered: Sequence[OfferedSlot], *, timezone: str, links: RangeLinks) -> TimeSlotList:
    """Show slots in one row."""
    return TimeSlotList(time_slots=slots_body(offered, timezone=timezone), links=links)


def days_body(
    offered: Sequence[OfferedSlot], *, first: date, last: date, timezone: str, links: RangeLinks
) -> TimeSlotDays:
    """Show slots under the local dates on which they start, `first` to `last`."""
    days = {first + timedelta(days=number): list[TimeSlot]() for number in range((last - first).days + 1)}
    for shown in slots_body(offered, timezone=timezone):
        days[shown.local_start_time.date()].append(shown)
    return TimeSlotDays(days=[TimeSlotDay(date=day, time_slots=slots) for day, slots in days.items()], links=links)


def range_links(address: str, *, first: date, last: date, by_date: bool) -> RangeLinks:
    """Give the links of a range, at an address that lacks the days: as many days right before and right after it."""
    length = last - first + timedelta(days=1)

    def link(since: date, until: date) -> str:
        return f"{address}&date={since}" if by_date else f"{address}&from={since}&to={until}"

    return RangeLinks(
        earlier=link(first - length, last - length) if first - EARLIEST >= length else None,
        later=link(first + length, last + length) if LATEST - last >= length else None,
    )
