"""Looking at a researcher's time slots."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from consulting.application.callers import Caller
from consulting.application.directory import (
    LONGEST_RANGE_DAYS,
    MOST_NEXT_SLOTS,
    GetTimeSlot,
    ListNextSlots,
    ListTimeSlots,
)
from consulting.application.showing import Shown
from consulting.domain.errors import ResearcherNotFound, SlotNotFound, ValidationFailed
from consulting.domain.local_time import timezone_problems
from consulting.entrypoints.http import slot_bodies, wire
from consulting.entrypoints.http.answers import Lasting
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import OPEN, errors, story
from consulting.entrypoints.http.fields import fields_named
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.queries import text_parameter

ResearcherId = Annotated[str, text_parameter(description="Whose time slots.")]
Day = Annotated[date | None, QueryParameter(description="A calendar day in the zone: this, or `from` and `to`.")]
First = Annotated[date | None, QueryParameter(name="from", description="The first calendar day.")]
Last = Annotated[
    date | None, QueryParameter(name="to", description=f"The last calendar day; at most {LONGEST_RANGE_DAYS} in all.")
]
Zone = Annotated[
    str | None,
    text_parameter(description="The IANA zone of days and local times; else the token's `zoneinfo`, else UTC."),
]
FewSlots = Annotated[
    int, QueryParameter(ge=1, le=MOST_NEXT_SLOTS, description=f"How many to give at most, 1 to {MOST_NEXT_SLOTS}.")
]


class Grouping(StrEnum):
    """How slots can be put together."""

    DAY = "day"


GroupBy = Annotated[
    Grouping | None, QueryParameter(description="`day` answers `days`, each with its date and its time slots.")
]


@get(
    "/time-slots",
    summary="List time slots",
    description=story(ListTimeSlots),
    responses=errors(ResearcherNotFound),
    security=OPEN,
    tags=["Time slots"],
)
async def list_time_slots(
    request: ApiRequest,
    desk: AtDesk,
    researcher_id: ResearcherId,
    date: Day = None,
    first: First = None,
    last: Last = None,
    timezone: Zone = None,
    group_by: GroupBy = None,
) -> Response[slot_bodies.TimeSlotList | slot_bodies.TimeSlotDays]:
    """List the slots of one day or several, available or not."""
    caller = request.user
    tz = zone_for(timezone, caller)
    since, until = _days(date, first, last)
    with fields_named(date="date" if date else "from"):
        offered = await desk.database.run(
            desk.use.list_time_slots,
            researcher_id=read_id(researcher_id, ResearcherNotFound),
            first=since,
            last=until,
            timezone=tz,
            caller=caller,
        )
    asked = _Asked(
        address=_address(desk.public_url, researcher_id, timezone, group_by),
        timezone=tz,
        first=since,
        last=until,
        by_date=date is not None,
        by_day=group_by is not None,
    )
    return _answer(offered, asked)


class _Asked(NamedTuple):
    """What decides on an answer beside the slots."""

    address: str
    timezone: str
    first: date
    last: date
    by_date: bool
    by_day: bool


def _answer(offered: Shown, asked: _Asked) -> Response[slot_bodies.TimeSlotList | slot_bodies.TimeSlotDays]:
    """Answer; once more with the same answer, if these very slots were last shown to somebody who asked the same."""
    kept: tuple[_Asked, Lasting] | None = offered.kept
    if kept is None or kept[0] != asked:
        kept = offered.kept = asked, Lasting(_body(offered, asked))
    return kept[1]


def _body(offered: Shown, asked: _Asked) -> slot_bodies.TimeSlotList | slot_bodies.TimeSlotDays:
    first, last = asked.first, asked.last
    links = slot_bodies.range_links(asked.address, first=first, last=last, by_date=asked.by_date)
    if asked.by_day:
        return slot_bodies.days_body(offered, first=first, last=last, timezone=asked.timezone, links=links)
    return slot_bodies.list_body(offered, timezone=asked.timezone, links=links)


@get(
    "/researchers/{id:str}/next-slots",
    summary="List the next free time slots",
    description=story(ListNextSlots),
    responses=errors(ResearcherNotFound),
    security=OPEN,
    tags=["Time slots"],
)
async def list_next_slots(
    request: ApiRequest,
    id: FromPath[str],
    desk: AtDesk,
    limit: FewSlots = 5,
    timezone: Zone = None,
) -> slot_bodies.NextSlots:
    """List the soonest slots that could be booked now."""
    tz = zone_for(timezone, request.user)
    offered = await desk.database.run(desk.use.list_next_slots, read_id(id, ResearcherNotFound), limit=limit)
    return slot_bodies.NextSlots(time_slots=wire.slots_body(offered, timezone=tz))


@get(
    "/time-slots/{id:str}",
    summary="Get a time slot",
    description=story(GetTimeSlot),
    responses=errors(SlotNotFound),
    security=OPEN,
    tags=["Time slots"],
)
async def get_time_slot(
    request: ApiRequest,
    id: FromPath[str],
    desk: AtDesk,
    timezone: Zone = None,
) -> wire.TimeSlot:
    """Show one slot."""
    tz = zone_for(timezone, request.user)
    offered = await desk.database.run(desk.use.get_time_slot, read_id(id, SlotNotFound), caller=request.user)
    return wire.slot_body(offered, timezone=tz)


def zone_for(asked: str | None, caller: Caller | None) -> str:
    """Choose the zone to answer in: the one asked for, else the caller's, else UTC. Raises ValidationFailed."""
    if asked is None:
        return (caller and caller.timezone) or "UTC"
    problems = timezone_problems(asked)
    if problems:
        raise ValidationFailed(problems)
    return asked


@lru_cache(maxsize=1024)
def _address(public_url: str, researcher_id: str, timezone: str | None, group_by: Grouping | None) -> str:
    """Write where these slots are found, but for the days; everything in it was checked before."""
    asked = {"researcher_id": researcher_id, "timezone": timezone, "group_by": group_by}
    given = {name: value for name, value in asked.items() if value is not None}
    return f"{public_url}/api/time-slots?{urlencode(given)}"


def _days(day: date | None, first: date | None, last: date | None) -> tuple[date, date]:
    if day is not None and first is None and last is None:
        return day, day
    if day is None and first is not None and last is not None:
        return first, last
    raise ValidationFailed.of("date", "give either `date`, or both `from` and `to`")


HANDLERS = (list_time_slots, list_next_slots, get_time_slot)
