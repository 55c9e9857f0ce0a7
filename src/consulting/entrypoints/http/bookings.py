"""A researcher's own bookings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import Response, get, patch
from litestar.params import FromPath, JSONBody, QueryParameter

from consulting.application.bookings import CancelBooking, GetBooking, ListBookings, NoteNoShow, WriteNotes
from consulting.application.meetings import GetStartLink
from consulting.application.ports.meeting_rooms import MeetingRoomsUnavailable
from consulting.application.ports.records import BookingFilter, Place
from consulting.domain.errors import (
    NotAResearcher,
    NotStartedYet,
    SessionCompleted,
    SessionNotConfirmed,
    SessionNotFound,
    ValidationFailed,
)
from consulting.domain.period import require_utc
from consulting.entrypoints.http import wire
from consulting.entrypoints.http.answers import Answer
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.booking_shapes import (
    Booking,
    BookingCancellation,
    BookingNotes,
    BookingPage,
    StartLink,
    When,
    booking_body,
)
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import WITH_TOKEN, errors, errors_of_writing, story
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.pages import DEFAULT_LIMIT, Cursor, Limit, cursor_of, cut
from consulting.entrypoints.http.queries import text_parameter
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of
from consulting.entrypoints.http.sessions import First, InStatus, Last, starting_on
from consulting.entrypoints.http.time_slots import Zone, zone_for

OfClient = Annotated[str | None, text_parameter(name="user_id", description="Only those of this client.")]
ByTime = Annotated[
    When | None, QueryParameter(name="when", description="Only those still to come or under way, or over.")
]


@get(
    "/researcher/bookings",
    summary="List your bookings",
    description=story(ListBookings),
    responses=errors(NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your profile and bookings"],
)
async def list_bookings(  # noqa: PLR0913, PLR0917 -- one for each query parameter
    request: ApiRequest,
    desk: AtDesk,
    when: ByTime = None,
    status: InStatus = None,
    of_client: OfClient = None,
    first: First = None,
    last: Last = None,
    timezone: Zone = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> BookingPage:
    """List what was booked with the caller."""
    caller = caller_of(request)
    wanted = BookingFilter(
        ended=None if when is None else when is When.PAST,
        status=status,
        user_id=of_client,
        starting=starting_on(first, last, zone_for(timezone, caller)),
    )
    views = await desk.database.run(
        desk.use.list_bookings, caller=caller, wanted=wanted, after=_after(cursor), limit=limit + 1
    )
    shown, final = cut(views, limit=limit)
    return BookingPage(
        bookings=[wire.session_body(view) for view in shown],
        next_cursor=None if final is None else cursor_of(final.session.period.start, final.session.id),
    )


@get(
    "/researcher/bookings/{id:str}",
    summary="Get a booking",
    description=story(GetBooking),
    responses=errors(SessionNotFound, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your profile and bookings"],
)
async def get_booking(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> Booking:
    """Show a session that was booked with the caller."""
    wanted = read_id(id, SessionNotFound)
    return booking_body(await desk.database.run(desk.use.get_booking, wanted, caller=caller_of(request)))


@patch(
    "/researcher/bookings/{id:str}/cancel",
    summary="Cancel a booking",
    description=story(CancelBooking),
    responses=errors_of_writing(SessionNotFound, SessionCompleted, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your profile and bookings"],
)
async def cancel_booking(
    request: ApiRequest, id: FromPath[str], desk: AtDesk, data: JSONBody[BookingCancellation | None] = None
) -> Booking:
    """Cancel a session that was booked with the caller."""
    told = data or BookingCancellation()
    booking = await desk.database.run(
        desk.use.cancel_booking,
        read_id(id, SessionNotFound),
        caller=caller_of(request),
        note=told.reason or None,
        reopen_slot=told.reopen_slot,
    )
    return booking_body(booking)


@patch(
    "/researcher/bookings/{id:str}/no-show",
    summary="Note that a client didn't come",
    description=story(NoteNoShow),
    responses=errors(SessionNotFound, SessionNotConfirmed, NotStartedYet, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your profile and bookings"],
)
async def note_no_show(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> Booking:
    """Note that the client of a session didn't come."""
    wanted = read_id(id, SessionNotFound)
    return booking_body(await desk.database.run(desk.use.note_no_show, wanted, caller=caller_of(request)))


@patch(
    "/researcher/bookings/{id:str}/notes",
    summary="Note something for yourself",
    description=story(WriteNotes),
    responses=errors_of_writing(SessionNotFound, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your profile and bookings"],
)
async def write_notes(request: ApiRequest, id: FromPath[str], data: JSONBody[BookingNotes], desk: AtDesk) -> Booking:
    """Keep the caller's own notes on a session."""
    wanted = read_id(id, SessionNotFound)
    return booking_body(
        await desk.database.run(desk.use.write_notes, wanted, caller=caller_of(request), notes=data.notes or None)
    )


@get(
    "/researcher/bookings/{id:str}/start-link",
    summary="Get the link to start a meeting",
    description=story(GetStartLink),
    responses=errors(SessionNotFound, SessionNotConfirmed, MeetingRoomsUnavailable, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your profile and bookings"],
)
async def get_start_link(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> Response[StartLink]:
    """Fetch the host's link of a session's meeting."""
    wanted, caller = read_id(id, SessionNotFound), caller_of(request)
    await desk.database.run(desk.use.get_booking, wanted, caller=caller)
    link = await desk.provider.run(desk.use.get_start_link, wanted, caller=caller)
    return Answer(StartLink(start_link=link), headers={"Cache-Control": "no-store"})


def _after(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    start, _, last_id = cursor.partition("_")
    try:
        return Place(require_utc(datetime.fromisoformat(start)), read_id(last_id, SessionNotFound))
    except (ValueError, OverflowError, SessionNotFound):
        raise ValidationFailed.of("cursor", "give the `next_cursor` of the page before") from None


HANDLERS = (list_bookings, get_booking, cancel_booking, note_no_show, write_notes, get_start_link)
