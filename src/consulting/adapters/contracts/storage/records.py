"""What the suites of all records share: the storage that is judged, and people and slots to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.contract import Contract, missing
from consulting.application.ports.transactions import Transactions
from consulting.domain.payments import Payment
from consulting.domain.publishing import Publication
from consulting.domain.refunds import Refund
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session
from consulting.domain.time_slots import TimeSlot


@dataclass(frozen=True, slots=True)
class Setting:
    """Keeps samples, each in a transaction of its own."""

    transactions: Transactions

    def researcher(self, number: int = 1, **changes: Any) -> Researcher:
        """Keep a researcher."""
        researcher = sample.researcher(number, **changes)
        with self.transactions.begin() as tx:
            tx.researchers.add(researcher)
        return researcher

    def publish(self, *slots: TimeSlot) -> Sequence[TimeSlot]:
        """Publish the slots, all of the first one's researcher."""
        publication = Publication(add=tuple(slot.period for slot in slots))
        with self.transactions.begin() as tx:
            ids = [slot.id for slot in slots]
            tx.time_slots.publish(publication, researcher_id=slots[0].researcher_id, ids=ids)
        return slots

    def withdraw(self, slot: TimeSlot) -> None:
        """Withdraw the slot."""
        with self.transactions.begin() as tx:
            tx.time_slots.publish(Publication(withdraw=(slot.id,)), researcher_id=slot.researcher_id, ids=())

    def slot(self, number: int = 1, **changes: Any) -> TimeSlot:
        """Publish a slot of the first researcher, who is kept too if need be."""
        slot = sample.slot(number, **changes)
        with self.transactions.begin() as tx:
            known = tx.researchers.get(slot.researcher_id)
        if known is None:
            self.researcher(id=slot.researcher_id)
        return self.publish(slot)[0]

    def book(self, *sessions: Session) -> None:
        """Keep the sessions."""
        with self.transactions.begin() as tx:
            for session in sessions:
                tx.sessions.add(session)

    def save(self, session: Session) -> None:
        """Keep the session's new values."""
        with self.transactions.begin() as tx:
            tx.sessions.save(session)

    def held(self, number: int = 1, **changes: Any) -> Session:
        """Keep a hold on a slot of its own."""
        session = sample.held(self.slot(number), number, **changes)
        self.book(session)
        return session

    def confirmed(self, number: int = 1, **changes: Any) -> Session:
        """Keep a confirmed session on a slot of its own."""
        session = sample.confirmed(self.slot(number), number, **changes)
        self.book(session)
        return session

    def payment(self, session: Session, number: int = 1, **changes: Any) -> Payment:
        """Keep an attempt to pay the session."""
        payment = sample.payment(session, number, **changes)
        with self.transactions.begin() as tx:
            tx.payments.add(payment)
        return payment

    def refund(self, payment: Payment, number: int = 1, **changes: Any) -> Refund:
        """Keep a refund of the payment."""
        refund = sample.refund(payment, number, **changes)
        with self.transactions.begin() as tx:
            tx.refunds.add(refund)
        return refund


class RecordsContract(Contract):
    """What every suite over a storage asks for."""

    @pytest.fixture
    def transactions(self) -> Transactions:
        """Give a storage in which nothing is kept yet, for each test another; it must bear four threads at once."""
        missing("transactions", gives="an empty storage for each test, fit for four threads")

    @pytest.fixture
    def setting(self, transactions: Transactions) -> Setting:
        """Keep what a test begins with."""
        return Setting(transactions)
