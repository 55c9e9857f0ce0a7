"""Acme's orders and reversals, read as intents and refunds. Acme writes amounts as decimals: "120.00"."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import UUID

from acme_payments.calls import Json
from consulting.domain import Intent, IntentStatus, Money, ProviderRefund, RefundState

DECIMALS = {"eur": 2, "gbp": 2, "jpy": 0, "usd": 2}
"""The currencies that Acme takes, by their number of decimals."""

ORDER = re.compile(r"ord_[0-9a-f]{16}")
REVERSAL = re.compile(r"rev_[0-9a-f]{16}")

_STATES = {
    "open": IntentStatus.AWAITING_CLIENT,
    "declined": IntentStatus.FAILED,
    "paid": IntentStatus.SUCCEEDED,
    "void": IntentStatus.CANCELED,
}


def written(money: Money) -> str:
    """Write an amount as Acme does."""
    return f"{Decimal(money.amount).scaleb(-DECIMALS[money.currency]):f}"


def amount_of(thing: Json, field: str) -> Money:
    """Read an amount of an order or a reversal."""
    currency = thing["currency"].lower()
    return Money(int(Decimal(thing[field]).scaleb(DECIMALS[currency])), currency)


def intent_of(order: Json) -> Intent:
    """Read an order."""
    return Intent(
        id=order["id"],
        status=_STATES[order["state"]],
        amount=amount_of(order, "amount"),
        received=amount_of(order, "received"),
        returned=amount_of(order, "reversed"),
        session_id=_session_of(order["memo"]),
        client_secret=order["pay_token"],
    )


def refund_of(reversal: Json) -> ProviderRefund:
    """Read a reversal; Acme moves the money at once."""
    return ProviderRefund(
        id=reversal["id"],
        state=RefundState.SUCCEEDED,
        amount=amount_of(reversal, "amount"),
        key=reversal["request_id"],
    )


def _session_of(memo: str) -> UUID | None:
    """Read an order's memo; somebody else's order of the same account may say anything."""
    try:
        return UUID(memo)
    except ValueError:
        return None
