"""Agrees with docs.stripe.com/payments/paymentintents/lifecycle and docs.stripe.com/api/payment_intents."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
import stripe

from tests.integration.instance import PATIENCE

CARD = {"amount": 1000, "currency": "eur", "allowed_payment_method_types": ["card"]}


def create(api: stripe.StripeClient, **changes: Any) -> stripe.PaymentIntent:
    return api.v1.payment_intents.create({**CARD, **changes})  # type: ignore[typeddict-item] # wrong values are the point


def confirm(api: stripe.StripeClient, intent: stripe.PaymentIntent, method: str) -> stripe.PaymentIntent:
    return api.v1.payment_intents.confirm(intent.id, {"payment_method": method})


def wait_until(api: stripe.StripeClient, intent_id: str, status: str) -> stripe.PaymentIntent:
    deadline = time.monotonic() + PATIENCE
    while (intent := api.v1.payment_intents.retrieve(intent_id)).status != status:
        assert time.monotonic() < deadline, intent.status
        time.sleep(0.02)
    return intent


def test_a_new_intent_waits_for_a_payment_method_and_keeps_what_it_was_given(api: stripe.StripeClient) -> None:
    intent = create(api, metadata={"session_id": "7", "note": "a=b&c"}, description="An hour")

    again = api.v1.payment_intents.retrieve(intent.id)
    assert (again.status, again.amount, again.currency) == ("requires_payment_method", 1000, "eur")
    assert again.metadata.to_dict() == {"session_id": "7", "note": "a=b&c"}
    assert again.payment_method_types == ["card"]
    assert again.livemode is False
    assert again.client_secret is not None
    assert again.client_secret.startswith(f"{intent.id}_secret_")


def test_confirming_with_a_visa_card_succeeds_and_charges(api: stripe.StripeClient) -> None:
    paid = confirm(api, create(api), "pm_card_visa")

    charge = api.v1.charges.retrieve(str(paid.latest_charge))
    assert (paid.status, paid.amount_received) == ("succeeded", 1000)
    assert (charge.paid, charge.amount_captured, charge.payment_intent) == (True, 1000, paid.id)


def test_an_intent_can_be_created_and_confirmed_in_one_call(api: stripe.StripeClient) -> None:
    assert create(api, payment_method="pm_card_visa", confirm=True).status == "succeeded"


def test_an_intent_with_a_payment_method_waits_for_confirmation(api: stripe.StripeClient) -> None:
    intent = create(api, payment_method="pm_card_visa")

    assert intent.status == "requires_confirmation"
    assert api.v1.payment_intents.confirm(intent.id).status == "succeeded"


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
    ],
)
def test_a_declined_card_answers_402_and_another_card_may_follow(
    api: stripe.StripeClient, method: str, code: str, decline_code: str | None
) -> None:
    """docs.stripe.com/testing#declined-payments, docs.stripe.com/error-codes."""
    intent = create(api)

    with pytest.raises(stripe.CardError) as caught:
        confirm(api, intent, method)

    failed = api.v1.payment_intents.retrieve(intent.id)
    assert (caught.value.http_status, caught.value.code) == (402, code)
    assert caught.value.error is not None
    assert caught.value.error.payment_intent is not None
    assert caught.value.error.payment_intent.status == "requires_payment_method"
    assert getattr(caught.value.error, "decline_code", None) == decline_code
    assert failed.last_payment_error is not None
    assert failed.last_payment_error.code == code
    assert failed.payment_method is None
    assert confirm(api, intent, "pm_card_visa").status == "succeeded"


@pytest.mark.parametrize(("succeed", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
def test_a_card_that_asks_for_authentication_goes_on_when_the_payer_has_answered(
    api: stripe.StripeClient, web: httpx.Client, succeed: bool, status: str
) -> None:
    """docs.stripe.com/testing#three-d-secure-2."""
    waiting = confirm(api, create(api), "pm_card_authenticationRequired")
    assert (waiting.status, waiting.next_action is None) == ("requires_action", False)

    web.post(f"/stripe/sandbox/payment_intents/{waiting.id}/authenticate", json={"succeed": succeed})

    after = api.v1.payment_intents.retrieve(waiting.id)
    assert after.status == status
    if not succeed:
        assert after.last_payment_error is not None
        assert after.last_payment_error.code == "payment_intent_authentication_failure"


@pytest.mark.parametrize(
    ("currency", "kind", "method", "status"),
    [
        ("usd", "us_bank_account", "pm_usBankAccount_success", "succeeded"),
        ("usd", "us_bank_account", "pm_usBankAccount_insufficientFunds", "requires_payment_method"),
        ("eur", "sepa_debit", "pm_success_de", "succeeded"),
        ("eur", "sepa_debit", "pm_failed_de", "requires_payment_method"),
    ],
)
def test_a_bank_debit_is_processing_and_then_settles_by_itself(
    api: stripe.StripeClient, currency: str, kind: str, method: str, status: str
) -> None:
    """docs.stripe.com/payments/ach-direct-debit, docs.stripe.com/payments/sepa-debit."""
    intent = create(api, currency=currency, allowed_payment_method_types=[kind])

    assert confirm(api, intent, method).status == "processing"
    after = wait_until(api, intent.id, status)
    assert (after.last_payment_error is None) == (status == "succeeded")


@pytest.mark.parametrize(("succeed", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
def test_a_processing_payment_that_never_settles_is_told_how_it_ends(
    api: stripe.StripeClient, web: httpx.Client, succeed: bool, status: str
) -> None:
    intent = create(api, currency="usd", allowed_payment_method_types=["us_bank_account"])
    confirm(api, intent, "pm_usBankAccount_processing")

    told = web.post(f"/stripe/sandbox/payment_intents/{intent.id}/settle", json={"succeed": succeed})

    assert told.json()["status"] == status
    assert web.post(f"/stripe/sandbox/payment_intents/{intent.id}/settle", json={"succeed": True}).status_code == 400


def test_a_finished_intent_cannot_be_confirmed_again(api: stripe.StripeClient) -> None:
    paid = confirm(api, create(api), "pm_card_visa")

    with pytest.raises(stripe.InvalidRequestError) as caught:
        confirm(api, paid, "pm_card_visa")

    assert caught.value.code == "payment_intent_unexpected_state"
    assert caught.value.error is not None
    assert caught.value.error.payment_intent is not None
    assert caught.value.error.payment_intent.status == "succeeded"


def test_confirming_without_a_payment_method_is_refused(api: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        api.v1.payment_intents.confirm(create(api).id)


def test_open_intents_can_be_canceled_for_a_reason(api: stripe.StripeClient) -> None:
    """docs.stripe.com/api/payment_intents/cancel."""
    fresh, waiting = create(api), confirm(api, create(api), "pm_card_authenticationRequired")

    for intent in (fresh, waiting):
        canceled = api.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
        assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
        assert canceled.canceled_at is not None
        with pytest.raises(stripe.InvalidRequestError):
            confirm(api, intent, "pm_card_visa")


@pytest.mark.parametrize("status", ["succeeded", "canceled", "processing"])
def test_an_intent_whose_money_moved_or_that_is_canceled_cannot_be_canceled(
    api: stripe.StripeClient, status: str
) -> None:
    intent = create(api, currency="usd", allowed_payment_method_types=["card", "us_bank_account"])
    if status == "canceled":
        api.v1.payment_intents.cancel(intent.id)
    else:
        confirm(api, intent, "pm_card_visa" if status == "succeeded" else "pm_usBankAccount_processing")

    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.v1.payment_intents.cancel(intent.id)

    assert caught.value.code == "payment_intent_unexpected_state"
    assert caught.value.error is not None
    assert caught.value.error.payment_intent is not None
    assert caught.value.error.payment_intent.status == status


def test_amount_and_metadata_of_an_open_intent_can_be_updated(api: stripe.StripeClient) -> None:
    """docs.stripe.com/api/metadata: keys are merged, an empty value removes one."""
    intent = create(api, metadata={"a": "1", "b": "2"})

    changed = api.v1.payment_intents.update(intent.id, {"amount": 2000, "metadata": {"b": "", "c": "3"}})

    assert (changed.amount, changed.metadata.to_dict()) == (2000, {"a": "1", "c": "3"})
    paid = confirm(api, changed, "pm_card_visa")
    assert paid.amount_received == 2000
    with pytest.raises(stripe.InvalidRequestError):
        api.v1.payment_intents.update(paid.id, {"amount": 1})
    assert api.v1.payment_intents.update(paid.id, {"metadata": {"d": "4"}}).metadata.to_dict()["d"] == "4"


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount": 49, "currency": "usd"}, "amount_too_small", "amount"),
        ({"amount": 29, "currency": "gbp"}, "amount_too_small", "amount"),
        ({"amount": 49, "currency": "jpy"}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": "10.5"}, "parameter_invalid_integer", "amount"),
        ({"currency": "euro"}, None, "currency"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"payment_method": "pm_nobody"}, "resource_missing", "payment_method"),
        ({"allowed_payment_method_types": ["barter"]}, None, "allowed_payment_method_types"),
        ({"payment_method": "pm_success_de"}, "payment_intent_incompatible_payment_method", "payment_method"),
    ],
)
def test_a_wrong_parameter_is_refused_with_stripes_code(
    api: stripe.StripeClient, changes: dict[str, Any], code: str | None, param: str
) -> None:
    """docs.stripe.com/error-codes, docs.stripe.com/currencies#minimum-and-maximum-charge-amounts."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        create(api, **changes)

    assert (caught.value.code, caught.value.param) == (code, param)


def test_the_smallest_amounts_and_zero_decimal_currencies_pass(api: stripe.StripeClient) -> None:
    assert create(api, amount=50, currency="usd").amount == 50
    assert create(api, amount=50, currency="jpy").amount == 50


def test_the_sdks_api_version_knows_no_payment_method_types_any_more(
    api: stripe.StripeClient, web: httpx.Client
) -> None:
    """docs.stripe.com/changelog/endive/2026-09-30: removed as a parameter, still shown."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.v1.payment_intents.create({"amount": 1000, "currency": "eur", "payment_method_types": ["card"]})  # type: ignore[typeddict-unknown-key] # it is gone
    assert caught.value.code == "payment_method_types_no_longer_supported"

    older = web.post(
        "/stripe/v1/payment_intents",
        data={"amount": "1000", "currency": "eur", "payment_method_types[]": "card"},
        headers={"Authorization": "Bearer sk_test_sandbox", "Stripe-Version": "2026-07-29.dahlia"},
    )
    assert older.json()["payment_method_types"] == ["card"]


def test_an_intent_that_names_no_types_takes_what_suits_its_currency(api: stripe.StripeClient) -> None:
    """docs.stripe.com/payments/payment-methods/dynamic-payment-methods."""
    dynamic = api.v1.payment_intents.create({"amount": 1000, "currency": "eur"})
    allowed = create(api, allowed_payment_method_types=["card", "us_bank_account"])

    assert dynamic.payment_method_types == ["card", "sepa_debit"]
    assert allowed.payment_method_types == ["card"]


def test_an_unknown_intent_is_404_resource_missing(api: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.v1.payment_intents.retrieve("pi_nobody")

    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


def test_intents_are_listed_newest_first_in_pages_and_from_an_instant_on(api: stripe.StripeClient) -> None:
    """docs.stripe.com/api/pagination."""
    began = int(time.time())
    made = [create(api, metadata={"batch": "x"}).id for _ in range(5)][::-1]

    first = api.v1.payment_intents.list({"limit": 2, "created": {"gte": began}})
    walked = [intent.id for intent in api.v1.payment_intents.list({"limit": 2}).auto_paging_iter()]

    assert ([intent.id for intent in first.data], first.has_more) == (made[:2], True)
    assert walked[:5] == made
    assert len(walked) == len(set(walked))
    assert api.v1.payment_intents.list({"created": {"gte": began + 100}}).data == []


def test_a_charge_is_shown_in_full_where_it_is_expanded(api: stripe.StripeClient) -> None:
    """docs.stripe.com/api/expanding_objects."""
    paid = confirm(api, create(api), "pm_card_visa")

    full = api.v1.payment_intents.retrieve(paid.id, {"expand": ["latest_charge"]})

    assert isinstance(full.latest_charge, stripe.Charge)
    assert full.latest_charge.amount == 1000
