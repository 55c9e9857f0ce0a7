"""What the payment provider in memory keeps, and how its intents and refunds change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import count
from uuid import UUID

from consulting.application.ports.payment_gateway import PaymentGatewayMisconfigured
from consulting.domain.money import Money, nothing
from consulting.domain.payments import Dispute, Intent, IntentStatus
from consulting.domain.refunds import ProviderRefund, RefundState

FINAL = frozenset({IntentStatus.SUCCEEDED, IntentStatus.CANCELED})
UNCANCELABLE = frozenset({IntentStatus.SUCCEEDED, IntentStatus.PROCESSING, IntentStatus.CANCELED})

NO_ID = ""
"""A refusal for good: there is nothing at the provider that could have an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedRefund:
    """A refund with the intent that it belongs to; one that failed returned nothing."""

    id: str
    intent_id: str
    amount: Money
    state: RefundState
    key: str | None = None

    def shown(self) -> ProviderRefund:
        """Give it as the port shows it."""
        return ProviderRefund(id=self.id, state=self.state, amount=self.amount, key=self.key)


@dataclass(slots=True)
class PaymentBooks:
    """Intents and refunds by id, and the first answer to each idempotency key with what it was asked for."""

    intents: dict[str, Intent] = field(default_factory=dict)
    refunds: dict[str, BookedRefund] = field(default_factory=dict)
    created: dict[str, Intent] = field(default_factory=dict)
    refunded: dict[str, tuple[str, Money, ProviderRefund]] = field(default_factory=dict)
    at_stake: dict[str, Money] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def open_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        """Open an intent, or answer a repeated key as the first time; with other content it is a misuse of the key."""
        known = self.created.get(key)
        if known is None:
            return self._opened(key, amount, session_id)
        if (known.amount, known.session_id) != (amount, session_id):
            raise PaymentGatewayMisconfigured
        return known

    def give_back(self, *, key: str, intent_id: str, amount: Money, state: RefundState) -> ProviderRefund:
        """Give money back, or answer a repeated key as the first time."""
        if key not in self.refunded:
            self.refunded[key] = (intent_id, amount, self._given_back(key, intent_id, amount, state))
        first_intent_id, first_amount, answer = self.refunded[key]
        if (first_intent_id, first_amount) != (intent_id, amount):
            raise PaymentGatewayMisconfigured
        return answer

    def book_refund(self, intent_id: str, amount: Money, state: RefundState, *, key: str | None = None) -> BookedRefund:
        """Take a refund into the books without asking whether it may be."""
        name = f"re_memory_{next(self._numbers)}"
        refund = BookedRefund(id=name, intent_id=intent_id, amount=amount, state=state, key=key)
        self.refunds[refund.id] = refund
        self._count_returned(intent_id)
        return refund

    def turn_refund(self, refund_id: str, state: RefundState) -> BookedRefund:
        """Let a refund become this; LookupError for one that isn't in the books."""
        refund = self.refunds[refund_id] = replace(self.refunds[refund_id], state=state)
        self._count_returned(refund.intent_id)
        return refund

    def cancel(self, intent_id: str) -> Intent:
        """Cancel the intent unless it is paid, processing or canceled already, and show it."""
        if intent_id not in self.intents:
            raise PaymentGatewayMisconfigured
        intent = self.intents[intent_id]
        if intent.status not in UNCANCELABLE:
            intent = self.intents[intent_id] = replace(intent, status=IntentStatus.CANCELED)
        return intent

    def turn(self, intent_id: str, status: IntentStatus, *, received: Money | None = None) -> Intent:
        """Let an intent become this; LookupError for an unknown one, ValueError for one that has come to its end."""
        intent = self.intents[intent_id]
        if intent.status in FINAL:
            raise ValueError(f"intent {intent_id} is {intent.status} for good")
        changed = replace(intent, status=status, received=received or intent.received)
        self.intents[intent_id] = changed
        return changed

    def dispute(self, intent_id: str, dispute: Dispute, *, amount: Money | None = None) -> Intent:
        """Let the cardholder's objection stand like this, about this much or all that is left; lost, the bank takes it.

        LookupError for an unknown intent.
        """
        intent = self.intents[intent_id]
        at_stake = self.at_stake.setdefault(intent_id, amount or intent.received - intent.returned)
        taken = at_stake if dispute is Dispute.LOST else None
        intent = self.intents[intent_id] = replace(intent, dispute=dispute, taken=taken)
        return intent

    def _opened(self, key: str, amount: Money, session_id: UUID) -> Intent:
        intent_id = f"pi_memory_{next(self._numbers)}"
        intent = Intent(
            id=intent_id,
            status=IntentStatus.AWAITING_CLIENT,
            amount=amount,
            received=nothing(currency=amount.currency),
            returned=nothing(currency=amount.currency),
            session_id=session_id,
            client_secret=f"{intent_id}_secret_{sha256(key.encode()).hexdigest()[:24]}",
        )
        self.intents[intent_id] = self.created[key] = intent
        return intent

    def _given_back(self, key: str, intent_id: str, amount: Money, state: RefundState) -> ProviderRefund:
        refusal = ProviderRefund(id=NO_ID, state=RefundState.FAILED, amount=amount, key=key)
        intent = self.intents.get(intent_id)
        if intent is None or intent.status is not IntentStatus.SUCCEEDED or intent.dispute is Dispute.OPEN:
            return refusal
        if amount.currency != intent.received.currency or not amount or amount > _left(intent):
            return refusal
        return self.book_refund(intent_id, amount, state, key=key).shown()

    def _count_returned(self, intent_id: str) -> None:
        intent = self.intents[intent_id]
        own = (each for each in self.refunds.values() if each.intent_id == intent_id)
        gone = (each.amount for each in own if each.state is not RefundState.FAILED)
        self.intents[intent_id] = replace(intent, returned=sum(gone, start=nothing(currency=intent.amount.currency)))


def _left(intent: Intent) -> Money:
    gone = intent.returned + (intent.taken or nothing(currency=intent.received.currency))
    return intent.received - gone if gone <= intent.received else nothing(currency=gone.currency)
