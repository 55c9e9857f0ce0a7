"""The shapes of bodies, and how what the use cases give is put into them.

Amounts are integer minor units; `rate` is an exact number in whole units of the currency; instants are UTC. A field
that is null is known to be empty, one that is absent isn't told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from consulting.application.booking import SessionView
from consulting.application.callers import Caller
from consulting.application.cancellation import CancellationQuote
from consulting.application.payments import OpenIntent
from consulting.application.showing import OfferedSlot
from consulting.domain import cancellation, money, refunds, researchers, time_slots
from consulting.domain.cancellation import CanceledBy, CancellationReason
from consulting.domain.local_time import zone
from consulting.domain.session_states import PaymentStatus, Status
from consulting.entrypoints.http.validation import NO_NUL, NOT_BLANK

Text = Annotated[str, Meta(pattern=NO_NUL)]
StatedReason = Annotated[str, Meta(pattern=NOT_BLANK, min_length=1, max_length=1000)]
ShortText = Annotated[Text, Meta(max_length=255)]
LongText = Annotated[Text, Meta(max_length=5000)]
Id = Annotated[UUID, Meta(description="An opaque id.")]
Currency = Annotated[str, Meta(description="A lower-case ISO 4217 code.")]
Amount = Annotated[int, Meta(description="In minor units of the currency: 12550 is 125.50 USD.", ge=0)]


class Body(Struct, forbid_unknown_fields=True):
    """A body that callers send: what it doesn't know, it refuses."""


class NewSession(Body, kw_only=True):
    """Which slot to book, and what it is about."""

    time_slot_id: Text
    questions: LongText | None = None
    paper_id: ShortText | None = None


class Cancellation(Body):
    """Why a session is canceled, in the client's own words."""

    reason: Annotated[Text, Meta(max_length=1000)] | None = None


class Rescheduling(Body):
    """Which slot to move a session to."""

    time_slot_id: Text


class PaymentOfSession(Body):
    """Which session to pay."""

    session_id: Text


class PaidIntent(Body):
    """Which session was paid, and by which intent."""

    session_id: Text
    payment_intent_id: ShortText


class Answer(Struct, forbid_unknown_fields=True):
    """A body that we send."""


class CalendarToken(Answer):
    """The secret address of the caller's sessions, for calendar programs; it is told only once."""

    token: str
    url: str
    webcal_url: Annotated[str, Meta(description="The same, as calendar programs like to be given it.")]


class Money(Answer):
    """An amount of money."""

    amount: Amount
    currency: Currency


class Rating(Answer):
    """What reviewers gave: the mean of 1 to 5 stars, null without a review."""

    average: Decimal | None
    count: int


class NextSlot(Answer):
    """The earliest slot that could be booked at this moment."""

    id: Id
    start_time: datetime
    end_time: datetime


class Researcher(Answer, kw_only=True):
    """A researcher; `email` and `user_id` are shown to signed-in callers only, `author` only where `paper_id` is."""

    id: Id
    user_id: str | UnsetType | None = UNSET
    name: str
    email: str | UnsetType = UNSET
    bio: str | None
    expertise: list[str]
    achievements: list[str]
    rate: Annotated[Decimal, Meta(description="The price of an hour, in whole units of the currency.")]
    currency: Currency
    timezone: str
    verified: bool
    avatar_url: str | None
    affiliation: str | None
    author: bool | UnsetType = UNSET
    rating: Rating
    next_available_slot: NextSlot | None


class ResearcherPage(Answer):
    """Researchers, and the cursor of the next page; null on the last."""

    researchers: list[Researcher]
    next_cursor: str | None


class TimeSlot(Answer, kw_only=True):
    """A time slot; `session_id` is shown only to those whose session it is, and to admins."""

    id: Id
    researcher_id: Id
    start_time: datetime
    end_time: datetime
    available: bool
    session_id: str | UnsetType = UNSET
    timezone: str
    local_start_time: datetime
    local_end_time: datetime
    price: Money


class CancellationOfSession(Answer):
    """Who canceled a session, why, and when; `note` is the person's own words."""

    by: CanceledBy
    reason: CancellationReason
    note: str | None
    at: datetime


class RefundStatus(StrEnum):
    """How far money on its way back is: the slowest of it, where it goes back in parts."""

    REQUESTED = "requested"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Refund(Answer):
    """What goes back to the client of what they paid for the session, and whether it has arrived."""

    amount: Amount
    currency: Currency
    status: RefundStatus


class Session(Answer):
    """A booked consultation, as it stands at the moment of reading."""

    id: Id
    user_id: str
    researcher_id: Id
    time_slot_id: Id
    start_time: datetime
    end_time: datetime
    paper_id: str | None
    questions: str | None
    status: Status
    payment_status: PaymentStatus
    amount: Amount
    currency: Currency
    expires_at: Annotated[datetime | None, Meta(description="Until when an unpaid session keeps its slot.")]
    zoom_link: Annotated[str | None, Meta(description="The link to join by, once the meeting is made.")]
    cancellation: CancellationOfSession | None
    refund: Refund | None
    no_show: bool
    created_at: datetime
    updated_at: datetime


class SessionPage(Answer):
    """Sessions, the newest first, and the cursor of the next page; null on the last."""

    sessions: list[Session]
    next_cursor: str | None


class Quote(Answer):
    """What canceling at this moment would give back: `percent` of the price, which is `refund`."""

    session_id: Id
    percent: Annotated[int, Meta(ge=0, le=100)]
    refund: Money
    quoted_at: datetime


class PaymentIntent(Answer):
    """What the client's browser needs to pay."""

    client_secret: str
    payment_intent_id: str
    publishable_key: str
    amount: Amount
    currency: Currency


class Received(Answer):
    """The message was taken in."""

    received: bool


_encoder = msgspec.json.Encoder(decimal_format="number")
encode = _encoder.encode


def money_body(amount: money.Money) -> Money:
    """Show an amount."""
    return Money(amount=amount.amount, currency=amount.currency)


def researcher_body(
    researcher: researchers.Researcher,
    *,
    next_slot: time_slots.TimeSlot | None,
    caller: Caller | None,
    paper: str | None,
) -> Researcher:
    """Show a researcher to a caller, None for one who isn't signed in."""
    papers = researcher.papers
    return Researcher(
        id=researcher.id,
        user_id=UNSET if caller is None else researcher.user_id,
        name=researcher.name,
        email=UNSET if caller is None else researcher.email,
        bio=researcher.bio,
        expertise=list(researcher.expertise),
        achievements=list(researcher.achievements),
        rate=researcher.rate.in_major_units(),
        currency=researcher.rate.currency,
        timezone=researcher.timezone,
        verified=researcher.verified,
        avatar_url=researcher.avatar_url,
        affiliation=researcher.affiliation,
        author=UNSET if paper is None or not papers else paper in papers,
        rating=Rating(average=researcher.rating.average, count=researcher.rating.count),
        next_available_slot=None if next_slot is None else _next_slot(next_slot),
    )


def _next_slot(slot: time_slots.TimeSlot) -> NextSlot:
    return NextSlot(id=slot.id, start_time=slot.period.start, end_time=slot.period.end)


def slot_body(offered: OfferedSlot, *, timezone: str) -> TimeSlot:
    """Show a slot, with its times in a zone as well."""
    return slots_body([offered], timezone=timezone)[0]


def slots_body(offered: Sequence[OfferedSlot], *, timezone: str) -> list[TimeSlot]:
    """Show slots of one researcher, with their times in a zone as well."""
    if not offered:
        return []
    researcher_id = offered[0].slot.researcher_id
    tz = UTC if timezone == "UTC" else zone(timezone)  # the same, but the zone of that name takes ten times as long
    return [
        TimeSlot(
            id=each.slot.id,
            researcher_id=researcher_id,
            start_time=(start := each.slot.period.start),
            end_time=(end := each.slot.period.end),
            available=each.available,
            session_id=UNSET if each.session_id is None else str(each.session_id),
            timezone=timezone,
            local_start_time=start.astimezone(tz),
            local_end_time=end.astimezone(tz),
            price=money_body(each.price),
        )
        for each in offered
    ]


def session_body(view: SessionView) -> Session:
    """Show a session."""
    session = view.session
    return Session(
        id=session.id,
        user_id=session.client.user_id,
        researcher_id=session.researcher_id,
        time_slot_id=session.time_slot_id,
        start_time=session.period.start,
        end_time=session.period.end,
        paper_id=session.paper_id,
        questions=session.questions,
        status=session.status,
        payment_status=session.payment_status,
        amount=session.price.amount,
        currency=session.price.currency,
        expires_at=session.expires_at,
        zoom_link=None if session.meeting is None else session.meeting.join_link,
        cancellation=None if session.cancellation is None else _cancellation(session.cancellation),
        refund=_refund(view.refunds),
        no_show=session.no_show,
        created_at=session.created_at,
        updated_at=session.updated_at,
    )


def _cancellation(canceled: cancellation.Cancellation) -> CancellationOfSession:
    return CancellationOfSession(by=canceled.by, reason=canceled.reason, note=canceled.note, at=canceled.at)


def _refund(of_session: Sequence[refunds.Refund]) -> Refund | None:
    shown = refunds.summary(of_session)
    if shown is None:
        return None
    return Refund(amount=shown.amount.amount, currency=shown.amount.currency, status=RefundStatus(shown.state.value))


def quote_body(quote: CancellationQuote) -> Quote:
    """Show what canceling would give back."""
    return Quote(
        session_id=quote.session.id,
        percent=quote.percent,
        refund=money_body(quote.refund),
        quoted_at=quote.at,
    )


def intent_body(opened: OpenIntent) -> PaymentIntent:
    """Show an open intent to the client who pays it."""
    intent = opened.intent
    return PaymentIntent(
        client_secret=intent.client_secret or "",
        payment_intent_id=intent.id,
        publishable_key=opened.publishable_key,
        amount=intent.amount.amount,
        currency=intent.amount.currency,
    )
