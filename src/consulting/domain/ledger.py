"""The ledger: every movement of money as an entry that is written once and never changed.

A session has one account. What was charged comes in, what went back goes out; what it holds must at any time be what
its payments and refunds say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from consulting.domain.money import Money
from consulting.domain.payments import Payment
from consulting.domain.refunds import Refund, RefundReason, RefundState


class EntryKind(StrEnum):
    """What moved the money."""

    CHARGE = "charge"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    DISPUTE_LOST = "dispute_lost"


COMING_IN = frozenset({EntryKind.CHARGE, EntryKind.REFUND_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement of money. `reference` says what moved it, so that it can't be written twice."""

    reference: str
    kind: EntryKind
    session_id: UUID
    payment_id: UUID
    amount: Money
    at: datetime

    @property
    def signed(self) -> int:
        """The amount in minor units, negative if it left the session's account."""
        return self.amount.amount if self.kind in COMING_IN else -self.amount.amount


def of_payment(before: Payment | None, after: Payment, *, at: datetime) -> tuple[Entry, ...]:
    """Write down what a payment's change moved: the charge, once."""
    if after.received is None or (before is not None and before.received is not None):
        return ()
    kind = EntryKind.CHARGE
    return (_entry(kind, f"{kind}:{after.id}", after.session_id, after.id, after.received, at),)


def of_refund(before: Refund | None, after: Refund, *, at: datetime) -> tuple[Entry, ...]:
    """Write down what a refund's change moved: out when it succeeded, in again when it failed after that."""
    was = before is not None and before.state is RefundState.SUCCEEDED
    now = after.state is RefundState.SUCCEEDED
    if was is now:
        return ()
    kind = _out(after) if now else EntryKind.REFUND_FAILED
    return (_entry(kind, f"{kind}:{after.key}", after.session_id, after.payment_id, after.amount, at),)


def balance(entries: Iterable[Entry]) -> int:
    """Give what a session's account holds, in minor units."""
    return sum(entry.signed for entry in entries)


def _out(refund: Refund) -> EntryKind:
    return EntryKind.DISPUTE_LOST if refund.reason is RefundReason.DISPUTED else EntryKind.REFUND


def _entry(kind: EntryKind, reference: str, session_id: UUID, payment_id: UUID, amount: Money, at: datetime) -> Entry:
    return Entry(reference=reference, kind=kind, session_id=session_id, payment_id=payment_id, amount=amount, at=at)
