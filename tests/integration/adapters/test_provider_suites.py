"""The suites that every adapter of a port has to pass, over real sockets against the sandbox."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from stripe import WebhookSignature

from consulting.adapters.contracts.meeting_rooms import request
from consulting.adapters.smtp import Security, SmtpMailer, open_mailer
from consulting.adapters.stripe import StripeBooks, StripeGateway, open_gateway
from consulting.adapters.zoom import ZoomRooms, open_meeting_rooms
from consulting.application.ports.mailer import Mail
from consulting.application.ports.meeting_rooms import MeetingRequest
from consulting.contracts import (
    MailerContract,
    MeetingProviderContract,
    PaymentDisputesContract,
    PaymentGatewayContract,
    ProviderBooksContract,
    SignedMessage,
    SmtpInbox,
    SmtpMailerContract,
    read_mail,
)
from consulting.domain.meetings import Meeting
from consulting.domain.money import Money
from consulting.domain.payments import Intent
from consulting.domain.period import Period
from tests.integration.instance import PATIENCE

OFTEN = 1000
IMPATIENT = 2.0
"""The seconds after which adapters give up in tests of providers that are silent."""


@pytest.fixture
def patience(request: pytest.FixtureRequest) -> float:
    """How many seconds an adapter waits: where nobody is silent, as long as a busy machine may take."""
    return IMPATIENT if "silen" in request.node.name else PATIENCE


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class SandboxLine:
    """Trouble on the way to one of the sandbox's servers; answers get lost on the way back from `writes`."""

    outside: Any
    at: str
    writes: tuple[str | None, ...]

    def unreachable(self) -> AbstractContextManager[None]:
        return self._trouble("refuse", (None,))

    def answer_lost(self) -> AbstractContextManager[None]:
        return self._trouble("drop_answer", self.writes)

    def silent(self) -> AbstractContextManager[None]:
        return self._trouble("hang", (None,), value=120)  # until it is taken back

    def credentials_refused(self) -> AbstractContextManager[None]:
        return self._trouble("status", (None,), value=401)

    @contextmanager
    def _trouble(self, kind: str, operations: Sequence[str | None], **more: Any) -> Iterator[None]:
        for operation in operations:
            self.outside.fault(self.at, kind, operation, count=OFTEN, **more)
        try:
            yield
        finally:
            self.outside.clear_faults()


# Stripe


@dataclass(frozen=True)
class Cardholder:
    outside: Any

    def pays(self, intent: Intent) -> None:
        self.outside.pay(intent.id, intent.client_secret, "pm_card_visa")

    def is_declined(self, intent: Intent) -> None:
        self.outside.pay(intent.id, intent.client_secret, "pm_card_chargeDeclined")

    def refunds_elsewhere(self, intent: Intent, amount: Money) -> None:
        self.outside.refund_without_key(payment_intent=intent.id, amount=str(amount.amount))

    def intents_of(self, session_id: UUID) -> Sequence[str]:
        intents = self.outside.stripe("payment_intents", limit=100)["data"]
        return [each["id"] for each in intents if each["metadata"].get("session_id") == str(session_id)]

    def moved(self, intent: Intent) -> tuple[Money, Money]:
        intents = self.outside.stripe("payment_intents", limit=100)["data"]
        (booked,) = [each for each in intents if each["id"] == intent.id]
        refunds = self.outside.stripe("refunds", payment_intent=intent.id)["data"]
        unit = 100 if booked["currency"] in {"isk", "ugx"} else 1  # Stripe writes these with two decimals, always 00
        returned = sum(each["amount"] for each in refunds if each["status"] != "failed")
        currency = booked["currency"]
        return Money(booked["amount_received"] // unit, currency), Money(returned // unit, currency)


@dataclass(frozen=True)
class Bank:
    outside: Any

    def disputes(self, intent: Intent, amount: Money) -> None:
        charge = self.outside.stripe(f"payment_intents/{intent.id}")["latest_charge"]
        self.outside.tell(f"charges/{charge}/dispute", amount=amount.amount)

    def decides(self, intent: Intent, *, for_us: bool) -> None:
        (dispute,) = self.outside.stripe("disputes", payment_intent=intent.id)["data"]
        self.outside.tell(f"disputes/{dispute['id']}/close", won=for_us)


@dataclass(frozen=True)
class Message:
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Messages:
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def about(self, intent_id: str) -> Message:
        return self._signed({"object": "payment_intent", "id": intent_id}, at=int(time.time()))

    def repeated(self, message: SignedMessage) -> Message:
        return _sealed(message.body.decode(), at=int(time.time()) - 10)

    def outdated(self, intent_id: str) -> Message:
        return self._signed({"object": "payment_intent", "id": intent_id}, at=int(time.time()) - 3600)

    def about_refund(self, refund_id: str, *, intent_id: str) -> Message:
        refund = {"object": "refund", "id": refund_id, "payment_intent": intent_id}
        return self._signed(refund, at=int(time.time()))

    def _signed(self, thing: Mapping[str, str], *, at: int) -> Message:
        event = {"id": f"evt_{next(self.numbers)}", "object": "event", "type": f"{thing['object']}.updated"}
        return _sealed(json.dumps({**event, "data": {"object": thing}}), at=at)


def _sealed(body: str, *, at: int) -> Message:
    header = WebhookSignature.generate_signature_header(body, "whsec_sandbox", at)
    return Message(body.encode(), {"stripe-signature": header, "content-type": "application/json"})


def stripe_at(outside: Any, seconds: float) -> StripeGateway:
    return open_gateway(
        secret_key="sk_test_sandbox",
        publishable_key="pk_test_sandbox",
        webhook_secret="whsec_sandbox",
        api_url=f"{outside.url}/stripe",
        timeout_seconds=seconds,
    )


class TestStripeGateway(PaymentGatewayContract, ProviderBooksContract, PaymentDisputesContract):
    currencies = ("usd", "jpy", "isk", "ugx", "vnd")

    @pytest.fixture
    def bank(self, outside: Any) -> Bank:
        return Bank(outside)

    @pytest.fixture
    def gateway(self, outside: Any, patience: float) -> Iterator[StripeGateway]:
        gateway = stripe_at(outside, patience)
        yield gateway
        gateway.close()

    @pytest.fixture
    def restarted(self, outside: Any, patience: float) -> Iterator[StripeGateway]:
        gateway = stripe_at(outside, patience)
        yield gateway
        gateway.close()

    @pytest.fixture
    def books(self, gateway: StripeGateway) -> StripeBooks:
        return gateway.books()

    @pytest.fixture
    def provider(self, outside: Any) -> Cardholder:
        return Cardholder(outside)

    @pytest.fixture
    def line(self, outside: Any) -> SandboxLine:
        return SandboxLine(outside, "stripe", (None,))

    @pytest.fixture
    def messages(self) -> Messages:
        return Messages()


# Zoom


def rooms_of(outside: Any, seconds: float) -> ZoomRooms:
    return open_meeting_rooms(
        account_id="sandbox-account",
        client_id="sandbox-client",
        client_secret="sandbox-secret",
        api_url=f"{outside.url}/zoom/v2",
        oauth_url=f"{outside.url}/zoom/oauth/token",
        timeout_seconds=seconds,
        clock=SystemClock(),
    )


@dataclass(frozen=True)
class ZoomBooks:
    outside: Any

    def meetings_of(self, session_id: UUID) -> Sequence[Period]:
        meetings = self.outside.get("/zoom/meetings")["meetings"]
        return [_period(each) for each in meetings if str(session_id) in each["agenda"] and not each["deleted"]]

    def lose(self, meeting: Meeting) -> None:
        rooms_of(self.outside, PATIENCE).close(meeting)

    def fill(self, host: str) -> None:
        """Give it another meeting at the suite's time: a host has one at once."""
        self._create(host, request().period)

    def open_another(self, request: MeetingRequest) -> None:
        self._create(request.hosts[-1], request.period, agenda=f"Booking reference {request.session_id}")

    def _create(self, host: str, period: Period, **more: str) -> None:
        times = {"start_time": f"{period.start:%Y-%m-%dT%H:%M:%SZ}", "duration": 60, "timezone": "UTC"}
        self.outside.zoom("POST", f"users/{host}/meetings", {"type": 2, **times, **more})


def _period(meeting: dict[str, Any]) -> Period:
    start = datetime.fromisoformat(meeting["start_time"]).astimezone(UTC)
    return Period(start, start + timedelta(minutes=meeting["duration"]))


class TestZoomRooms(MeetingProviderContract):
    @pytest.fixture
    def rooms(self, outside: Any, patience: float) -> ZoomRooms:
        return rooms_of(outside, patience)

    @pytest.fixture
    def provider(self, outside: Any) -> ZoomBooks:
        return ZoomBooks(outside)

    @pytest.fixture
    def line(self, outside: Any) -> SandboxLine:
        return SandboxLine(outside, "zoom", ("meetings.create", "meetings.update", "meetings.delete"))


# SMTP


@dataclass(frozen=True)
class SandboxInbox:
    outside: Any

    def received(self) -> Sequence[Mail]:
        mails = self.outside.get("/mail")["mails"]
        return [read_mail(self.outside.bytes_of(f"/inbox/{each['id']}/source")) for each in reversed(mails)]

    def refusing(self) -> AbstractContextManager[None]:
        return self._trouble("refuse", "rcpt", value=550)

    def busy(self) -> AbstractContextManager[None]:
        return self._trouble("refuse", "rcpt", value=450)

    def unreachable(self) -> AbstractContextManager[None]:
        return self._trouble("refuse", "connect")

    def silent(self) -> AbstractContextManager[None]:
        return self._trouble("hang", "rcpt", value=120)

    def answer_lost(self) -> AbstractContextManager[None]:
        return self._trouble("drop_answer", "data")

    @contextmanager
    def _trouble(self, kind: str, operation: str, **more: Any) -> Iterator[None]:
        self.outside.fault("smtp", kind, operation, count=OFTEN, **more)
        try:
            yield
        finally:
            self.outside.clear_faults()


def mailer_at(port: int, seconds: float) -> SmtpMailer:
    return open_mailer(
        host="127.0.0.1",
        port=port,
        security=Security.NONE,
        username=None,
        password=None,
        sender="Consulting <sessions@consulting.example>",
        timeout_seconds=seconds,
        clock=SystemClock(),
    )


class TestSmtpMailer(MailerContract):
    @pytest.fixture
    def mailer(self, outside: Any, patience: float) -> SmtpMailer:
        return mailer_at(outside.sandbox.smtp_port, patience)

    @pytest.fixture
    def server(self, outside: Any) -> SandboxInbox:
        return SandboxInbox(outside)


class TestSmtpMailerAtTheInboxOfTheKit(SmtpMailerContract):
    @pytest.fixture
    def mailer(self, server: SmtpInbox, patience: float) -> SmtpMailer:
        return mailer_at(server.port, patience)
