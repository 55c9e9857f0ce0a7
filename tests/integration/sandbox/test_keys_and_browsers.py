"""Agrees with docs.stripe.com/keys and docs.stripe.com/js/payment_intents/confirm_card_payment."""

from __future__ import annotations

import httpx
import pytest
import stripe

from consulting.entrypoints.sandbox import RunningSandbox

ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture
def intent(api: stripe.StripeClient) -> stripe.PaymentIntent:
    return api.v1.payment_intents.create(
        {"amount": 5000, "currency": "usd", "metadata": {"session_id": "7"}, "allowed_payment_method_types": ["card"]}
    )


def confirmed(
    web: httpx.Client, intent: stripe.PaymentIntent, *, secret: str | None, method: str = "pm_card_visa"
) -> httpx.Response:
    form = {"key": "pk_test_sandbox", "payment_method": method, "client_secret": secret}
    given = {name: value for name, value in form.items() if value is not None}
    return web.post(f"/stripe/v1/payment_intents/{intent.id}/confirm", data=given, headers={"Origin": ORIGIN})


def test_a_browser_confirms_with_publishable_key_and_client_secret_and_sees_less(
    api: stripe.StripeClient, web: httpx.Client, intent: stripe.PaymentIntent
) -> None:
    answer = confirmed(web, intent, secret=intent.client_secret)

    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "metadata" not in answer.json()
    assert "latest_charge" not in answer.json()
    assert api.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_browsers_declined_card_shows_the_error_without_the_metadata(
    web: httpx.Client, intent: stripe.PaymentIntent
) -> None:
    answer = confirmed(web, intent, secret=intent.client_secret, method="pm_card_chargeDeclined")

    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["decline_code"]) == (402, "card_error", "generic_decline")
    assert error["payment_intent"]["status"] == "requires_payment_method"
    assert "metadata" not in error["payment_intent"]


@pytest.mark.parametrize(
    ("secret", "code"), [("pi_x_secret_y", "payment_intent_invalid_parameter"), (None, "parameter_missing")]
)
def test_a_wrong_or_absent_client_secret_is_refused_and_charges_nothing(
    api: stripe.StripeClient, web: httpx.Client, intent: stripe.PaymentIntent, secret: str | None, code: str
) -> None:
    answer = confirmed(web, intent, secret=secret)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert api.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_a_browser_retrieves_only_with_the_client_secret(web: httpx.Client, intent: stripe.PaymentIntent) -> None:
    path, key = f"/stripe/v1/payment_intents/{intent.id}", {"Authorization": "Bearer pk_test_sandbox"}

    assert web.get(path, headers=key).status_code == 400
    answer = web.get(path, headers=key, params={"client_secret": str(intent.client_secret)})
    assert (answer.status_code, "metadata" in answer.json()) == (200, False)


def test_a_browser_may_send_a_test_cards_number(web: httpx.Client, intent: stripe.PaymentIntent) -> None:
    """docs.stripe.com/testing#cards."""
    form = {
        "key": "pk_test_sandbox",
        "client_secret": str(intent.client_secret),
        "payment_method_data[type]": "card",
        "payment_method_data[card][number]": "4242 4242 4242 4242",
        "payment_method_data[card][exp_month]": "12",
        "payment_method_data[card][exp_year]": "34",
        "payment_method_data[card][cvc]": "123",
    }

    answer = web.post(f"/stripe/v1/payment_intents/{intent.id}/confirm", data=form)

    assert answer.json()["status"] == "succeeded"
    assert "4242424242424242" not in answer.text


def test_the_preflight_of_a_browser_on_this_machine_passes_and_a_strangers_does_not(web: httpx.Client) -> None:
    def preflight(origin: str) -> httpx.Response:
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        return web.options("/stripe/v1/payment_intents/pi_1/confirm", headers=headers)

    allowed = preflight(ORIGIN)
    assert allowed.status_code in (200, 204)
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in preflight("https://evil.example").headers


def test_a_publishable_key_is_no_secret_key(web: httpx.Client) -> None:
    answer = web.get("/stripe/v1/balance", headers={"Authorization": "Bearer pk_test_sandbox"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "secret_key_required")


def test_an_unknown_key_is_401_and_not_repeated_in_full(sandbox: RunningSandbox) -> None:
    client = stripe.StripeClient("sk_test_somebody_else", base_addresses={"api": f"{sandbox.url}/stripe"})

    with pytest.raises(stripe.AuthenticationError) as caught:
        client.v1.balance.retrieve()

    assert "somebody" not in str(caught.value)


def test_the_key_may_come_by_basic_auth_and_must_come(web: httpx.Client) -> None:
    assert web.get("/stripe/v1/account", auth=("sk_test_sandbox", "")).json()["id"] == "acct_sandbox"
    assert web.get("/stripe/v1/account").status_code == 401


def test_every_answer_names_its_request(web: httpx.Client) -> None:
    for path in ("/stripe/v1/account", "/stripe/v1/nothing"):
        answer = web.get(path)
        assert answer.headers["request-id"].startswith("req_")
        assert answer.json()["error"]["type"] == "invalid_request_error"
