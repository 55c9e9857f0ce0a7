"""However a payment goes, however we learn of it and whenever: the end is the one in the table.

Real Stripe adapter, real PostgreSQL, the sandbox's Stripe. Each cell says how the session stands (S scheduled,
X canceled; P pending, F failed, C completed, R refunded) and what became of the money (kept, returned, never taken).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Final
from uuid import UUID

import httpx
import pytest
from stripe import WebhookSignature

from consulting.adapters.memory import MemoryMailer, MemoryMeetingRooms, MovingClock, PlainLetters
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.identifiers import TimeOrderedIdentities
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.adapters.stripe import StripeGateway, open_gateway
from consulting.application.callers import Caller
from consulting.application.provider_events import ReceiveProviderEvent, SettleProviderEvents
from consulting.domain.availability import Pattern
from consulting.domain.errors import PaymentIncomplete
from consulting.domain.local_time import LocalWindow
from consulting.domain.payments import Intent, IntentStatus
from consulting.domain.refunds import RefundState
from consulting.domain.session_states import SC, SF, SP, XP, XR, State
from consulting.domain.sessions import Session
from consulting.domain.time_slots import TimeSlot
from consulting.entrypoints.sandbox import SandboxOptions, running_sandbox
from tests.integration.instance import PATIENCE
from tests.unit.application.marketplace import HOLD, NOON, Marketplace, account_of, client

TABLE: Final = """
how it goes              how we learn of it     in time      late, free    late, taken    canceled

success                  confirm, webhook       S/C kept     S/C kept      X/R returned   X/R returned
success                  webhook, confirm       S/C kept     S/C kept      X/R returned   X/R returned
success                  webhook                S/C kept     S/C kept      X/R returned   X/R returned
success                  reconciliation         S/C kept     S/C kept      X/R returned   X/R returned

decline                  confirm, webhook       S/F never    X/P never     X/P never      X/P never
decline                  webhook, confirm       S/F never    X/P never     X/P never      X/P never
decline                  webhook                S/F never    X/P never     X/P never      X/P never
decline                  reconciliation         S/F never    X/P never     X/P never      X/P never

action required          confirm, webhook       S/P never    X/P never     X/P never      X/P never
action required          webhook, confirm       S/P never    X/P never     X/P never      X/P never
action required          webhook                S/P never    X/P never     X/P never      X/P never
action required          reconciliation         S/P never    X/P never     X/P never      X/P never

processing, success      confirm, webhook       S/C kept     S/C kept      X/R returned   X/R returned
processing, success      webhook, confirm       S/C kept     S/C kept      X/R returned   X/R returned
processing, success      webhook                S/C kept     S/C kept      X/R returned   X/R returned
processing, success      reconciliation         S/C kept     S/C kept      X/R returned   X/R returned

processing, failure      confirm, webhook       S/F never    X/P never     X/P never      X/P never
processing, failure      webhook, confirm       S/F never    X/P never     X/P never      X/P never
processing, failure      webhook                S/F never    X/P never     X/P never      X/P never
processing, failure      reconciliation         S/F never    X/P never     X/P never      X/P never
"""

STATES: Final[dict[str, State]] = {"S/P": SP, "S/F": SF, "S/C": SC, "X/P": XP, "X/R": XR}
METHODS: Final = {
    "success": "pm_card_visa",
    "decline": "pm_card_chargeDeclined",
    "action required": "pm_card_authenticationRequired",
    "processing, success": "pm_usBankAccount_processing",
    "processing, failure": "pm_usBankAccount_processing",
}
IN_THREE_DAYS = date(2026, 12, 4)
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One history and how it has to end."""

    goes: str
    learnt: str
    when: str
    state: State
    money: str


def cells() -> Iterator[Cell]:
    head, *rows = [line for line in TABLE.splitlines() if line]
    whens = [each.strip() for each in head.split("  ") if each.strip()][2:]
    for row in rows:
        goes, learnt, *ends = [each.strip() for each in row.split("  ") if each.strip()]
        for when, end in zip(whens, ends, strict=True):
            state, money = end.split()
            yield Cell(goes=goes, learnt=learnt, when=when, state=STATES[state], money=money)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripe:
    """The sandbox's Stripe: the client's browser, the bank, and the messages that Stripe sends."""

    url: str
    http: httpx.Client

    def pay(self, intent: Intent, method: str) -> None:
        self.http.post(
            f"{self.url}/v1/payment_intents/{intent.id}/confirm",
            data={
                "client_secret": intent.client_secret or "",
                "payment_method": method,
                "return_url": "http://127.0.0.1/back",
            },
            headers={"Authorization": "Bearer pk_test_sandbox"},
        )

    def bank_decides(self, intent: Intent, *, succeed: bool) -> None:
        told = self.http.post(f"{self.url}/sandbox/payment_intents/{intent.id}/settle", json={"succeed": succeed})
        assert told.status_code == 200, told.text

    def messages(self, intent: Intent) -> list[tuple[bytes, dict[str, str]]]:
        """Give every message about the intent so far, the oldest first, signed as Stripe signs."""
        answer = self.http.get(
            f"{self.url}/v1/events", params={"limit": 40}, headers={"Authorization": "Bearer sk_test_sandbox"}
        )
        return [_signed(event) for event in reversed(answer.json()["data"]) if _about(event["data"]["object"], intent)]


def _about(thing: dict[str, object], intent: Intent) -> bool:
    return intent.id in {thing.get("id"), thing.get("payment_intent")}


def _signed(event: dict[str, object]) -> tuple[bytes, dict[str, str]]:
    body = httpx.Request("POST", "http://127.0.0.1", json=event).content
    return body, {"stripe-signature": WebhookSignature.generate_signature_header(body.decode(), "whsec_sandbox")}


@dataclass
class History:
    """One session in a marketplace of its own clock, on the database and the provider that all cells share."""

    market: Marketplace
    stripe: Stripe
    clock: MovingClock
    mailer: MemoryMailer
    rooms: MemoryMeetingRooms
    ada: Caller = field(default_factory=lambda: client(f"ada-{next(_numbers)}"))

    def open_slot(self) -> TimeSlot:
        researcher = self.market.add_researcher(f"lise-{next(_numbers)}")
        pattern = Pattern(
            id=self.market.ids.new(),
            researcher_id=researcher.id,
            weekday=IN_THREE_DAYS.weekday(),
            window=LocalWindow.parse(start="09:00", end="10:00"),
            timezone=researcher.timezone,
            slot_minutes=60,
            valid_from=IN_THREE_DAYS,
            valid_until=IN_THREE_DAYS,
        )
        self.market.save_pattern(pattern, caller=account_of(researcher))
        (offered,) = self.market.offered(researcher)
        return offered.slot

    def held(self, slot: TimeSlot, by: Caller) -> tuple[Session, Intent]:
        session = self.market.book(caller=by, time_slot_id=slot.id).session
        return session, self.market.open_intent(session.id, caller=by).intent

    def come(self, when: str, session: Session, slot: TimeSlot) -> None:
        """Let happen what happens between paying and our learning of it."""
        if when == "canceled":
            self.market.cancel(session.id, caller=self.ada)
        if when.startswith("late"):
            self.clock.advance(HOLD + timedelta(minutes=1))
            self.market.sweep()
        if when == "late, taken":
            bea = client(f"bea-{next(_numbers)}")
            rival, intent = self.held(slot, bea)
            self.stripe.pay(intent, "pm_card_visa")
            self.market.confirm(rival.id, intent_id=intent.id, caller=bea)

    def learn(self, how: str, session: Session, intent: Intent) -> None:
        for way in how.split(", "):
            if way == "reconciliation":
                self.market.reconcile()
            elif way == "webhook":
                self.hear(intent)
            else:
                with suppress(PaymentIncomplete):
                    self.market.confirm(session.id, intent_id=intent.id, caller=self.ada)

    def hear(self, intent: Intent) -> None:
        market = self.market
        receive = ReceiveProviderEvent(market.transactions, market.gateway, market.clock, market.ids)
        settle = SettleProviderEvents(
            market.transactions, market.gateway, market.settle, market.refund, market.clock, "worker", Random(1)
        )
        for body, headers in self.stripe.messages(intent):
            receive(body=body, headers=headers)
        while settle(limit=20):
            pass

    def state(self, session: Session) -> State:
        return self.market.session(session.id, caller=self.ada).session.state

    def mails(self, kind: str) -> int:
        mails = [mail for mail in self.mailer.delivered if mail.to_address == self.ada.email]
        return sum(mail.message_id.startswith(f"<{kind}.") for mail in mails)

    def refunds(self, session_id: UUID) -> list[RefundState]:
        with self.market.transactions.begin() as tx:
            return [refund.state for refund in tx.refunds.of_session(session_id)]

    def end(self, session: Session) -> None:
        """Leave nothing behind that the next cell's worker would find."""
        if self.state(session) in {SP, SF}:
            self.market.cancel(session.id, caller=self.ada)
        self.market.work()


@pytest.fixture(scope="module")
def stripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stripe]:
    options = SandboxOptions(folder=tmp_path_factory.mktemp("sandbox"))
    with running_sandbox(options) as sandbox, httpx.Client(timeout=PATIENCE, trust_env=False) as http:
        yield Stripe(url=f"{sandbox.url}/stripe", http=http)


@pytest.fixture(scope="module")
def gateway(stripe: Stripe) -> Iterator[StripeGateway]:
    gateway = open_gateway(
        secret_key="sk_test_sandbox",
        publishable_key="pk_test_sandbox",
        webhook_secret="whsec_sandbox",
        api_url=stripe.url,
        timeout_seconds=30,
        payment_method_types=("card", "us_bank_account"),
    )
    yield gateway
    gateway.close()


@pytest.fixture(scope="module")
def transactions(module_database_url: str) -> Iterator[PostgresTransactions]:
    engine = open_engine(url=module_database_url, pool_size=2)
    yield PostgresTransactions(engine)
    engine.dispose()


@pytest.fixture
def history(transactions: PostgresTransactions, gateway: StripeGateway, stripe: Stripe) -> History:
    clock, mailer, rooms = MovingClock(NOON), MemoryMailer(), MemoryMeetingRooms()
    market = Marketplace(
        transactions=transactions,
        clock=clock,
        ids=TimeOrderedIdentities(),
        gateway=gateway,
        rooms=rooms,
        mailer=mailer,
        letters=PlainLetters(),
    )
    return History(market=market, stripe=stripe, clock=clock, mailer=mailer, rooms=rooms)


@pytest.mark.parametrize("cell", list(cells()), ids=lambda cell: f"{cell.goes} / {cell.learnt} / {cell.when}")
def test_a_payment_ends_as_the_table_says(history: History, cell: Cell) -> None:
    slot = history.open_slot()
    session, intent = history.held(slot, history.ada)
    history.stripe.pay(intent, METHODS[cell.goes])
    history.come(cell.when, session, slot)
    history.learn(cell.learnt, session, intent)
    if cell.goes.startswith("processing"):
        history.market.work()  # the provider refuses to cancel what is processing
        history.stripe.bank_decides(intent, succeed=cell.goes.endswith("success"))
        history.learn(cell.learnt, session, intent)
    assert history.state(session) == cell.state

    history.market.work()
    history.market.reconcile()
    history.market.work()

    assert history.state(session) == cell.state
    check_money(history, cell, session, intent)
    check_mails_and_meeting(history, cell, session)
    history.end(session)


def check_money(history: History, cell: Cell, session: Session, intent: Intent) -> None:
    shown = history.market.gateway.retrieve_intent(intent.id)
    assert shown is not None
    assert (shown.received == session.price) is (cell.money != "never")
    assert (shown.returned == session.price) is (cell.money == "returned")
    assert bool(shown.returned) is (cell.money == "returned")
    assert history.refunds(session.id) == ([RefundState.SUCCEEDED] if cell.money == "returned" else [])
    if cell.state == XP:
        assert shown.status is IntentStatus.CANCELED, "nobody may be charged for what is over"


def check_mails_and_meeting(history: History, cell: Cell, session: Session) -> None:
    confirmed = cell.state == SC
    assert [history.mails(kind) for kind in ("confirmation", "receipt")] == [int(confirmed)] * 2
    assert history.mails("refund_done") == int(cell.money == "returned")
    assert [each.session_id for each in history.rooms.open_meetings].count(session.id) == int(confirmed)


def test_the_table_has_every_cell_once() -> None:
    told = [(cell.goes, cell.learnt, cell.when) for cell in cells()]
    assert len(told) == len(set(told)) == 5 * 4 * 4
    assert {cell.goes for cell in cells()} == set(METHODS)
