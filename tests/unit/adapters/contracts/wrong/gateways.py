"""Payment gateways that each break one promise, as an honest mistake would."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

from consulting.adapters.memory import MemoryPaymentGateway
from consulting.adapters.memory.payment_messages import SOURCE
from consulting.application.ports.inbox import ProviderEvent
from consulting.application.ports.payment_gateway import (
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
    PaymentOutcomeUnknown,
    WebhookSignatureInvalid,
)
from consulting.application.ports.provider_books import BookedCharge
from consulting.domain.money import Money
from consulting.domain.payments import Intent, IntentStatus
from consulting.domain.refunds import ProviderRefund, RefundState


class ChargesTwice(MemoryPaymentGateway):
    """Gives each call a key of its own, so that a repeat is another charge."""

    calls = count()

    def create_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        return super().create_intent(key=f"{key}:{next(self.calls)}", amount=amount, session_id=session_id)


class RefundsTwice(MemoryPaymentGateway):
    """Sends no key with a refund."""

    calls = count()

    def refund(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        made = super().refund(key=f"{key}:{next(self.calls)}", intent_id=intent_id, amount=amount)
        return replace(made, key=key)


class RepeatsARefundUnderANewKey(MemoryPaymentGateway):
    """Repeats by itself where the answer got lost, and not under the same key."""

    def refund(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        try:
            return super().refund(key=key, intent_id=intent_id, amount=amount)
        except PaymentOutcomeUnknown:
            return super().refund(key=f"{key}:again", intent_id=intent_id, amount=amount)


class LosesRefunds(MemoryPaymentGateway):
    """Says that the money went back, and asks nobody for it."""

    def refund(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        return ProviderRefund(id=f"re_{key}", state=RefundState.SUCCEEDED, amount=amount, key=key)


class CallsARefusedRefundPending(MemoryPaymentGateway):
    """Takes a refusal for good for something that will still come."""

    def refund(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        made = super().refund(key=key, intent_id=intent_id, amount=amount)
        return replace(made, state=RefundState.PENDING) if made.state is RefundState.FAILED else made


class SwallowsOutages(MemoryPaymentGateway):
    """Takes an outage for the answer that there is nothing."""

    def retrieve_intent(self, intent_id: str) -> Intent | None:
        try:
            return super().retrieve_intent(intent_id)
        except PaymentGatewayUnavailable:
            return None


class CallsDoubtAFailure(MemoryPaymentGateway):
    """Says that nothing was done where nobody knows."""

    def refund(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        try:
            return super().refund(key=key, intent_id=intent_id, amount=amount)
        except PaymentOutcomeUnknown:
            raise PaymentGatewayUnavailable from None


class CallsWrongKeysAnOutage(MemoryPaymentGateway):
    """Lets the worker try for a day what only other credentials can mend."""

    def create_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        try:
            return super().create_intent(key=key, amount=amount, session_id=session_id)
        except PaymentGatewayMisconfigured:
            raise PaymentGatewayUnavailable from None


class RaisesErrorsOfItsOwn(MemoryPaymentGateway):
    """Lets the errors of its HTTP library through."""

    def cancel_intent(self, intent_id: str) -> Intent:
        try:
            return super().cancel_intent(intent_id)
        except PaymentGatewayUnavailable as error:
            raise ConnectionResetError from error


class WaitsTooLong(MemoryPaymentGateway):
    """Has no time-out."""

    def retrieve_intent(self, intent_id: str) -> Intent | None:
        try:
            return super().retrieve_intent(intent_id)
        except PaymentGatewayUnavailable:
            time.sleep(0.3)
            raise


class CountsInHundredths(MemoryPaymentGateway):
    """Takes it that every currency has two decimals."""

    def create_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        hundredths = Money(amount.amount * 100, amount.currency) if amount.currency == "jpy" else amount
        return super().create_intent(key=key, amount=hundredths, session_id=session_id)


class CountsInHundredthsBothWays(MemoryPaymentGateway):
    """Takes every currency for one with two decimals when it writes and when it reads: only the provider tells."""

    def create_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        hundredths = Money(amount.amount * 100, amount.currency) if amount.currency == "jpy" else amount
        return _read_in_hundredths(super().create_intent(key=key, amount=hundredths, session_id=session_id))

    def retrieve_intent(self, intent_id: str) -> Intent | None:
        found = super().retrieve_intent(intent_id)
        return None if found is None else _read_in_hundredths(found)


def _read_in_hundredths(intent: Intent) -> Intent:
    return (
        replace(intent, amount=Money(intent.amount.amount // 100, "jpy")) if intent.amount.currency == "jpy" else intent
    )


class PromisesRefunds(MemoryPaymentGateway):
    """Notes what is to go back, shows it as if it had gone, and asks nobody for it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._noted: dict[str, tuple[str, ProviderRefund]] = {}

    def refund(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        made = ProviderRefund(id=f"re_{key}", state=RefundState.SUCCEEDED, amount=amount, key=key)
        return self._noted.setdefault(made.id, (intent_id, made))[1]

    def retrieve_intent(self, intent_id: str) -> Intent | None:
        found = super().retrieve_intent(intent_id)
        noted = [made.amount for of, made in self._noted.values() if of == intent_id]
        return None if found is None else replace(found, returned=sum(noted, start=found.returned))


class CancelsNothing(MemoryPaymentGateway):
    """Shows an intent as canceled that can still be paid."""

    def cancel_intent(self, intent_id: str) -> Intent:
        seen = self.retrieve_intent(intent_id)
        if seen is None:
            raise PaymentGatewayMisconfigured
        return seen if seen.status is IntentStatus.SUCCEEDED else replace(seen, status=IntentStatus.CANCELED)


class LooksBeforeItOpens(MemoryPaymentGateway):
    """Remembers keys by itself, without a lock between looking and writing."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._known: dict[str, Intent] = {}
        self._calls = count()

    def create_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        if key not in self._known:
            time.sleep(0.02)
            fresh = super().create_intent(key=f"{key}:{next(self._calls)}", amount=amount, session_id=session_id)
            self._known[key] = fresh
        if self._known[key].amount != amount:
            raise PaymentGatewayMisconfigured
        return self._known[key]


class KeepsKeysInTheProcess(MemoryPaymentGateway):
    """Remembers keys by itself, and sends its provider one that nobody else knows."""

    processes = count()

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._process = next(self.processes)

    def create_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        return super().create_intent(key=f"{key}:{self._process}", amount=amount, session_id=session_id)

    def refund(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        made = super().refund(key=f"{key}:{self._process}", intent_id=intent_id, amount=amount)
        return replace(made, key=key)


class TrustsEveryMessage(MemoryPaymentGateway):
    """Reads a message without a look at its signature."""

    def read_event(self, *, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        try:
            content = json.loads(body)
            known = {"intent_id": content["intent"], "refund_id": content["refund"]}
            return ProviderEvent(source=SOURCE, external_id=content["id"], kind=content["kind"], **known)
        except (LookupError, TypeError, ValueError, RecursionError):
            raise WebhookSignatureInvalid from None


class TrustsOldMessages(MemoryPaymentGateway):
    """Checks the signature, and not when it was made."""

    def read_event(self, *, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        try:
            return super().read_event(body=body, headers=headers)
        except WebhookSignatureInvalid:
            if headers.get("memory-time", "").startswith("20") and b"evt_" in body:
                return TrustsEveryMessage.read_event(self, body=body, headers=headers)  # type: ignore[arg-type]
            raise


class CountsRepeatsTwice(MemoryPaymentGateway):
    """Names an event after its delivery."""

    def read_event(self, *, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        event = super().read_event(body=body, headers=headers)
        return replace(event, external_id=sha256(repr(sorted(headers.items())).encode()).hexdigest())


class KeepsRefundsToItself(MemoryPaymentGateway):
    """Reads no refund out of a message about one."""

    def read_event(self, *, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        return replace(super().read_event(body=body, headers=headers), refund_id=None)


class KnowsNoDisputes(MemoryPaymentGateway):
    """Reads an intent, and not what its cardholder objects to."""

    def retrieve_intent(self, intent_id: str) -> Intent | None:
        found = super().retrieve_intent(intent_id)
        return None if found is None else replace(found, dispute=None, taken=None)


class TakesAllThatIsDisputed(MemoryPaymentGateway):
    """Takes it that a lost dispute is about the whole charge."""

    def retrieve_intent(self, intent_id: str) -> Intent | None:
        found = super().retrieve_intent(intent_id)
        return found if found is None or found.taken is None else replace(found, taken=found.received)


@dataclass(frozen=True)
class EmptyBooks:
    """Takes an outage for books in which nothing stands."""

    books: Any

    def charges(self, **since: Any) -> Iterable[BookedCharge]:
        try:
            charged: Iterable[BookedCharge] = self.books.charges(**since)
        except PaymentGatewayUnavailable:
            return []
        return charged

    def __getattr__(self, name: str) -> Any:
        return getattr(self.books, name)


@dataclass(frozen=True)
class BooksByTheWallClock(EmptyBooks):
    """Reads an instant without its zone."""

    def charges(self, **since: Any) -> Iterable[BookedCharge]:
        recent = since["since"].replace(tzinfo=UTC) <= datetime.now(UTC)
        charged: Iterable[BookedCharge] = self.books.charges(**since) if recent else []
        return charged


class ForgetsTheZone(MemoryPaymentGateway):
    """Asks its provider for what was booked since another instant than was said."""

    def books(self) -> Any:
        return BooksByTheWallClock(super().books())


class HasNoBooksInAnOutage(MemoryPaymentGateway):
    """Audits nothing while the provider is away, and finds everything in order."""

    def books(self) -> Any:
        return EmptyBooks(super().books())
