"""Believable values to test with: everything around one Monday morning, ids rising with their number."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from consulting.application.ports.inbox import ProviderEvent
from consulting.application.ports.outbox import Errand, Lane, OutboxEntry
from consulting.application.ports.records import Notification
from consulting.domain.availability import Block, OneOffSlot, Override, Pattern
from consulting.domain.cancellation import CanceledBy
from consulting.domain.local_time import LocalWindow
from consulting.domain.meetings import Meeting
from consulting.domain.money import Money
from consulting.domain.payments import Payment, first_attempt
from consulting.domain.period import Period
from consulting.domain.refunds import Refund, RefundReason, RefundState
from consulting.domain.researchers import Rating, Researcher
from consulting.domain.reviews import Review
from consulting.domain.sessions import Client, Session, hold
from consulting.domain.time_slots import TimeSlot

NOW = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
"""The present of every sample: a Monday, 08:00 UTC."""

HOLD = timedelta(minutes=15)

_KINDS = ("researcher", "rule", "slot", "session", "payment", "refund", "review", "errand", "message", "act", "key")


def identity(kind: str, number: int) -> UUID:
    """Give the id of the n-th thing of a kind: well formed (version 7), and rising with the number."""
    return UUID(int=(number << 80) | (0x7 << 76) | (_KINDS.index(kind) << 64) | (0b10 << 62))


def after(**time: float) -> datetime:
    """Give the instant this much later than NOW, in the words of a timedelta."""
    return NOW + timedelta(**time)


def hour(number: float) -> Period:
    """Give the hour that starts so many hours after NOW."""
    return Period(after(hours=number), after(hours=number + 1))


def researcher(number: int = 1, **changes: Any) -> Researcher:
    """Give an active, verified researcher who takes 120 dollars an hour."""
    told = Researcher(
        id=identity("researcher", number),
        user_id=f"researcher-{number}",
        name=f"Ada Example {number}",
        email=f"ada{number}@example.org",
        bio="Works on the statistics of small samples.",
        expertise=("statistics", "machine learning"),
        achievements=("Two books",),
        rate=Money(12_000, "usd"),
        timezone="Europe/Berlin",
        verified=True,
        active=True,
        avatar_url="https://example.org/ada.png",
        affiliation="University of Example",
        papers=("paper-1", "paper-2"),
        zoom_user=None,
        gap_minutes=10,
        rating=Rating(total=9, count=2),
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(told, **changes)


def pattern(number: int = 1, **changes: Any) -> Pattern:
    """Give Mondays from 09:00 to 12:00 in Berlin."""
    told = Pattern(
        id=identity("rule", number),
        researcher_id=identity("researcher", 1),
        weekday=0,
        window=LocalWindow.parse(start="09:00", end="12:00"),
        timezone="Europe/Berlin",
        slot_minutes=60,
        valid_from=date(2026, 9, 1),
    )
    return replace(told, **changes)


def override(number: int = 1, **changes: Any) -> Override:
    """Give two windows, one of them past midnight, on one date in Berlin."""
    told = Override(
        id=identity("rule", number),
        researcher_id=identity("researcher", 1),
        date=date(2026, 9, 14),
        timezone="Europe/Berlin",
        windows=(LocalWindow.parse(start="10:00", end="11:00"), LocalWindow.parse(start="22:00", end="01:00")),
        slot_minutes=30,
        gap_minutes=5,
    )
    return replace(told, **changes)


def one_off(number: int = 1, **changes: Any) -> OneOffSlot:
    """Give a single slot of an hour, the one after the sample's block."""
    told = OneOffSlot(id=identity("rule", number), researcher_id=identity("researcher", 1), period=hour(49))
    return replace(told, **changes)


def block(number: int = 1, **changes: Any) -> Block:
    """Give an hour off."""
    told = Block(id=identity("rule", number), researcher_id=identity("researcher", 1), period=hour(48), reason="Away")
    return replace(told, **changes)


def slot(number: int = 1, **changes: Any) -> TimeSlot:
    """Give a free hour of the first researcher: the one that starts a day and so many hours from now."""
    told = TimeSlot(
        id=identity("slot", number), researcher_id=identity("researcher", 1), period=hour(24 + number), withdrawn=False
    )
    return replace(told, **changes)


def client(number: int = 1, **changes: Any) -> Client:
    """Give a client."""
    told = Client(user_id=f"client-{number}", email=f"kim{number}@example.org", name=f"Kim {number}", timezone="UTC")
    return replace(told, **changes)


def held(slot: TimeSlot, number: int = 1, **changes: Any) -> Session:
    """Give a hold on the slot, to be paid within a quarter of an hour."""
    session, _ = hold(
        id=identity("session", number),
        client=client(),
        researcher=researcher(),
        slot=slot,
        hold_for=HOLD,
        paper_id="paper-1",
        questions="Which test fits five samples?",
        at=NOW,
    )
    return replace(session, researcher_id=slot.researcher_id, **changes)


def confirmed(slot: TimeSlot, number: int = 1, **changes: Any) -> Session:
    """Give a session that was paid a minute after it was held, with its meeting."""
    session, _ = held(slot, number, **changes).pay(at=after(minutes=1), slot_free=True)
    return session.linked(meeting=meeting(number), at=after(minutes=2))


def free(slot: TimeSlot, number: int = 1, **changes: Any) -> Session:
    """Give a session of a researcher who takes nothing: it is confirmed at once."""
    session = confirmed(slot, number, **changes)
    return replace(session, price=Money(0, session.price.currency), meeting=None)


def canceled(session: Session, *, at: datetime = NOW) -> Session:
    """Give the session as its client canceled it."""
    return session.cancel(by=CanceledBy.CLIENT, note="Something came up.", at=at)[0]


def meeting(number: int = 1) -> Meeting:
    """Give a meeting."""
    return Meeting(id=f"8{number:09}", join_link=f"https://meet.example.org/j/{number}", host="host@example.org")


def payment(session: Session, number: int = 1, **changes: Any) -> Payment:
    """Give the first attempt to pay the session."""
    told = first_attempt(id=identity("payment", number), session_id=session.id, price=session.price, at=NOW)
    return replace(told, **{"intent_id": f"pi_{number}", **changes})


def refund(payment: Payment, number: int = 1, **changes: Any) -> Refund:
    """Give a refund of half of the payment, decided upon but not sent."""
    told = Refund(
        id=identity("refund", number),
        payment_id=payment.id,
        session_id=payment.session_id,
        amount=payment.price.share(percent=50),
        reason=RefundReason.CANCELED,
        state=RefundState.REQUESTED,
        created_at=after(minutes=number),
        updated_at=after(minutes=number),
    )
    return replace(told, **changes)


def review(session: Session, number: int = 1, **changes: Any) -> Review:
    """Give four stars."""
    told = Review(
        id=identity("review", number),
        session_id=session.id,
        researcher_id=session.researcher_id,
        user_id=session.client.user_id,
        stars=4,
        comment="Clear, patient, and right.",
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(told, **changes)


def notification(session: Session, number: int = 1, **changes: Any) -> Notification:
    """Give the record of a mail to the client."""
    told = Notification(
        session_id=session.id,
        kind="confirmation",
        recipient="client",
        about=str(identity("errand", number)),
        message_id=f"<confirmation.{number}@example.org>",
        marked_at=after(minutes=number),
    )
    return replace(told, **changes)


def errand(session: Session, number: int = 1, **changes: Any) -> OutboxEntry:
    """Give a mail to send, due when it was recorded: so many seconds after NOW."""
    told = OutboxEntry(
        id=identity("errand", number),
        errand=Errand.NOTIFY,
        lane=Lane.MAIL,
        session_id=session.id,
        data={"kind": "confirmation", "role": "client"},
        due_at=after(seconds=number),
        recorded_at=after(seconds=number),
    )
    return replace(told, **changes)


def message(number: int = 1, **changes: Any) -> ProviderEvent:
    """Give a message of the payment provider."""
    told = ProviderEvent(source="acme", external_id=f"evt_{number}", kind="payment.succeeded", intent_id=f"pi_{number}")
    return replace(told, **changes)
