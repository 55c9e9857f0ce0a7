"""Making one week of one's calendar like another."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import post
from litestar.params import JSONBody
from msgspec import Meta

from consulting.application.copying import CopyWeek
from consulting.domain.errors import NotAResearcher, TimeIsBooked, TooManyRules, ValidationFailed
from consulting.domain.local_days import EARLIEST, LATEST
from consulting.entrypoints.http import calendar_shapes as shapes
from consulting.entrypoints.http import one_off_shapes
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import WITH_TOKEN, errors_of_writing, story
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of
from consulting.entrypoints.http.wire import Answer, Body, Id


class WeekToCopy(Body, kw_only=True):
    """Two weeks, each by any of its dates; with `preview`, nothing is kept."""

    from_week: Annotated[date, Meta(description="A date of the week to copy.")]
    to_week: Annotated[date, Meta(description="A date of the week that becomes like it.")]
    cancel_sessions: bool = False
    preview: bool = False


class CopiedWeek(Answer):
    """What was kept, which overrides are no more, and what that did to the slots."""

    overrides: list[shapes.Override]
    removed_overrides: list[Id]
    one_off_slots: list[one_off_shapes.OneOffSlot]
    blocks: list[shapes.Block]
    slots: shapes.ChangedSlots


@post(
    "/researcher/availability/copy-week",
    status_code=200,
    summary="Copy a week of your calendar",
    description=story(CopyWeek),
    responses=errors_of_writing(TooManyRules, TimeIsBooked, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def copy_week(request: ApiRequest, data: JSONBody[WeekToCopy], desk: AtDesk) -> CopiedWeek:
    """Make a week of the caller's calendar like another."""
    _require_known(data)
    copied = await desk.database.run_long(
        desk.use.copy_week,
        source=data.from_week,
        target=data.to_week,
        caller=caller_of(request),
        cancel_sessions=data.cancel_sessions,
        trying=data.preview,
    )
    return CopiedWeek(
        overrides=[shapes.override_body(each) for each in copied.week.overrides],
        removed_overrides=list(copied.week.gone),
        one_off_slots=[one_off_shapes.one_off_body(each) for each in copied.week.one_offs],
        blocks=[shapes.block_body(each) for each in copied.week.blocks],
        slots=shapes.changed_slots(copied.publication),
    )


def _require_known(data: WeekToCopy) -> None:
    for field, day in (("from_week", data.from_week), ("to_week", data.to_week)):
        if not EARLIEST.year < day.year < LATEST.year:
            raise ValidationFailed.of(field, f"give a date between {EARLIEST} and {LATEST}")


HANDLERS = (copy_week,)
