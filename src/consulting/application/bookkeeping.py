"""Keeping payments and refunds: each change of one is written together with the movement of money that it records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from consulting.application.ports.transactions import Transaction
from consulting.domain import ledger
from consulting.domain.payments import Payment, PaymentState
from consulting.domain.refunds import Refund, left_of


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


def standing(tx: Transaction, payments: Sequence[Payment]) -> tuple[Payment | None, Sequence[Refund]]:
    """Find, among a session's payments, the one of which something is left, with the session's refunds."""
    succeeded = [each for each in payments if each.state is PaymentState.SUCCEEDED]
    refunds = tx.refunds.of_session(succeeded[0].session_id) if succeeded else ()
    return next((each for each in succeeded if left_of(each, refunds)), None), refunds
