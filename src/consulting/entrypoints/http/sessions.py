"""Booking, looking at and canceling sessions."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import Response, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from consulting.application.booking import BookSession, GetSession, ListSessions
from consulting.application.calendars import GetCalendar
from consulting.application.cancellation import CancelSession, QuoteCancellation
from consulting.application.rescheduling import RescheduleSession
from consulting.domain.errors import (
    EmailRequired,
    FreeSessionLimitReached,
    HoldLimitReached,
    NotYourSession,
    OwnSlot,
    PriceDiffers,
    RescheduleTooLate,
    SessionCompleted,
    SessionNotConfirmed,
    SessionNotFound,
    SessionStarted,
    SlotNotFound,
    SlotUnavailable,
    ValidationFailed,
)
from consulting.domain.local_days import EARLIEST, LATEST, local_days
from consulting.domain.period import Period
from consulting.domain.session_states import Status
from consulting.entrypoints.http import wire
from consulting.entrypoints.http.answers import Answer, created
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import LOCATION, WITH_TOKEN, errors, errors_of_writing, story
from consulting.entrypoints.http.fields import fields_named
from consulting.entrypoints.http.ids import read_id, read_id_cursor
from consulting.entrypoints.http.pages import DEFAULT_LIMIT, Cursor, Limit, cut
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of
from consulting.entrypoints.http.time_slots import Zone, zone_for

InStatus = Annotated[Status | None, QueryParameter(name="status", description="Only those that stand like this now.")]
First = Annotated[date | None, QueryParameter(name="from", description="Only those that start on this day or later.")]
Last = Annotated[date | None, QueryParameter(name="to", description="Only those that start on this day or earlier.")]


@post(
    "/sessions",
    summary="Book a time slot",
    description=story(BookSession),
    responses=errors_of_writing(
        EmailRequired,
        OwnSlot,
        SlotNotFound,
        SlotUnavailable,
        HoldLimitReached,
        FreeSessionLimitReached,
        SignInRequired,
    ),
    response_headers=LOCATION,
    security=WITH_TOKEN,
    tags=["Sessions"],
)
async def book_session(
    request: ApiRequest,
    data: JSONBody[wire.NewSession],
    desk: AtDesk,
) -> Response[wire.Session]:
    """Hold a slot for the caller."""
    view = await desk.database.run(
        desk.use.book_session,
        caller=caller_of(request),
        time_slot_id=read_id(data.time_slot_id, SlotNotFound),
        questions=data.questions,
        paper_id=data.paper_id,
    )
    body = wire.session_body(view)
    return created(body, location=f"{desk.public_url}/api/sessions/{body.id}")


@get(
    "/sessions",
    summary="List your sessions",
    description=story(ListSessions),
    responses=errors(SignInRequired),
    security=WITH_TOKEN,
    tags=["Sessions"],
)
async def list_sessions(
    request: ApiRequest,
    desk: AtDesk,
    status: InStatus = None,
    first: First = None,
    last: Last = None,
    timezone: Zone = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> wire.SessionPage:
    """List the caller's own sessions."""
    caller = caller_of(request)
    views = await desk.database.run(
        desk.use.list_sessions,
        caller=caller,
        status=status,
        starting=starting_on(first, last, zone_for(timezone, caller)),
        after=read_id_cursor(cursor),
        limit=limit + 1,
    )
    shown, final = cut(views, limit=limit)
    return wire.SessionPage(
        sessions=[wire.session_body(view) for view in shown],
        next_cursor=None if final is None else str(final.session.id),
    )


@get(
    "/sessions/{id:str}",
    summary="Get a session",
    description=story(GetSession),
    responses=errors(SessionNotFound, SignInRequired),
    security=WITH_TOKEN,
    tags=["Sessions"],
)
async def get_session(
    request: ApiRequest,
    id: FromPath[str],
    desk: AtDesk,
) -> wire.Session:
    """Show a session."""
    view = await desk.database.run(desk.use.get_session, read_id(id, SessionNotFound), caller=caller_of(request))
    return wire.session_body(view)


@patch(
    "/sessions/{id:str}/cancel",
    summary="Cancel a session",
    description=story(CancelSession),
    responses=errors_of_writing(SessionNotFound, NotYourSession, SessionStarted, SessionCompleted, SignInRequired),
    security=WITH_TOKEN,
    tags=["Sessions"],
)
async def cancel_session(
    request: ApiRequest,
    id: FromPath[str],
    desk: AtDesk,
    data: JSONBody[wire.Cancellation | None] = None,
) -> wire.Session:
    """Cancel the caller's own session."""
    note = None if data is None else data.reason
    view = await desk.database.run(
        desk.use.cancel_session, read_id(id, SessionNotFound), caller=caller_of(request), note=note or None
    )
    return wire.session_body(view)


@get(
    "/sessions/{id:str}/cancellation",
    summary="Quote a cancellation",
    description=story(QuoteCancellation),
    responses=errors(SessionNotFound, NotYourSession, SignInRequired),
    security=WITH_TOKEN,
    tags=["Sessions"],
)
async def quote_cancellation(
    request: ApiRequest,
    id: FromPath[str],
    desk: AtDesk,
) -> wire.Quote:
    """Say what canceling now would give back."""
    quote = await desk.database.run(
        desk.use.quote_cancellation, read_id(id, SessionNotFound), caller=caller_of(request)
    )
    return wire.quote_body(quote)


@patch(
    "/sessions/{id:str}/reschedule",
    summary="Move a session",
    description=story(RescheduleSession),
    responses=errors_of_writing(
        SessionNotFound,
        SlotNotFound,
        NotYourSession,
        SessionNotConfirmed,
        PriceDiffers,
        RescheduleTooLate,
        SlotUnavailable,
        SignInRequired,
    ),
    security=WITH_TOKEN,
    tags=["Sessions"],
)
async def reschedule_session(
    request: ApiRequest,
    id: FromPath[str],
    data: JSONBody[wire.Rescheduling],
    desk: AtDesk,
) -> wire.Session:
    """Move the caller's own session to another slot."""
    view = await desk.database.run(
        desk.use.reschedule_session,
        read_id(id, SessionNotFound),
        time_slot_id=read_id(data.time_slot_id, SlotNotFound),
        caller=caller_of(request),
    )
    return wire.session_body(view)


@get(
    "/sessions/{id:str}/calendar.ics",
    summary="Get a session as a calendar file",
    description=story(GetCalendar),
    responses=errors(SessionNotFound, SessionNotConfirmed, SignInRequired),
    media_type="text/calendar",
    security=WITH_TOKEN,
    tags=["Sessions"],
)
async def get_calendar(
    request: ApiRequest,
    id: FromPath[str],
    desk: AtDesk,
) -> Response[bytes]:
    """Give the session as an iCalendar object."""
    content = await desk.database.run_long(
        desk.use.get_calendar, read_id(id, SessionNotFound), caller=caller_of(request)
    )
    return Answer(content, media_type="text/calendar")


def starting_on(first: date | None, last: date | None, timezone: str) -> Period | None:
    """Give the period of these calendar days, None for none of them. Raises ValidationFailed."""
    if first is None and last is None:
        return None
    since, until = first or EARLIEST, last or LATEST
    if since > until:
        raise ValidationFailed.of("to", "give a date from `from` on")
    with fields_named(date="from" if first else "to"):
        return local_days(first=since, last=until, timezone=timezone)


HANDLERS = (
    book_session,
    list_sessions,
    get_session,
    cancel_session,
    quote_cancellation,
    reschedule_session,
    get_calendar,
)
