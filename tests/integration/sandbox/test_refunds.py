"""Agrees with docs.stripe.com/api/refunds, docs.stripe.com/refunds and docs.stripe.com/testing#refunds."""

from __future__ import annotations

import time

import httpx
import pytest
import stripe

from tests.integration.instance import PATIENCE


def paid(api: stripe.StripeClient, *, amount: int = 1000, method: str = "pm_card_visa") -> stripe.PaymentIntent:
    return api.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "usd",
            "allowed_payment_method_types": ["card"],
            "payment_method": method,
            "confirm": True,
        }
    )


def wait_until(api: stripe.StripeClient, refund_id: str, status: str) -> stripe.Refund:
    deadline = time.monotonic() + PATIENCE
    while (refund := api.v1.refunds.retrieve(refund_id)).status != status:
        assert time.monotonic() < deadline, refund.status
        time.sleep(0.02)
    return refund


def test_without_an_amount_all_that_is_left_is_given_back(api: stripe.StripeClient) -> None:
    intent = paid(api)
    part = api.v1.refunds.create({"payment_intent": intent.id, "amount": 400, "metadata": {"session_id": "7"}})

    rest = api.v1.refunds.create({"payment_intent": intent.id, "reason": "requested_by_customer"})

    charge = api.v1.charges.retrieve(str(intent.latest_charge))
    assert (part.status, part.amount, rest.status, rest.amount) == ("succeeded", 400, "succeeded", 600)
    assert (charge.amount_refunded, charge.refunded) == (1000, True)
    assert api.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_more_than_is_left_is_refused_and_gives_nothing_back(api: stripe.StripeClient) -> None:
    intent = paid(api)

    with pytest.raises(stripe.InvalidRequestError, match=r"\(\$10\.01\) is greater than charge amount \(\$10\.00\)"):
        api.v1.refunds.create({"payment_intent": intent.id, "amount": 1001})
    api.v1.refunds.create({"payment_intent": intent.id, "amount": 600})
    with pytest.raises(stripe.InvalidRequestError, match="unrefunded amount on charge") as caught:
        api.v1.refunds.create({"payment_intent": intent.id, "amount": 401})

    assert caught.value.param == "amount"
    assert api.v1.charges.retrieve(str(intent.latest_charge)).amount_refunded == 600


def test_a_charge_that_was_given_back_whole_says_so(api: stripe.StripeClient) -> None:
    """docs.stripe.com/error-codes#charge-already-refunded."""
    intent = paid(api)
    api.v1.refunds.create({"charge": str(intent.latest_charge)})

    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.v1.refunds.create({"payment_intent": intent.id})

    assert caught.value.code == "charge_already_refunded"


def dispute_of(api: stripe.StripeClient, intent: stripe.PaymentIntent) -> str:
    return str(api.v1.disputes.list({"payment_intent": intent.id}).data[0].id)


def test_a_disputed_charge_is_not_given_back_unless_the_dispute_was_won(
    api: stripe.StripeClient, web: httpx.Client
) -> None:
    """docs.stripe.com/error-codes#charge-disputed, docs.stripe.com/api/disputes/object#is_charge_refundable."""
    won, lost = paid(api), paid(api)
    for intent in (won, lost):
        web.post(f"/stripe/sandbox/charges/{intent.latest_charge}/dispute", json={"amount": 400})
        with pytest.raises(stripe.InvalidRequestError, match="has been charged back") as caught:
            api.v1.refunds.create({"payment_intent": intent.id, "amount": 1})
        assert (caught.value.code, caught.value.http_status) == ("charge_disputed", 400)
        web.post(f"/stripe/sandbox/disputes/{dispute_of(api, intent)}/close", json={"won": intent is won})

    with pytest.raises(stripe.InvalidRequestError, match="has been charged back"):
        api.v1.refunds.create({"payment_intent": lost.id})
    assert api.v1.refunds.create({"payment_intent": won.id}).amount == 1000


def test_a_part_of_a_charge_can_be_disputed_but_not_more_than_all_of_it(
    api: stripe.StripeClient, web: httpx.Client
) -> None:
    """docs.stripe.com/api/disputes/object#amount."""
    intent = paid(api)

    for amount in (0, 1001):
        refused = web.post(f"/stripe/sandbox/charges/{intent.latest_charge}/dispute", json={"amount": amount})
        assert refused.status_code == 400
    web.post(f"/stripe/sandbox/charges/{intent.latest_charge}/dispute", json={"amount": 400})

    assert [each.amount for each in api.v1.disputes.list({"payment_intent": intent.id}).data] == [400]


def test_an_unpaid_intent_has_nothing_to_give_back(api: stripe.StripeClient) -> None:
    intent = api.v1.payment_intents.create({"amount": 1000, "currency": "usd"})

    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        api.v1.refunds.create({"payment_intent": intent.id})


def test_refunds_are_listed_by_payment_newest_first(api: stripe.StripeClient) -> None:
    intent, other = paid(api), paid(api)
    made = [api.v1.refunds.create({"payment_intent": intent.id, "amount": part}).id for part in (100, 200)]
    api.v1.refunds.create({"payment_intent": other.id})

    listed = api.v1.refunds.list({"payment_intent": intent.id})

    assert [refund.id for refund in listed.data] == made[::-1]
    assert api.v1.refunds.retrieve(made[0]).amount == 100


def test_a_pending_refund_succeeds_after_a_while(api: stripe.StripeClient) -> None:
    refund = api.v1.refunds.create({"payment_intent": paid(api, method="pm_card_pendingRefund").id})

    assert refund.status == "pending"
    wait_until(api, refund.id, "succeeded")


def test_a_refund_that_fails_at_the_bank_is_first_called_succeeded_and_can_be_made_again(
    api: stripe.StripeClient,
) -> None:
    intent = paid(api, method="pm_card_refundFail")
    refund = api.v1.refunds.create({"payment_intent": intent.id})

    assert refund.status == "succeeded"
    failed = wait_until(api, refund.id, "failed")
    assert failed.failure_reason is not None
    assert api.v1.charges.retrieve(str(intent.latest_charge)).amount_refunded == 0


@pytest.mark.parametrize(("succeed", "status"), [(True, "succeeded"), (False, "failed")])
def test_the_next_refunds_can_be_told_to_wait_and_then_how_they_end(
    api: stripe.StripeClient, web: httpx.Client, succeed: bool, status: str
) -> None:
    intent = paid(api)
    web.post("/stripe/sandbox/refunds/next", json={"status": "pending", "count": 1})

    refund = api.v1.refunds.create({"payment_intent": intent.id, "amount": 300})
    assert refund.status == "pending"
    web.post(f"/stripe/sandbox/refunds/{refund.id}/settle", json={"succeed": succeed})

    assert api.v1.refunds.retrieve(refund.id).status == status
    assert api.v1.refunds.create({"payment_intent": intent.id, "amount": 1}).status == "succeeded"
