"""Agrees with docs.stripe.com/api/idempotent_requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
import stripe

from tests.integration.instance import eventually

KEY = {"Authorization": "Bearer sk_test_sandbox"}
PATH = "/stripe/v1/payment_intents"
FORM = {"amount": "1000", "currency": "eur"}


@pytest.fixture
def key() -> dict[str, str]:
    return {**KEY, "Idempotency-Key": str(uuid4())}


def test_the_same_key_gives_the_first_answer_again(web: httpx.Client, key: dict[str, str]) -> None:
    first, second = (web.post(PATH, data=FORM, headers=key) for _ in range(2))

    assert second.content == first.content
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["original-request"] == first.headers["request-id"] != second.headers["request-id"]
    assert "idempotent-replayed" not in first.headers


def test_the_order_of_parameters_does_not_matter(web: httpx.Client, key: dict[str, str]) -> None:
    first = web.post(PATH, data=FORM, headers=key)

    assert web.post(PATH, data=dict(reversed(FORM.items())), headers=key).json()["id"] == first.json()["id"]


def test_the_same_key_with_other_parameters_is_refused(api: stripe.StripeClient) -> None:
    key = str(uuid4())
    api.v1.payment_intents.create({"amount": 1000, "currency": "eur"}, {"idempotency_key": key})

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        api.v1.payment_intents.create({"amount": 1001, "currency": "eur"}, {"idempotency_key": key})


def test_the_same_key_on_another_endpoint_is_refused(api: stripe.StripeClient) -> None:
    key = str(uuid4())
    intent = api.v1.payment_intents.create({"amount": 1000, "currency": "eur"}, {"idempotency_key": key})

    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        api.v1.payment_intents.cancel(intent.id, options={"idempotency_key": key})


def test_a_decline_is_an_answer_too_and_is_replayed(web: httpx.Client, key: dict[str, str]) -> None:
    intent = web.post(PATH, data=FORM, headers=KEY).json()["id"]
    form = {"payment_method": "pm_card_chargeDeclined"}

    first, second = (web.post(f"{PATH}/{intent}/confirm", data=form, headers=key) for _ in range(2))

    assert (first.status_code, second.status_code) == (402, 402)
    assert second.headers["idempotent-replayed"] == "true"
    charges = web.get("/stripe/v1/charges", params={"payment_intent": intent}, headers=KEY).json()["data"]
    assert len(charges) == 1


def test_failed_validation_uses_no_key_up(web: httpx.Client, key: dict[str, str]) -> None:
    assert web.post(PATH, data={**FORM, "amount": "1"}, headers=key).status_code == 400
    assert web.post(PATH, data=FORM, headers=key).status_code == 200


@pytest.mark.usefixtures("no_faults")
def test_a_key_that_is_at_work_is_409_and_has_its_answer_later(web: httpx.Client, key: dict[str, str]) -> None:
    web.post("/faults", json={"at": "stripe", "operation": "payment_intents.create", "kind": "hang", "value": 3})
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(web.post, PATH, data=FORM, headers=key)
        eventually(lambda: not web.get("/faults").json()["faults"])
        busy = web.post(PATH, data=FORM, headers=key)

    assert (busy.status_code, busy.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert web.post(PATH, data=FORM, headers=key).json()["id"] == slow.result().json()["id"]


def test_keys_may_have_255_characters(web: httpx.Client) -> None:
    long = {**KEY, "Idempotency-Key": uuid4().hex.ljust(255, "x")}
    assert web.post(PATH, data=FORM, headers=long).status_code == 200
    longer = {**KEY, "Idempotency-Key": "x" * 256}
    assert web.post(PATH, data=FORM, headers=longer).status_code == 400
