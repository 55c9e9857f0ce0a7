"""Payments: each attempt to pay a session, and what the provider says of it when asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from consulting.domain.money import Money


class IntentStatus(StrEnum):
    """Where an intent stands at the provider."""

    AWAITING_CLIENT = "awaiting_client"
    ACTION_REQUIRED = "action_required"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class Dispute(StrEnum):
    """Where the cardholder's objection to a charge stands."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A payment intent as the provider shows it now.

    `received` is what was really charged, `returned` what of it was refunded, and `taken` what the bank took back for
    good by disputes that were lost; all in minor units. `session_id` is the session named in its metadata. The client
    secret is never kept and never printed. FAILED means that the last try was declined while the intent itself can
    still be paid.
    """

    id: str
    status: IntentStatus
    amount: Money
    received: Money
    returned: Money
    session_id: UUID | None
    dispute: Dispute | None = None
    taken: Money | None = None
    client_secret: str | None = field(default=None, repr=False)


class PaymentState(StrEnum):
    """Where an attempt stands with us."""

    OPEN = "open"
    FAILED = "failed"
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"
    MISMATCHED = "mismatched"


ALIVE = frozenset({PaymentState.OPEN, PaymentState.FAILED})
"""An attempt that may still be charged: at most one of these a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """The n-th attempt to pay a session.

    `intent_id` is None from the moment the attempt is recorded until the provider has answered; the attempt's `key`
    makes asking again safe. `received` is what was charged, in minor units, and None until something was.
    """

    id: UUID
    session_id: UUID
    attempt: int
    intent_id: str | None
    price: Money
    state: PaymentState
    received: Money | None = None
    dispute: Dispute | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def key(self) -> str:
        """The idempotency key at the provider: session and attempt."""
        return f"{self.session_id}:{self.attempt}"

    @property
    def alive(self) -> bool:
        """Tell whether the attempt may still be charged."""
        return self.state in ALIVE

    def matches(self, intent: Intent) -> bool:
        """Tell whether the intent is about this session, for exactly this price."""
        charged = intent.received if intent.status is IntentStatus.SUCCEEDED else intent.amount
        return intent.session_id == self.session_id and intent.amount == charged == self.price

    def opened(self, *, intent_id: str, at: datetime) -> Payment:
        """Remember the provider's id."""
        return replace(self, intent_id=intent_id, updated_at=at)

    def turned(self, state: PaymentState, *, at: datetime) -> Payment:
        """Follow what became of the attempt without money having moved."""
        return replace(self, state=state, updated_at=at)

    def charged(self, *, received: Money, state: PaymentState, at: datetime) -> Payment:
        """Take in that money was received."""
        return replace(self, received=received, state=state, updated_at=at)

    def disputed(self, dispute: Dispute | None, *, at: datetime) -> Payment:
        """Follow the cardholder's objection."""
        return self if dispute is self.dispute else replace(self, dispute=dispute, updated_at=at)


def first_attempt(*, id: UUID, session_id: UUID, price: Money, at: datetime) -> Payment:
    """Record that a session is about to be paid."""
    return Payment(
        id=id,
        session_id=session_id,
        attempt=1,
        intent_id=None,
        price=price,
        state=PaymentState.OPEN,
        created_at=at,
        updated_at=at,
    )


def next_attempt(previous: Payment, *, id: UUID, at: datetime) -> Payment:
    """Follow a dead attempt by another; ValueError while the previous one may still be charged."""
    if previous.alive:
        raise ValueError("one attempt at a time: the previous one may still be charged")
    fresh = first_attempt(id=id, session_id=previous.session_id, price=previous.price, at=at)
    return replace(fresh, attempt=previous.attempt + 1)
