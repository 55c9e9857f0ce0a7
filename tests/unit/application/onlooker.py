"""Looking at a marketplace without changing it: what the diary's checks and choices go by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from consulting.application.ports.payment_gateway import PaymentGatewayUnavailable
from consulting.application.ports.transactions import Transaction
from consulting.application.showing import OfferedSlot
from consulting.domain.errors import ConsultingError
from consulting.domain.payments import IntentStatus, Payment
from consulting.domain.session_states import State
from consulting.domain.sessions import Session
from tests.unit.application.fuse import Crash
from tests.unit.application.marketplace import MemoryMarketplace, client

OVER = frozenset({IntentStatus.SUCCEEDED, IntentStatus.CANCELED})
CLIENTS = [client(name) for name in ("ada", "bea", "cyd")]
_T = TypeVar("_T")


class Onlooker:
    """Sees everything; `sturdy` is the marketplace on which nothing ever fails."""

    sturdy: MemoryMarketplace

    @contextmanager
    def attempting(self) -> Iterator[None]:
        """Let somebody try: a refusal is an answer, an outage is life, and a crash is what the fuse is for."""
        try:
            yield
        except (ConsultingError, PaymentGatewayUnavailable, Crash):
            return

    def could_be_booked(self, slot_id: UUID) -> bool:
        """Book the slot as somebody new, and undo it."""
        probe = replace(self.sturdy, transactions=Undone(self.sturdy.transactions))  # type: ignore[arg-type]
        try:
            probe.book(caller=client("probe"), time_slot_id=slot_id)
        except Undo:
            return True
        except ConsultingError:
            return False
        raise AssertionError("the probe was not undone")

    def saved_sessions(self) -> list[Session]:
        with self.sturdy.transactions.begin() as tx:
            return [
                session
                for each in CLIENTS
                for session in tx.sessions.of_client(
                    each.user_id, status=None, starting=None, after=None, limit=1000, at=self.sturdy.clock.now()
                )
            ]

    def all_sessions(self) -> list[Session]:
        now = self.sturdy.clock.now()
        return [session.effective(at=now) for session in self.saved_sessions()]

    def session(self, id: UUID) -> Session:
        return next(each for each in self.all_sessions() if each.id == id)

    def payments(self) -> list[Payment]:
        sessions = self.saved_sessions()
        with self.sturdy.transactions.begin() as tx:
            return [payment for session in sessions for payment in tx.payments.of_session(session.id)]

    def money(self, session: Session) -> tuple[int, int]:
        """Give what the provider received for a session, and what went back."""
        with self.sturdy.transactions.begin() as tx:
            names = [payment.intent_id for payment in tx.payments.of_session(session.id) if payment.intent_id]
        intents = [intent for name in names if (intent := self.sturdy.gateway.retrieve_intent(name))]
        return sum(each.received.amount for each in intents), sum(each.returned.amount for each in intents)

    def some_session(self, which: int, *, preferring: tuple[State, ...]) -> Session | None:
        """Pick a session, mostly one in these states, so that histories get somewhere; now and then any."""
        sessions = self.all_sessions()
        likely = [each for each in sessions if each.state in preferring]
        among = likely if likely and which % 5 else sessions
        return pick(among, which) if among else None

    def some_slot(self, offered: Sequence[OfferedSlot], which: int) -> UUID:
        """Pick a slot, mostly one that somebody's expired hold had: that is where late payments meet others."""
        lapsed = {each.time_slot_id for each in self.all_sessions() if each.hold_expired}
        likely = [each for each in offered if each.slot.id in lapsed and each.available]
        return pick(likely if likely and which % 3 else offered, which).slot.id

    def chargeable_intents(self) -> list[str]:
        """Give the intents that a client could still pay."""
        names = [payment.intent_id for payment in self.payments() if payment.intent_id]
        return [
            name for name in names if (seen := self.sturdy.gateway.retrieve_intent(name)) and seen.status not in OVER
        ]

    def some_payment(self, which: int) -> Payment | None:
        payments = self.payments()
        return pick(payments, which) if payments else None

    def some_intent(self, which: int) -> str | None:
        payment = self.some_payment(which)
        return payment.intent_id if payment else None


class Undo(BaseException):
    """Whatever was done in this transaction is not to be."""


class Undone:
    """Transactions that are always undone at their end."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with self._inner.begin() as tx:  # type: ignore[attr-defined]
            yield tx
            raise Undo

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self._inner.reading() as tx:  # type: ignore[attr-defined]
            yield tx


def pick(among: Sequence[_T], number: int) -> _T:
    """Choose one by any number."""
    return among[number % len(among)]
