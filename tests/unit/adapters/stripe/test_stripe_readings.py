from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import stripe

from consulting.adapters.stripe.intents import read_dispute, read_intent, read_refund
from consulting.domain.money import Money
from consulting.domain.payments import Dispute, IntentStatus
from consulting.domain.refunds import RefundState

SESSION = UUID("0192f0c1-0000-7000-8000-000000000001")


def intent(**fields: Any) -> stripe.PaymentIntent:
    plain = {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "requires_payment_method",
        "amount": 5000,
        "amount_received": 0,
        "currency": "usd",
        "metadata": {"session_id": str(SESSION)},
        "last_payment_error": None,
        "latest_charge": None,
        "client_secret": "pi_1_secret_2",
    }
    return stripe.PaymentIntent.construct_from({**plain, **fields}, key=None)


def charge(**fields: Any) -> dict[str, Any]:
    return {"id": "ch_1", "object": "charge", "amount_refunded": 0, "disputed": False, **fields}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, IntentStatus.AWAITING_CLIENT),
        ({"last_payment_error": {"code": "card_declined"}}, IntentStatus.FAILED),
        ({"status": "requires_confirmation"}, IntentStatus.AWAITING_CLIENT),
        ({"status": "requires_action"}, IntentStatus.ACTION_REQUIRED),
        ({"status": "processing"}, IntentStatus.PROCESSING),
        ({"status": "requires_capture"}, IntentStatus.PROCESSING),
        ({"status": "canceled", "last_payment_error": {"code": "card_declined"}}, IntentStatus.CANCELED),
        ({"status": "succeeded", "amount_received": 5000, "latest_charge": charge()}, IntentStatus.SUCCEEDED),
    ],
)
def test_stripes_status_becomes_ours(fields: dict[str, Any], status: IntentStatus) -> None:
    assert read_intent(intent(**fields)).status is status


def test_an_intent_is_read_with_what_was_charged_and_what_went_back() -> None:
    shown = read_intent(
        intent(status="succeeded", amount_received=5000, latest_charge=charge(amount_refunded=1200)),
        disputes=[dispute("under_review", 700)],
    )
    assert (shown.amount, shown.received, shown.returned) == (
        Money(5000, "usd"),
        Money(5000, "usd"),
        Money(1200, "usd"),
    )
    assert (shown.session_id, shown.dispute, shown.client_secret) == (SESSION, Dispute.OPEN, "pi_1_secret_2")
    assert shown.taken is None
    assert "secret" not in repr(shown)


def test_what_lost_disputes_took_is_added_up() -> None:
    disputes = [dispute("lost", 700), dispute("won", 900), dispute("lost", 50)]

    assert read_intent(intent(), disputes=disputes).taken == Money(750, "usd")


def dispute(status: str, amount: int = 1) -> stripe.Dispute:
    fields = {"id": "du", "status": status, "amount": amount, "currency": "usd"}
    return stripe.Dispute.construct_from(fields, key=None)


@pytest.mark.parametrize("metadata", [{}, {"session_id": "no uuid"}, {"session_id": ""}])
def test_an_intent_that_names_no_session_has_none(metadata: dict[str, str]) -> None:
    assert read_intent(intent(metadata=metadata)).session_id is None


@pytest.mark.parametrize(
    ("statuses", "standing"),
    [
        ([], None),
        (["needs_response"], Dispute.OPEN),
        (["warning_under_review"], Dispute.OPEN),
        (["appeal_under_review"], Dispute.OPEN),
        (["won"], Dispute.WON),
        (["warning_closed"], Dispute.WON),
        (["lost"], Dispute.LOST),
        (["won", "lost"], Dispute.LOST),
        (["lost", "under_review"], Dispute.OPEN),
    ],
)
def test_disputes_are_summed_up(statuses: list[str], standing: Dispute | None) -> None:
    assert read_dispute([dispute(status) for status in statuses]) is standing


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", RefundState.PENDING),
        ("requires_action", RefundState.PENDING),
        (None, RefundState.PENDING),
        ("succeeded", RefundState.SUCCEEDED),
        ("failed", RefundState.FAILED),
        ("canceled", RefundState.FAILED),
    ],
)
def test_a_refunds_status_becomes_ours(status: str | None, state: RefundState) -> None:
    shown = read_refund(refund(status=status))
    assert (shown.id, shown.state, shown.amount, shown.key) == ("re_1", state, Money(900, "usd"), None)


def test_a_refund_of_ours_is_known_by_its_key() -> None:
    assert read_refund(refund(metadata={"key": "r1:1"})).key == "r1:1"


def refund(**fields: object) -> stripe.Refund:
    shown = {"id": "re_1", "amount": 900, "currency": "usd", "metadata": {}, "status": "succeeded", **fields}
    return stripe.Refund.construct_from(shown, key=None)
