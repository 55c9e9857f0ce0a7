"""Agrees with docs.stripe.com/webhooks, docs.stripe.com/api/events and docs.stripe.com/disputes."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
import stripe

from consulting.entrypoints.sandbox import RunningSandbox, SandboxOptions, running_sandbox

from .conftest import Hook, Time, calling

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def pay(api: stripe.StripeClient, method: str = "pm_card_visa") -> stripe.PaymentIntent:
    return api.v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "usd",
            "metadata": {"session_id": "7"},
            "allowed_payment_method_types": ["card", "us_bank_account"],
            "payment_method": method,
            "confirm": True,
        }
    )


def test_an_event_is_signed_so_that_the_sdk_believes_it(hooked_api: stripe.StripeClient, hook: Hook) -> None:
    """docs.stripe.com/webhooks#verify-official-libraries."""
    intent = pay(hooked_api)
    hook.wait_for(lambda: len(hook.received) == 3)

    body, signature = hook.received[-1]
    event = hooked_api.construct_event(body, signature, "whsec_sandbox")
    with pytest.raises(stripe.SignatureVerificationError):
        hooked_api.construct_event(body, signature, "whsec_other")

    shown = event.data.object
    assert (event.type, shown["id"], shown["status"]) == ("payment_intent.succeeded", intent.id, "succeeded")
    assert shown["metadata"]["session_id"] == "7"
    assert (event.livemode, event.api_version) == (False, stripe.api_version)
    assert hooked_api.v1.events.retrieve(event.id).type == event.type


@pytest.mark.parametrize(
    ("method", "types"),
    [
        ("pm_card_visa", PAID),
        ("pm_card_authenticationRequired", ["payment_intent.created", "payment_intent.requires_action"]),
        (
            "pm_usBankAccount_success",
            [
                "payment_intent.created",
                "charge.pending",
                "payment_intent.processing",
                "charge.succeeded",
                "payment_intent.succeeded",
            ],
        ),
        (
            "pm_usBankAccount_noAccount",
            [
                "payment_intent.created",
                "charge.pending",
                "payment_intent.processing",
                "charge.failed",
                "payment_intent.payment_failed",
            ],
        ),
    ],
)
def test_each_change_is_told_in_order(
    hooked_api: stripe.StripeClient, hook: Hook, method: str, types: list[str]
) -> None:
    pay(hooked_api, method)

    hook.wait_for(lambda: len(hook.types) >= len(types))
    assert hook.types == types


def test_declines_cancellations_and_refunds_are_told(hooked_api: stripe.StripeClient, hook: Hook) -> None:
    with pytest.raises(stripe.CardError):
        pay(hooked_api, "pm_card_chargeDeclined")
    hook.wait_for(lambda: hook.types[-1:] == ["payment_intent.payment_failed"])
    hooked_api.v1.payment_intents.cancel(hook.events[-1]["data"]["object"]["id"])
    hook.wait_for(lambda: hook.types[-1:] == ["payment_intent.canceled"])

    hooked_api.v1.refunds.create({"payment_intent": pay(hooked_api, "pm_card_refundFail").id})
    hook.wait_for(lambda: "refund.failed" in hook.types)
    assert hook.types[-4:] == ["refund.created", "charge.refunded", "refund.updated", "refund.failed"]


def test_a_dispute_is_told_when_it_opens_and_when_it_closes(
    hooked_api: stripe.StripeClient, hooked_web: httpx.Client, hook: Hook
) -> None:
    charge = pay(hooked_api).latest_charge
    opened = hooked_web.post(f"/stripe/sandbox/charges/{charge}/dispute", json={"reason": "fraudulent"}).json()
    closed = hooked_web.post(f"/stripe/sandbox/disputes/{opened['id']}/close", json={"won": False}).json()

    hook.wait_for(lambda: hook.types[-2:] == ["charge.dispute.created", "charge.dispute.closed"])
    assert (opened["status"], closed["status"]) == ("needs_response", "lost")
    assert hooked_api.v1.disputes.retrieve(opened["id"]).payment_intent == opened["payment_intent"]
    assert hooked_api.v1.charges.retrieve(str(charge)).disputed is True


def test_an_endpoint_that_fails_gets_the_event_again_with_a_fresh_signature(
    hooked_api: stripe.StripeClient, hook: Hook
) -> None:
    hook.statuses = [500, 503]
    hooked_api.v1.payment_intents.create({"amount": 1000, "currency": "usd"})

    hook.wait_for(lambda: len(hook.received) == 3)
    assert len({event["id"] for event in hook.events}) == 1
    for body, signature in hook.received:
        hooked_api.construct_event(body, signature, "whsec_sandbox")


def test_after_the_last_attempt_it_gives_up(tmp_path: Path, hook: Hook) -> None:
    hook.statuses = [500] * 10
    options = SandboxOptions(
        folder=tmp_path, webhook_url=hook.url, webhook_attempts=2, webhook_first_retry_seconds=0.01
    )
    with running_sandbox(options) as sandbox, calling(sandbox) as api:
        api.v1.payment_intents.create({"amount": 1000, "currency": "usd"})
        hook.wait_for(lambda: len(hook.received) == 2)
        time.sleep(0.2)

    assert len(hook.received) == 2


def test_events_that_were_not_delivered_outlive_a_restart(tmp_path: Path, hook: Hook) -> None:
    nobody = SandboxOptions(folder=tmp_path, webhook_url="http://127.0.0.1:9/hook")
    with running_sandbox(nobody) as sandbox, calling(sandbox) as api:
        pay(api)

    with running_sandbox(SandboxOptions(folder=tmp_path, webhook_url=hook.url)):
        hook.wait_for(lambda: sorted(hook.types) == sorted(PAID))


def arm(web: httpx.Client, **fault: object) -> None:
    assert web.post("/faults", json={"at": "webhook", **fault}).status_code == 201


def test_a_duplicate_fault_delivers_one_event_twice(
    hooked_api: stripe.StripeClient, hooked_web: httpx.Client, hook: Hook
) -> None:
    arm(hooked_web, kind="duplicate", operation="payment_intent.succeeded")
    pay(hooked_api)

    hook.wait_for(lambda: len(hook.received) == 4)
    assert hook.types == [*PAID, "payment_intent.succeeded"]
    assert hook.events[-1] == hook.events[-2]


def test_a_delay_fault_lets_later_events_pass(
    hooked_api: stripe.StripeClient, hooked_web: httpx.Client, hook: Hook, time_of_sandbox: Time
) -> None:
    arm(hooked_web, kind="delay", operation="payment_intent.created", value=100)
    pay(hooked_api)
    hook.wait_for(lambda: len(hook.received) == 2)
    time_of_sandbox.ahead = 101

    hook.wait_for(lambda: len(hook.received) == 3)
    assert hook.types == [*PAID[1:], PAID[0]]


def test_a_reorder_fault_turns_a_burst_around(
    hooked_api: stripe.StripeClient, hooked_web: httpx.Client, hook: Hook
) -> None:
    arm(hooked_web, kind="reorder", count=3, value=0.3)
    pay(hooked_api)

    hook.wait_for(lambda: len(hook.received) == 3)
    assert hook.types == PAID[::-1]


def test_a_refuse_fault_loses_attempts_and_a_drop_answer_fault_repeats_them(
    hooked_api: stripe.StripeClient, hooked_web: httpx.Client, hook: Hook
) -> None:
    arm(hooked_web, kind="refuse", count=1)
    arm(hooked_web, kind="drop_answer", count=1)
    hooked_api.v1.payment_intents.create({"amount": 1000, "currency": "usd"})

    hook.wait_for(lambda: len(hook.received) == 2)
    assert hook.events[0] == hook.events[1]


def test_a_sandbox_without_an_endpoint_still_lists_its_events(
    api: stripe.StripeClient, sandbox: RunningSandbox
) -> None:
    pay(api)

    listed = api.v1.events.list({"limit": 3})
    assert [event.type for event in listed.data] == PAID[::-1]
    assert api.v1.events.list({"limit": 1, "types": ["charge.succeeded"]}).data[0].type == "charge.succeeded"
