"""Recomputing what we promise from everything that is kept, and from the provider's books."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from consulting.application.ports.clock import Clock
from consulting.application.ports.inspection import AT_THE_PROVIDER, Fault, Finding, Inspection
from consulting.application.ports.provider_books import BookedCharge, BookedRefund, ProviderBooks
from consulting.application.ports.transactions import Transactions
from consulting.domain.refunds import RefundState

OUTBOX_HORIZON: Final = timedelta(hours=24)
"""How long an outage may delay what must be done outside: after that it counts as lost."""

MEANING: Final[dict[Fault, str]] = {
    Fault.OVERLAP: "P1: two sessions of one researcher overlap",
    Fault.OFF_SLOT: "P2: a session is at another time than its slot",
    Fault.PAID_WITHOUT_SESSION: "P3: the price was paid, and there is neither a session nor a refund",
    Fault.SESSION_WITHOUT_PAYMENT: "P3: a session stands without its price having been paid",
    Fault.REFUND_MISSING: "P3: less goes back than is due",
    Fault.REFUND_NOT_DUE: "P3: we give back more than is due",
    Fault.REFUNDED_TOO_MUCH: "P3: more goes back than was paid",
    Fault.REFUND_DEAD: "P3: a refund failed for good",
    Fault.REFUND_STUCK: "P3: a refund was never sent",
    Fault.LEDGER_OFF: "P3: the ledger doesn't say what payments and refunds say",
    Fault.MESSAGE_DEAD: "P3: a message of the provider was given up",
    Fault.NOT_LINKED: "P4: a confirmed session has no meeting",
    Fault.NOT_TOLD: "P4: the client of a confirmed session has no confirmation",
    Fault.MEETING_LEFT: "P4: a canceled session still has its meeting",
    Fault.ERRAND_DEAD: "P4: an errand was given up",
    Fault.REMINDER_LIED: "P5: a reminder went out for a session that was canceled or had begun",
    Fault.FIELD_MISCOUNTED: "lists: another number of researchers has a field than it is suggested with",
    Fault.TRAIT_MISTAKEN: "lists: a search or a filter finds others than those who have this",
    Fault.OPENING_MISSING: "lists: a researcher isn't found where people look for the next free slot",
    Fault.CHARGE_UNKNOWN: "P3: the provider has a charge that we don't know",
    Fault.CHARGE_DIFFERS: "P3: the provider received something else than we wrote down",
    Fault.REFUND_UNKNOWN: "P3: the provider has a refund that we don't know",
    Fault.REFUND_DIFFERS: "P3: a refund stands otherwise at the provider",
}
_FROM_THE_BEGINNING: Final = datetime(2011, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Audit:
    """Recompute the promises P1 to P5 over everything that is kept, and what lists and searches go by.

    - Free sessions are exempt where no money moves; an outage of an hour leaves no trace here.
    """

    inspection: Inspection
    clock: Clock

    def __call__(self) -> Sequence[Finding]:
        """List everything that is wrong, by fault."""
        now = self.clock.now()
        inside = [fault for fault in Fault if fault not in AT_THE_PROVIDER]
        return [
            finding for fault in inside for finding in self.inspection.find(fault, at=now, horizon=now - OUTBOX_HORIZON)
        ]

    def extent(self) -> Mapping[str, int]:
        """Count what was looked over."""
        return self.inspection.extent()


@dataclass(frozen=True, slots=True)
class CompareWithProvider:
    """Compare all that the provider ever booked with what we wrote down.

    - What is on its way to us at that moment differs too: reconcile before.
    """

    transactions: Transactions
    books: ProviderBooks

    def __call__(self, *, since: datetime = _FROM_THE_BEGINNING) -> Iterator[Finding]:
        """List what differs. Raises the payment gateway's errors."""
        for charge in self.books.charges(since=since):
            fault = self._judge_charge(charge)
            if fault is not None:
                marks = {"charge": charge.id, "intent": charge.intent_id, "session": charge.session_id}
                yield _finding(fault, marks)
        for booked in self.books.refunds(since=since):
            fault = self._judge_refund(booked)
            if fault is not None:
                yield _finding(fault, {"refund": booked.refund.id, "intent": booked.intent_id})

    def _judge_charge(self, charge: BookedCharge) -> Fault | None:
        with self.transactions.begin() as tx:
            payment = tx.payments.of_intent(charge.intent_id) if charge.intent_id else None
        if payment is None:
            return Fault.CHARGE_UNKNOWN
        return None if payment.received == charge.received else Fault.CHARGE_DIFFERS

    def _judge_refund(self, booked: BookedRefund) -> Fault | None:
        shown = booked.refund
        with self.transactions.begin() as tx:
            known = tx.refunds.of_provider(shown.id)
        if known is None:
            return None if shown.state is RefundState.FAILED else Fault.REFUND_UNKNOWN
        same = known.state is shown.state and known.amount == shown.amount
        return None if same else Fault.REFUND_DIFFERS


def _finding(fault: Fault, marks: Mapping[str, object]) -> Finding:
    return Finding(fault=fault, about={name: str(mark) for name, mark in marks.items() if mark is not None})


def told(finding: Finding) -> str:
    """Write a finding as one line."""
    about = " ".join(f"{name}={mark}" for name, mark in finding.about.items())
    return f"{finding.fault} {about}: {MEANING[finding.fault]}"
