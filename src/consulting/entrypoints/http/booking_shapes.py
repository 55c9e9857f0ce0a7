"""The shapes of a researcher's bookings."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from consulting.application import bookings
from consulting.entrypoints.http import wire
from consulting.entrypoints.http.wire import Answer, Body, LongText, Text


class When(StrEnum):
    """Still to come or under way; or over."""

    UPCOMING = "upcoming"
    PAST = "past"


class BookingCancellation(Body, kw_only=True):
    """Why a session is canceled, which the client is told, and whether its slot is offered again."""

    reason: Annotated[Text, Meta(max_length=1000)] | None = None
    reopen_slot: bool = False


class BookingNotes(Body):
    """What the researcher notes for themselves; null for nothing."""

    notes: LongText | None


class ClientOfBooking(Answer):
    """Who booked, as they signed in at that moment."""

    name: str | None
    email: str
    timezone: str


class Booking(wire.Session, kw_only=True):
    """A session as its researcher sees it: with its client, and the notes that nobody else sees."""

    client: ClientOfBooking
    notes: str | None


class BookingPage(Answer):
    """Sessions, and the cursor of the next page; null on the last."""

    bookings: list[wire.Session]
    next_cursor: str | None


class StartLink(Answer):
    """The link by which the researcher starts the meeting as its host: short-lived, not to be kept or passed on."""

    start_link: str


def booking_body(booking: bookings.Booking) -> Booking:
    """Show a booking to its researcher."""
    client = booking.view.session.client
    return Booking(
        **msgspec.structs.asdict(wire.session_body(booking.view)),
        client=ClientOfBooking(name=client.name, email=client.email, timezone=client.timezone),
        notes=booking.notes,
    )
