"""The proof: what every payment gateway and every provider's books promise, of Acme's, over a real socket."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from acme_payments.books import AcmeBooks
from acme_payments.calls import Acme
from acme_payments.gateway import AcmeGateway
from acme_payments.messages import signature
from acme_payments.orders import written
from acme_payments.provider import AcmeProvider

from consulting.contracts import PaymentGatewayContract, ProviderBooksContract, SignedMessage
from consulting.domain import Intent, Money

KEY, SECRET = "acme_key", "acme_signing_secret"
TIMEOUT = 1.0
"""Seconds: short, since some tests wait for it, and long enough for a busy machine."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class Console:
    """The client in front of a browser, and whoever sits at Acme's console."""

    acme: AcmeProvider

    def pays(self, intent: Intent) -> None:
        self._post(f"/checkout/{intent.client_secret}", {"card": "good"})

    def is_declined(self, intent: Intent) -> None:
        self._post(f"/checkout/{intent.client_secret}", {"card": "bad"})

    def refunds_elsewhere(self, intent: Intent, amount: Money) -> None:
        body = {"amount": written(amount), "currency": amount.currency.upper()}
        self._post(f"/console/orders/{intent.id}/reversals", body)

    def intents_of(self, session_id: UUID) -> Sequence[str]:
        return [each["id"] for each in self.acme.books.orders.values() if each["memo"] == str(session_id)]

    def moved(self, intent: Intent) -> tuple[Money, Money]:
        order = self.acme.books.orders[intent.id]
        currency = order["currency"].lower()
        unit = {"jpy": 1}.get(currency, 100)
        received, returned = (int(Decimal(order[field]) * unit) for field in ("received", "reversed"))
        return Money(received, currency), Money(returned, currency)

    def _post(self, path: str, body: dict[str, Any]) -> None:
        httpx.post(self.acme.url + path, json=body, trust_env=False)


@dataclass(frozen=True)
class AcmeLine:
    acme: AcmeProvider

    def unreachable(self) -> AbstractContextManager[None]:
        return self.acme.unreachable()

    def answer_lost(self) -> AbstractContextManager[None]:
        return self.acme.suffering("answer_lost")

    def silent(self) -> AbstractContextManager[None]:
        return self.acme.suffering("silent")

    def credentials_refused(self) -> AbstractContextManager[None]:
        return self.acme.suffering("credentials_refused")


@dataclass(frozen=True)
class Message:
    body: bytes
    headers: Mapping[str, str]


class AcmeMessages:
    def about(self, intent_id: str) -> Message:
        return self._written(intent_id)

    def repeated(self, message: SignedMessage) -> Message:
        return self._signed(message.body, ago=7)

    def outdated(self, intent_id: str) -> Message:
        return self._written(intent_id, ago=3600)

    def about_refund(self, refund_id: str, *, intent_id: str) -> Message:
        return self._written(intent_id, reversal=refund_id)

    def _written(self, order: str, *, reversal: str | None = None, ago: int = 0) -> Message:
        event = {"event": secrets.token_hex(8), "kind": "order.paid", "order": order, "reversal": reversal}
        return self._signed(json.dumps(event).encode(), ago=ago)

    def _signed(self, body: bytes, *, ago: int) -> Message:
        signed = signature(body, secret=SECRET, seconds=int(time.time()) - ago)
        return Message(body, {"acme-signature": signed})


class TestAcmePayments(PaymentGatewayContract, ProviderBooksContract):
    @pytest.fixture
    def acme(self) -> Iterator[AcmeProvider]:
        provider = AcmeProvider(api_key=KEY, signing_secret=SECRET)
        provider.start()
        yield provider
        provider.stop()

    @pytest.fixture
    def api(self, acme: AcmeProvider) -> Iterator[Acme]:
        api = Acme(url=acme.url, api_key=KEY, timeout_seconds=TIMEOUT)
        yield api
        api.close()

    @pytest.fixture
    def gateway(self, api: Acme) -> AcmeGateway:
        return AcmeGateway(acme=api, publishable_key="acme_pub", signing_secret=SECRET, clock=SystemClock())

    @pytest.fixture
    def restarted(self, acme: AcmeProvider) -> Iterator[AcmeGateway]:
        api = Acme(url=acme.url, api_key=KEY, timeout_seconds=TIMEOUT)
        yield AcmeGateway(acme=api, publishable_key="acme_pub", signing_secret=SECRET, clock=SystemClock())
        api.close()

    @pytest.fixture
    def books(self, api: Acme) -> AcmeBooks:
        return AcmeBooks(acme=api)

    @pytest.fixture
    def provider(self, acme: AcmeProvider) -> Console:
        return Console(acme)

    @pytest.fixture
    def line(self, acme: AcmeProvider) -> AcmeLine:
        return AcmeLine(acme)

    @pytest.fixture
    def messages(self) -> AcmeMessages:
        return AcmeMessages()
