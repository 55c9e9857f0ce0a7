"""Keeping payments and refunds: each change of one is written together with the movement of money that it records."""

from __future__ import annotations

from datetime import datetime

from consulting.application.ports.transactions import Transaction
from consulting.domain import ledger
from consulting.domain.payments import Payment
from consulting.domain.refunds import Refund


def keep_payment(tx: Transaction, payment: Payment, *, before: Payment, at: datetime) -> None:
    """Save a payment, unless it is as it was, and what it moved."""
    if payment != before:
        tx.payments.save(payment)
        tx.ledger.add(ledger.of_payment(before, payment, at=at))


def keep_refund(tx: Transaction, refund: Refund, *, before: Refund | None, at: datetime) -> None:
    """Keep a refund, new or changed, unless it is as it was, and what it moved."""
    if refund == before:
        return
    if before is None:
        tx.refunds.add(refund)
    else:
        tx.refunds.save(refund)
    tx.ledger.add(ledger.of_refund(before, refund, at=at))
