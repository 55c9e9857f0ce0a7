"""The shapes of one-off slots, and how they are read and shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from msgspec import UNSET, UnsetType

from consulting.application.availability import OpenCalendar
from consulting.domain import availability
from consulting.domain.publishing import Publication
from consulting.entrypoints.http.calendar_shapes import ChangedSlots, Instant, given, period_of, slots_body
from consulting.entrypoints.http.wire import Answer, Body, Id


class NewOneOffSlot(Body, kw_only=True):
    """A single slot of 5 to 480 minutes that no hours give; it starts on a full minute."""

    start_time: Instant
    end_time: Instant


class OneOffSlotChanges(Body, kw_only=True):
    """What is to be other about a one-off slot; what is left out stays."""

    start_time: Instant | UnsetType = UNSET
    end_time: Instant | UnsetType = UNSET


class OneOffSlot(Answer, kw_only=True):
    """A single slot that no hours give; `slots` is told by what changes it.

    `id` is this rule's: the time slot that it gives has an id of its own.
    """

    id: Id
    start_time: datetime
    end_time: datetime
    slots: ChangedSlots | UnsetType = UNSET


class OneOffSlotList(Answer):
    """All one-off slots, in the order of their ids."""

    slots: list[OneOffSlot]


def new_one_off(data: NewOneOffSlot, calendar: OpenCalendar) -> availability.OneOffSlot:
    """Read a one-off slot. Raises ValidationFailed."""
    return availability.OneOffSlot(
        id=calendar.ids.new(),
        researcher_id=calendar.researcher.id,
        period=period_of(data.start_time, data.end_time),
    )


def changed_one_off(data: OneOffSlotChanges, slot: availability.OneOffSlot) -> availability.OneOffSlot:
    """Read what is to be other about a one-off slot. Raises ValidationFailed."""
    told = given(data)
    start, end = told.get("start_time", slot.period.start), told.get("end_time", slot.period.end)
    return replace(slot, period=period_of(start, end))


def one_off_body(slot: availability.OneOffSlot, publication: Publication | None = None) -> OneOffSlot:
    """Show a one-off slot."""
    return OneOffSlot(
        id=slot.id,
        start_time=slot.period.start,
        end_time=slot.period.end,
        slots=slots_body(publication),
    )
