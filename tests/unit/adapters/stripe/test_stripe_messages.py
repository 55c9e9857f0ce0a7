from __future__ import annotations

import json
import time
from hashlib import sha256
from typing import Any

import pytest
from stripe import WebhookSignature

from consulting.adapters.stripe import StripeGateway, open_gateway
from consulting.application.ports.payment_gateway import WebhookSignatureInvalid

SECRET = "whsec_of_a_test"


@pytest.fixture
def gateway() -> StripeGateway:
    return open_gateway(
        secret_key="sk_test_secret",
        publishable_key="pk_test_public",
        webhook_secret=SECRET,
        api_url="http://127.0.0.1:9",
        timeout_seconds=1,
    )


def signed(body: str, *, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    at = int(time.time()) - age
    return {"stripe-signature": WebhookSignature.generate_signature_header(body, secret, at)}


def event(kind: str, thing: dict[str, Any]) -> str:
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": thing}, "more": "ü"})


@pytest.mark.parametrize(
    ("kind", "thing", "intent_id", "refund_id"),
    [
        ("payment_intent.succeeded", {"object": "payment_intent", "id": "pi_1"}, "pi_1", None),
        ("charge.refunded", {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}, "pi_1", None),
        ("refund.failed", {"object": "refund", "id": "re_1", "payment_intent": "pi_1"}, "pi_1", "re_1"),
        ("charge.refund.updated", {"object": "refund", "id": "re_1", "payment_intent": None}, None, "re_1"),
        ("charge.dispute.created", {"object": "dispute", "id": "du_1", "payment_intent": "pi_1"}, "pi_1", None),
        ("customer.created", {"object": "customer", "id": "cus_1"}, None, None),
    ],
)
def test_a_signed_event_says_where_to_look(
    gateway: StripeGateway, kind: str, thing: dict[str, Any], intent_id: str | None, refund_id: str | None
) -> None:
    body = event(kind, thing)
    read = gateway.read_event(body=body.encode(), headers=signed(body))
    assert (read.source, read.external_id, read.kind) == ("stripe", "evt_1", kind)
    assert (read.intent_id, read.refund_id) == (intent_id, refund_id)


BODY = event("payment_intent.succeeded", {"object": "payment_intent", "id": "pi_1"})


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY.encode(), {}),
        (BODY.encode(), {"stripe-signature": ""}),
        (BODY.encode(), {"stripe-signature": "t=now,v1=abc"}),
        (BODY.encode(), {"stripe-signature": f"t={int(time.time())},v1=ü"}),
        (BODY.encode(), signed(BODY, secret="whsec_of_another")),
        (BODY.encode(), signed(BODY, age=301)),
        (BODY.replace("pi_1", "pi_2").encode(), signed(BODY)),
        (b"\xff\xfe", signed(BODY)),
    ],
    ids=["none", "empty", "malformed", "not ascii", "another secret", "too old", "changed body", "not utf-8"],
)
def test_what_stripe_did_not_sign_is_refused(gateway: StripeGateway, body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(WebhookSignatureInvalid):
        gateway.read_event(body=body, headers=headers)


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "{}", "null", '{"data": []}', '{"data": {"object": "pi_1"}}', "[" * 100_000, "9" * 5000],
    ids=["empty", "broken", "list", "object", "null", "no data", "no object", "deep", "long number"],
)
def test_a_signed_message_that_is_no_event_is_about_nothing_and_known_by_its_digest(
    gateway: StripeGateway, body: str
) -> None:
    first, again = (gateway.read_event(body=body.encode(), headers=signed(body, age=age)) for age in (0, 5))

    assert first == again
    assert first.external_id == f"sha256:{sha256(body.encode()).hexdigest()}"
    assert (first.kind, first.intent_id, first.refund_id) == ("unknown", None, None)


def test_a_signed_event_without_an_object_keeps_its_name(gateway: StripeGateway) -> None:
    body = '{"id": "evt_2", "object": "v2.core.event", "type": "v2.core.account.updated"}'
    read = gateway.read_event(body=body.encode(), headers=signed(body))

    assert (read.external_id, read.kind) == ("evt_2", "v2.core.account.updated")
    assert (read.intent_id, read.refund_id) == (None, None)


@pytest.mark.parametrize("odd", ["", "a\\u0000", "\\ud800", "a b", "x" * 256, "ü"])
def test_an_id_that_cannot_be_one_counts_as_absent(gateway: StripeGateway, odd: str) -> None:
    body = BODY.replace("evt_1", odd).replace("pi_1", odd)
    read = gateway.read_event(body=body.encode(), headers=signed(body))

    assert read.external_id.startswith("sha256:")
    assert (read.kind, read.intent_id) == ("payment_intent.succeeded", None)


def test_a_message_just_within_its_age_is_taken(gateway: StripeGateway) -> None:
    assert gateway.read_event(body=BODY.encode(), headers=signed(BODY, age=290)).intent_id == "pi_1"


def test_the_gateway_shows_no_secret(gateway: StripeGateway) -> None:
    assert "sk_test_secret" not in repr(gateway)
    assert SECRET not in repr(gateway)
    assert gateway.publishable_key == "pk_test_public"
