"""What the payment suites ask of a test: the adapter, and hands at the other end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol
from uuid import UUID

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.contract import Contract, HollowedOut, missing
from consulting.adapters.contracts.outside import Line, error_of
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.domain.errors import ValidationFailed
from consulting.domain.money import Money
from consulting.domain.payments import Intent

PRICE = Money(12_000, "usd")
SESSION = sample.identity("session", 1)


class PaymentProvider(Protocol):
    """The client in front of a browser, and a look into the provider's own books."""

    def pays(self, intent: Intent) -> None:
        """Pay the intent with a card that works; do nothing, or raise, where it can't be paid any more."""

    def is_declined(self, intent: Intent) -> None:
        """Try to pay the intent with a card that is declined."""

    def refunds_elsewhere(self, intent: Intent, amount: Money) -> None:
        """Give money back in the provider's own dashboard."""

    def intents_of(self, session_id: UUID) -> Sequence[str]:
        """Name every intent that the provider has for this session."""

    def moved(self, intent: Intent) -> tuple[Money, Money]:
        """Say how much was charged and how much given back: by the provider's books, read without the adapter."""


class SignedMessage(Protocol):
    """A message as the provider sends it; header names are lower-case."""

    @property
    def body(self) -> bytes:
        """The raw bytes."""

    @property
    def headers(self) -> Mapping[str, str]:
        """All headers, the signature among them."""


class PaymentMessages(Protocol):
    """The provider as a sender of messages that it signs."""

    def about(self, intent_id: str) -> SignedMessage:
        """Write a message about this intent, another one each time, sent now."""

    def repeated(self, message: SignedMessage) -> SignedMessage:
        """Send a message once more, signed anew, as when our answer to the first delivery was lost."""

    def outdated(self, intent_id: str) -> SignedMessage:
        """Write a message that was rightly signed an hour ago."""

    def about_refund(self, refund_id: str, *, intent_id: str) -> SignedMessage:
        """Write a message about this refund of what the intent received, sent now."""


class PaymentsContract(Contract):
    """What every suite about payments asks for. `currencies` are some that the provider takes, usd among them."""

    currencies: ClassVar[Sequence[str]] = ("usd", "jpy")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a subclass that leaves no currency to charge in."""
        super().__init_subclass__(**kwargs)
        if isinstance(cls.currencies, str) or "usd" not in cls.currencies:
            raise HollowedOut(f"{cls.__name__} sets currencies without usd, in which all prices of the suite are")

    @pytest.fixture
    def gateway(self) -> PaymentGateway:
        """Give the adapter, its provider knowing nothing yet of the suite's keys and sessions."""
        missing("gateway", gives="the PaymentGateway to judge")

    @pytest.fixture
    def restarted(self) -> PaymentGateway:
        """Give the adapter as another process has it: built anew, at the same provider."""
        missing("restarted", gives="a second PaymentGateway, built anew at the same provider")

    @pytest.fixture
    def provider(self) -> PaymentProvider:
        """Give hands at the other end."""
        missing("provider", gives="a PaymentProvider: pays, is_declined, refunds_elsewhere, intents_of, moved")

    @pytest.fixture
    def line(self) -> Line:
        """Give the line between the two."""
        missing("line", gives="a Line: unreachable, answer_lost, silent, credentials_refused")

    @pytest.fixture
    def messages(self) -> PaymentMessages:
        """Give the provider's messages."""
        missing("messages", gives="PaymentMessages: about, repeated, outdated, about_refund")


def currencies_of(gateway: PaymentGateway, named: Sequence[str]) -> Sequence[str]:
    """Name the currencies to charge in: those that the adapter's test names, and of each kind one that it takes."""
    return [*named, *(each for each in ("jpy", "eur", "kwd") if each not in named and _takes(gateway, each))]


def above_the_smallest(gateway: PaymentGateway, currency: str) -> Money:
    """Give an amount that can be charged, and whose last three digits tell a wrong number of decimals."""
    return Money(gateway.smallest_charge(currency=currency).amount + 12_340, currency)


def _takes(gateway: PaymentGateway, currency: str) -> bool:
    return not isinstance(error_of(lambda: gateway.smallest_charge(currency=currency)), ValidationFailed)


def opened(gateway: PaymentGateway, *, key: str = "session-1:1", amount: Money = PRICE) -> Intent:
    """Open an intent for the session."""
    return gateway.create_intent(key=key, amount=amount, session_id=SESSION)


def shown(gateway: PaymentGateway, intent: Intent) -> Intent:
    """Show the intent as it stands now."""
    found = gateway.retrieve_intent(intent.id)
    assert found is not None, "the provider doesn't know the intent that it opened"
    return found


def require_one_intent(provider: PaymentProvider, intent_id: str) -> None:
    """Fail unless the provider has this intent, and no other, for the session."""
    kept = list(provider.intents_of(SESSION))
    assert kept == [intent_id], "the session can be charged twice: the provider has other intents than the one"


def require_returned(gateway: PaymentGateway, intent: Intent, amount: Money) -> None:
    """Fail unless exactly this much of what the intent received went back, by the provider's own books."""
    returned = shown(gateway, intent).returned
    assert returned >= amount, "a refund is lost: less went back than was asked for"
    assert returned <= amount, "money was given back twice: more went back than was asked for"


def paid(gateway: PaymentGateway, provider: PaymentProvider, *, key: str = "session-1:1") -> Intent:
    """Open an intent and let the client pay it."""
    intent = opened(gateway, key=key)
    provider.pays(intent)
    return shown(gateway, intent)
