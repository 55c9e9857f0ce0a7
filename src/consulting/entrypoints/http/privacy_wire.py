"""The shape of what is kept of a user."""

from __future__ import annotations

from datetime import datetime

import msgspec

from consulting.application.ports.records import Outcome
from consulting.application.privacy import SessionRecord, UserRecord
from consulting.domain.payments import PaymentState
from consulting.domain.refunds import RefundReason, RefundState
from consulting.entrypoints.http.wire import (
    Amount,
    Answer,
    Currency,
    Id,
    Money,
    Session,
    encode,
    money_body,
    session_body,
)


class KeptClient(Answer):
    """The user as their token described them when they booked."""

    user_id: str
    email: str
    name: str | None
    timezone: str


class KeptPayment(Answer, kw_only=True):
    """An attempt to pay; `received` is null until something was charged."""

    id: Id
    attempt: int
    payment_intent_id: str | None
    state: PaymentState
    amount: Amount
    currency: Currency
    received: Money | None
    created_at: datetime
    updated_at: datetime


class KeptRefund(Answer):
    """Money that goes back, and why."""

    id: Id
    amount: Amount
    currency: Currency
    reason: RefundReason
    state: RefundState
    note: str | None
    created_at: datetime
    updated_at: datetime


class KeptReview(Answer):
    """What the user said of the session."""

    rating: int
    comment: str | None
    created_at: datetime
    updated_at: datetime
    answer: str | None


class KeptNotification(Answer):
    """A mail about the session: to whom of the two people, and what became of it."""

    kind: str
    recipient: str
    at: datetime
    outcome: Outcome
    reason: str | None


class KeptSession(Answer):
    """A session with all that belongs to it."""

    session: Session
    client: KeptClient
    payments: list[KeptPayment]
    refunds: list[KeptRefund]
    review: KeptReview | None
    notifications: list[KeptNotification]


class UserExport(Answer):
    """All that is kept of a user, the newest session first."""

    user_id: str
    exported_at: datetime
    sessions: list[KeptSession]


class Erased(Answer):
    """What became of an erased user: the pseudonym that their sessions have now, and how many these are."""

    pseudonym: str
    sessions: int


def export_json(record: UserRecord) -> bytes:
    """Write what is kept of a user as a UserExport, session by session: other threads get their turn in between."""
    sessions = [msgspec.Raw(encode(_session(each))) for each in record.sessions]
    return encode({"user_id": record.user_id, "exported_at": record.at, "sessions": sessions})


def _session(record: SessionRecord) -> KeptSession:
    client, review = record.view.session.client, record.review
    return KeptSession(
        session=session_body(record.view),
        client=KeptClient(user_id=client.user_id, email=client.email, name=client.name, timezone=client.timezone),
        payments=_payments(record),
        refunds=_refunds(record),
        review=None
        if review is None
        else KeptReview(
            rating=review.stars,
            comment=review.comment,
            created_at=review.created_at,
            updated_at=review.updated_at,
            answer=review.answer,
        ),
        notifications=[
            KeptNotification(
                kind=each.kind, recipient=each.recipient, at=each.marked_at, outcome=each.outcome, reason=each.reason
            )
            for each in record.notifications
        ],
    )


def _payments(record: SessionRecord) -> list[KeptPayment]:
    return [
        KeptPayment(
            id=each.id,
            attempt=each.attempt,
            payment_intent_id=each.intent_id,
            state=each.state,
            amount=each.price.amount,
            currency=each.price.currency,
            received=None if each.received is None else money_body(each.received),
            created_at=each.created_at,
            updated_at=each.updated_at,
        )
        for each in record.payments
    ]


def _refunds(record: SessionRecord) -> list[KeptRefund]:
    return [
        KeptRefund(
            id=each.id,
            amount=each.amount.amount,
            currency=each.amount.currency,
            reason=each.reason,
            state=each.state,
            note=each.note,
            created_at=each.created_at,
            updated_at=each.updated_at,
        )
        for each in record.view.refunds
    ]
