"""Stripe's intents, refunds and disputes, read as ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Final
from uuid import UUID

import stripe

from consulting.adapters.stripe.currencies import money_of
from consulting.domain.money import Money
from consulting.domain.payments import Dispute, Intent, IntentStatus
from consulting.domain.refunds import ProviderRefund, RefundState

_STATUS: Final = {
    "requires_payment_method": IntentStatus.AWAITING_CLIENT,
    "requires_confirmation": IntentStatus.AWAITING_CLIENT,
    "requires_action": IntentStatus.ACTION_REQUIRED,
    "requires_capture": IntentStatus.PROCESSING,
    "processing": IntentStatus.PROCESSING,
    "succeeded": IntentStatus.SUCCEEDED,
    "canceled": IntentStatus.CANCELED,
}
_REFUND: Final = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
_WON: Final = frozenset({"won", "warning_closed", "prevented"})


def charge_of(intent: stripe.PaymentIntent) -> stripe.Charge | None:
    """Give the intent's latest charge, which must have been asked for with it."""
    charge = intent.latest_charge
    if isinstance(charge, str):
        raise TypeError("the charge was not expanded")
    return charge


def read_intent(intent: stripe.PaymentIntent, *, disputes: Sequence[stripe.Dispute] = ()) -> Intent:
    """Read an intent whose latest charge came with it, and what disputes there are about that."""
    charge = charge_of(intent)
    return Intent(
        id=intent.id,
        status=_status(intent),
        amount=money_of(intent.amount, intent.currency),
        received=money_of(intent.amount_received, intent.currency),
        returned=money_of(charge.amount_refunded if charge else 0, intent.currency),
        session_id=read_session_id(intent.metadata.to_dict()),
        dispute=read_dispute(disputes),
        taken=_taken(disputes),
        client_secret=intent.client_secret,
    )


def _status(intent: stripe.PaymentIntent) -> IntentStatus:
    # A declined intent goes back to waiting for a card; only its last error tells the two apart.
    if intent.status == "requires_payment_method" and intent.last_payment_error is not None:
        return IntentStatus.FAILED
    return _STATUS[intent.status]


def read_session_id(metadata: Mapping[str, str]) -> UUID | None:
    """Give the session that is named in the metadata, if one is."""
    try:
        return UUID(metadata.get("session_id") or "")
    except ValueError:
        return None


def read_dispute(disputes: Iterable[stripe.Dispute]) -> Dispute | None:
    """Sum up the disputes of a charge: one that is open counts most, then one that was lost."""
    standings = {_standing(dispute.status) for dispute in disputes}
    return next((each for each in (Dispute.OPEN, Dispute.LOST, Dispute.WON) if each in standings), None)


def _taken(disputes: Sequence[stripe.Dispute]) -> Money | None:
    """Add up what lost disputes were about, which may be less than the charge; None without any."""
    lost = [money_of(each.amount, each.currency) for each in disputes if _standing(each.status) is Dispute.LOST]
    return reduce(Money.__add__, lost) if lost else None


def _standing(status: str) -> Dispute:
    # An inquiry that was closed, or a dispute prevented by a refund, took no money of its own.
    if status == "lost":
        return Dispute.LOST
    return Dispute.WON if status in _WON else Dispute.OPEN


def read_refund(refund: stripe.Refund) -> ProviderRefund:
    """Read a refund; Stripe leaves the status out for kinds of payment that don't know it yet."""
    metadata = refund.metadata.to_dict() if refund.metadata else {}
    return ProviderRefund(
        id=refund.id,
        state=_REFUND[refund.status or "pending"],
        amount=money_of(refund.amount, refund.currency),
        key=metadata.get("key"),
    )
