"""A payment provider in memory: the whole port, and the verbs by which a test plays the client and the provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import RLock
from uuid import UUID

from consulting.adapters.memory import payment_messages
from consulting.adapters.memory.clock import MovingClock
from consulting.adapters.memory.payment_books import PaymentBooks
from consulting.adapters.memory.payment_messages import SignedMessage
from consulting.adapters.memory.provider_books import MemoryProviderBooks
from consulting.adapters.memory.provider_line import ProviderLine, Trouble
from consulting.application.ports.clock import Clock
from consulting.application.ports.inbox import ProviderEvent
from consulting.application.ports.payment_gateway import (
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
    PaymentOutcomeUnknown,
)
from consulting.domain.errors import ValidationFailed
from consulting.domain.money import EXPONENTS, Money
from consulting.domain.payments import Dispute, Intent, IntentStatus
from consulting.domain.refunds import ProviderRefund, RefundState

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class MemoryPaymentGateway:
    """Charges and refunds, in the books of this object alone; safe to share between threads.

    `line` makes calls fail. `refunds_become` is the state in which a refund is answered: SUCCEEDED at once, PENDING
    until `refund_succeeds` or `refund_fails`. What client and provider do adds a signed message to `messages`, as the
    provider would send it. Without a `clock` messages never grow old.
    """

    def __init__(self, *, webhook_secret: str = "whsec_memory", clock: Clock | None = None) -> None:  # noqa: S107 -- it signs nothing real
        """Open empty books."""
        self.line = ProviderLine()
        self.refunds_become = RefundState.SUCCEEDED
        self._webhook_secret = webhook_secret
        self._clock = clock or MovingClock(_LONG_AGO)
        self._books = PaymentBooks()
        self._messages: list[SignedMessage] = []
        self._lock = RLock()

    @property
    def publishable_key(self) -> str:
        """The key that a browser needs to pay; not secret."""
        return "pk_memory"

    def smallest_charge(self, *, currency: str) -> Money:
        """Give half a unit of the currency, or one of its smallest; ValidationFailed (`currency`) for no currency."""
        if currency not in EXPONENTS:
            raise ValidationFailed.of("currency", "give a lower-case ISO 4217 code, such as usd")
        return Money(max(1, 10 ** EXPONENTS[currency] // 2), currency)

    def create_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        """Open an intent; a repeated key is answered with the intent as it first was."""
        with self._call(write=True):
            if amount < self.smallest_charge(currency=amount.currency):
                raise PaymentGatewayMisconfigured
            return self._books.open_intent(key=key, amount=amount, session_id=session_id)

    def retrieve_intent(self, intent_id: str) -> Intent | None:
        """Show the intent as it stands now; None if there is no such intent."""
        with self._call(write=False):
            return self._books.intents.get(intent_id)

    def cancel_intent(self, intent_id: str) -> Intent:
        """Cancel it if that is still possible, and show how it stands then; an unknown one is a misuse."""
        with self._call(write=True):
            return self._books.cancel(intent_id)

    def refund(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        """Give back this much; FAILED, without an id, where nothing was paid, too little is left, or it is disputed."""
        with self._call(write=True):
            return self._books.give_back(key=key, intent_id=intent_id, amount=amount, state=self.refunds_become)

    def retrieve_refund(self, provider_id: str) -> ProviderRefund | None:
        """Show the refund as it stands now; None if there is no such refund."""
        with self._call(write=False):
            refund = self._books.refunds.get(provider_id)
            return None if refund is None else refund.shown()

    def refunds_of_intent(self, intent_id: str) -> Sequence[ProviderRefund]:
        """List every refund of what the intent received, whoever made it."""
        with self._call(write=False):
            return [each.shown() for each in self._books.refunds.values() if each.intent_id == intent_id]

    def read_event(self, *, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Check a message's signature and age, and read it. Raises WebhookSignatureInvalid."""
        return payment_messages.read(body=body, headers=headers, secret=self._webhook_secret, at=self._clock.now())

    def books(self) -> MemoryProviderBooks:
        """Give the provider's own books."""
        return MemoryProviderBooks(self._books, self.line)

    # What a test does in the client's place

    def client_pays(self, intent_id: str, *, amount: Money | None = None) -> None:
        """Let the card be charged: the intent's amount, or another one that was never agreed on."""
        with self._lock:
            received = amount or self._books.intents[intent_id].amount
            self._books.turn(intent_id, IntentStatus.SUCCEEDED, received=received)
            self._tell("payment.succeeded", intent_id)

    def client_fails(self, intent_id: str) -> None:
        """Let the card be declined; the intent can still be paid."""
        self._turn(intent_id, IntentStatus.FAILED, "payment.failed")

    def needs_action(self, intent_id: str) -> None:
        """Let the client's bank ask for more before it pays."""
        self._turn(intent_id, IntentStatus.ACTION_REQUIRED, "payment.action_required")

    def starts_processing(self, intent_id: str) -> None:
        """Let the payment be on its way, to succeed or fail later."""
        self._turn(intent_id, IntentStatus.PROCESSING, "payment.processing")

    def client_disputes(self, intent_id: str, *, amount: Money | None = None) -> None:
        """Let the cardholder object to the charge, or to a part of it."""
        self._dispute(intent_id, Dispute.OPEN, amount=amount)

    # What a test does in the provider's place

    def dispute_ends(self, intent_id: str, *, won: bool) -> None:
        """Let the dispute end in our favour, or against us."""
        self._dispute(intent_id, Dispute.WON if won else Dispute.LOST)

    def agree_otherwise(self, intent_id: str, *, amount: Money) -> None:
        """Let somebody change the amount of an intent that isn't paid yet."""
        with self._lock:
            self._books.intents[intent_id] = replace(self._books.intents[intent_id], amount=amount)

    def forget(self, intent_id: str) -> None:
        """Let it be as if another account's keys were used: the intent isn't there, and its key was never seen."""
        with self._lock:
            del self._books.intents[intent_id]
            self._books.created = {key: each for key, each in self._books.created.items() if each.id != intent_id}

    def refund_made_outside(self, intent_id: str, *, amount: Money) -> str:
        """Let somebody refund in the provider's dashboard; give the refund's id."""
        with self._lock:
            refund = self._books.book_refund(intent_id, amount, RefundState.SUCCEEDED)
            self._tell("refund.succeeded", intent_id, refund_id=refund.id)
            return refund.id

    def refund_succeeds(self, provider_id: str) -> None:
        """Let the money arrive."""
        self._turn_refund(provider_id, RefundState.SUCCEEDED)

    def refund_fails(self, provider_id: str) -> None:
        """Let the money come back to us: the client's bank wouldn't have it."""
        self._turn_refund(provider_id, RefundState.FAILED)

    def intents_of(self, session_id: UUID) -> list[str]:
        """List the ids of all intents that were ever opened for a session."""
        with self._lock:
            return [intent.id for intent in self._books.intents.values() if intent.session_id == session_id]

    @property
    def messages(self) -> tuple[SignedMessage, ...]:
        """Every message so far, the oldest first; deliver them when, in what order, and as often as you like."""
        return tuple(self._messages)

    def message_about(
        self, intent_id: str, *, kind: str = "payment.succeeded", refund_id: str | None = None
    ) -> SignedMessage:
        """Sign another message about an intent, one that exists or not, or about a refund of it."""
        with self._lock:
            self._tell(kind, intent_id, refund_id=refund_id)
            return self._messages[-1]

    def message_again(self, message: SignedMessage) -> SignedMessage:
        """Sign a message anew, as it is delivered once more."""
        event = self.read_event(body=message.body, headers=message.headers)
        return payment_messages.sign(event, secret=self._webhook_secret, at=self._clock.now())

    def _turn(self, intent_id: str, status: IntentStatus, kind: str) -> None:
        with self._lock:
            self._books.turn(intent_id, status)
            self._tell(kind, intent_id)

    def _dispute(self, intent_id: str, dispute: Dispute, *, amount: Money | None = None) -> None:
        with self._lock:
            self._books.dispute(intent_id, dispute, amount=amount)
            self._tell(f"dispute.{dispute}", intent_id)

    def _turn_refund(self, provider_id: str, state: RefundState) -> None:
        with self._lock:
            refund = self._books.turn_refund(provider_id, state)
            self._tell(f"refund.{state}", refund.intent_id, refund_id=refund.id)

    def _tell(self, kind: str, intent_id: str, *, refund_id: str | None = None) -> None:
        event = ProviderEvent(
            source=payment_messages.SOURCE,
            external_id=f"evt_memory_{len(self._messages) + 1}",
            kind=kind,
            intent_id=intent_id,
            refund_id=refund_id,
        )
        self._messages.append(payment_messages.sign(event, secret=self._webhook_secret, at=self._clock.now()))

    @contextmanager
    def _call(self, *, write: bool) -> Iterator[None]:
        """Carry out a call, one at a time, unless the line is down; afterwards its answer can still get lost."""
        with self._lock:
            trouble = self.line.next()
            if trouble is Trouble.DOWN:
                raise PaymentGatewayUnavailable
            if trouble is Trouble.REFUSED:
                raise PaymentGatewayMisconfigured
            yield
            if trouble is Trouble.ANSWER_LOST:
                raise PaymentOutcomeUnknown if write else PaymentGatewayUnavailable
