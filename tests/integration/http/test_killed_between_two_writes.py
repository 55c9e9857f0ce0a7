"""API processes killed -9 after the provider has done its part and before ours is written down, under a key.

Whoever repeats the request gets one intent and one charge, asked for under one key of the provider's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from consulting.entrypoints.sandbox import SandboxOptions, running_sandbox
from tests.integration.http.api_processes import ApiProcesses, api_processes
from tests.integration.http.go_between import Asked, GoBetween, between
from tests.integration.instance import PATIENCE
from tests.unit.entrypoints.http.frontend import refusal

BUSY = (409, "REQUEST_IN_PROGRESS")
SECRET_KEY = {"Authorization": "Bearer sk_test_sandbox"}


@dataclass
class Shop:
    """One API process, what stands between it and Stripe, and somebody who books."""

    api: ApiProcesses
    stripe: GoBetween
    stripe_url: str
    database_url: str
    slots: list[str]

    def post(self, path: str, body: dict[str, Any], *, key: str | None = None, by: str = "ada") -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.api.ask(0, "POST", path, by=by, json=body, headers=headers)

    def held(self) -> dict[str, str]:
        """Hold a slot, and give the body that names the session."""
        answer = self.post("/api/sessions", {"time_slot_id": self.slots.pop()}, by="ada")
        return {"session_id": answer.raise_for_status().json()["id"]}

    def cut_off(self, path: str, body: dict[str, Any], *, key: str, method: str, ending: str) -> None:
        """Ask for something, and kill the process once Stripe has done this part of it."""

        def kill(asked: Asked) -> None:
            if (asked.method, asked.path.rpartition("/")[2].startswith(ending)) == (method, True):
                self.stripe.before_answer = lambda _: None
                self.api.kill()

        self.stripe.before_answer = kill
        with pytest.raises(httpx.TransportError):
            self.post(path, body, key=key)
        self.api.start()

    def let_leases_end(self) -> None:
        """Do what waiting for a minute would do."""
        with psycopg.connect(self.database_url) as connection:
            done = connection.execute(
                "UPDATE idempotency_keys SET leased_until = leased_until - interval '1 minute' WHERE state = 'started'"
            )
            assert done.rowcount == 1

    def intents(self, session_id: str) -> list[dict[str, Any]]:
        """List what Stripe has for a session."""
        url = f"{self.stripe_url}/v1/payment_intents"
        shown = httpx.get(url, params={"limit": 100}, headers=SECRET_KEY, trust_env=False, timeout=PATIENCE).json()[
            "data"
        ]
        return [each for each in shown if each["metadata"].get("session_id") == session_id]

    def pay(self, intent: dict[str, Any]) -> None:
        """Enter a good card, as the browser does."""
        httpx.post(
            f"{self.stripe_url}/v1/payment_intents/{intent['payment_intent_id']}/confirm",
            data={"client_secret": intent["client_secret"], "payment_method": "pm_card_visa"},
            headers={"Authorization": f"Bearer {intent['publishable_key']}"},
            trust_env=False,
            timeout=PATIENCE,
        ).raise_for_status()

    def attempts(self, session_id: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url) as connection:
            found = "SELECT intent_id FROM payments WHERE session_id = %s"
            return connection.execute(found, [session_id]).fetchall()


@pytest.fixture(scope="module")
def shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("shop")
    with (
        running_sandbox(SandboxOptions(folder=folder / "sandbox")) as sandbox,
        between(sandbox.url) as stripe,
        api_processes(
            1,
            database_url=module_database_url,
            folder=folder,
            CONSULTING_STRIPE_API_URL=f"{stripe.url}/stripe",
            CONSULTING_STRIPE_TIMEOUT_SECONDS="20",
        ) as api,
    ):
        url = f"{sandbox.url}/stripe"
        yield Shop(api=api, stripe=stripe, stripe_url=url, database_url=module_database_url, slots=api.free_slots())


def test_an_intent_that_was_opened_when_we_died_is_the_one_that_is_paid(shop: Shop) -> None:
    body, key = shop.held(), uuid4().hex
    before = len(shop.stripe.asked)
    shop.cut_off("/api/payment/intent", body, key=key, method="POST", ending="payment_intents")
    [opened] = shop.intents(body["session_id"])

    assert shop.attempts(body["session_id"]) == [(None,)], "we died too late for this test"
    assert refusal(shop.post("/api/payment/intent", body, key=key)) == BUSY
    shop.let_leases_end()
    answer = shop.post("/api/payment/intent", body, key=key)
    again = shop.post("/api/payment/intent", body, key=key)

    assert (answer.status_code, answer.json()["payment_intent_id"]) == (200, opened["id"])
    assert "Idempotent-Replayed" not in answer.headers
    assert (again.content, again.headers["Idempotent-Replayed"]) == (answer.content, "true")
    assert shop.intents(body["session_id"]) == [opened]
    assert shop.attempts(body["session_id"]) == [(opened["id"],)]
    asked = [each for each in shop.stripe.asked[before:] if each.method == "POST"]
    assert len(asked) == 2
    assert len({each.key for each in asked} - {None}) == 1


def test_an_intent_that_was_shown_when_we_died_is_shown_again(shop: Shop) -> None:
    body, key = shop.held(), uuid4().hex
    first = shop.post("/api/payment/intent", body).raise_for_status().json()
    shop.cut_off("/api/payment/intent", body, key=key, method="GET", ending="pi_")

    shop.let_leases_end()
    assert shop.post("/api/payment/intent", body, key=key).json() == first
    assert [each["id"] for each in shop.intents(body["session_id"])] == [first["payment_intent_id"]]


def test_a_payment_that_was_looked_at_when_we_died_confirms_the_session_once(shop: Shop) -> None:
    body, key = shop.held(), uuid4().hex
    intent = shop.post("/api/payment/intent", body).raise_for_status().json()
    shop.pay(intent)
    paid = body | {"payment_intent_id": intent["payment_intent_id"]}
    shop.cut_off("/api/payment/confirm", paid, key=key, method="GET", ending="pi_")

    assert refusal(shop.post("/api/payment/confirm", paid, key=key)) == BUSY
    shop.let_leases_end()
    answer = shop.post("/api/payment/confirm", paid, key=key)

    assert (answer.status_code, answer.json()["payment_status"]) == (200, "completed")
    assert [each["status"] for each in shop.intents(body["session_id"])] == ["succeeded"]
    with psycopg.connect(shop.database_url) as connection:
        asked = "SELECT count(*), count(DISTINCT (errand, data)) FROM outbox WHERE session_id = %s"
        [(errands, different)] = connection.execute(asked, [body["session_id"]]).fetchall()
    assert errands == different > 0


def test_a_cancellation_that_was_answered_before_we_died_is_answered_alike_after_it(shop: Shop) -> None:
    """One transaction does the work of a cancellation, so that its answer is there as soon as it is done."""
    body, key = shop.held(), uuid4().hex
    intent = shop.post("/api/payment/intent", body).raise_for_status().json()
    shop.pay(intent)
    shop.post("/api/payment/confirm", body | {"payment_intent_id": intent["payment_intent_id"]}).raise_for_status()

    def cancel() -> httpx.Response:
        path = f"/api/sessions/{body['session_id']}/cancel"
        return shop.api.ask(0, "PATCH", path, by="ada", headers={"Idempotency-Key": key})

    first = cancel()
    shop.api.kill()
    shop.api.start()
    again = cancel()

    assert (first.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    with psycopg.connect(shop.database_url) as connection:
        refunds = connection.execute("SELECT FROM refunds WHERE session_id = %s", [body["session_id"]])
        assert len(refunds.fetchall()) == 1
