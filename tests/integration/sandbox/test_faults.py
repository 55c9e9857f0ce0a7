"""Each kind of fault, where it strikes, and that it ends."""

from __future__ import annotations

import smtplib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import stripe

from consulting.entrypoints.sandbox import RunningSandbox
from tests.integration.instance import PATIENCE, eventually

from .conftest import Time

pytestmark = pytest.mark.usefixtures("no_faults")

KEY = {"Authorization": "Bearer sk_test_sandbox"}
FORM = {"amount": "1000", "currency": "eur"}
MAIL = b"Subject: hello\r\n\r\nhello\r\n"


def arm(web: httpx.Client, **fault: object) -> str:
    answer = web.post("/faults", json=fault)
    assert answer.status_code == 201, answer.text
    key: str = answer.json()["id"]
    return key


def create(api: stripe.StripeClient, **more: Any) -> stripe.PaymentIntent:
    return api.v1.payment_intents.create(
        {"amount": 1000, "currency": "usd", "allowed_payment_method_types": ["card"], **more}  # type: ignore[typeddict-item] # any more
    )


def send(sandbox: RunningSandbox) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=PATIENCE) as smtp:
        smtp.sendmail("x@a.example", ["y@b.example"], MAIL)


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"at": "moon", "kind": "status"},
        {"at": "stripe", "kind": "explode"},
        {"at": "zoom", "kind": "decline"},
        {"at": "stripe", "kind": "duplicate"},
        {"at": "stripe", "kind": "status", "operation": "payment_intents.burn"},
        {"at": "stripe", "kind": "status", "value": 200},
        {"at": "stripe", "kind": "status", "value": 500.5},
        {"at": "stripe", "kind": "hang", "value": 121},
        {"at": "stripe", "kind": "status", "count": 0},
        {"at": "stripe", "kind": "status", "colour": "red"},
        {"at": "smtp", "kind": "refuse", "value": 250},
        {"at": "smtp", "kind": "hang", "operation": "connect"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(web: httpx.Client, order: dict[str, object]) -> None:
    answer = web.post("/faults", json=order)

    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"code", "message", "details"}
    assert web.get("/faults").json() == {"faults": []}
    assert web.post("/faults", content=b"\xff{").status_code == 400


def test_faults_are_listed_and_taken_back_one_by_one_or_all(web: httpx.Client) -> None:
    keys = [arm(web, at="stripe", kind="status", operation=None, count=count) for count in (1, 2, 3)]

    assert web.delete(f"/faults/{keys[1]}").status_code == 204
    assert web.delete(f"/faults/{keys[1]}").status_code == 404
    assert [fault["remaining"] for fault in web.get("/faults").json()["faults"]] == [1, 3]
    assert web.delete("/faults").status_code == 204
    assert web.get("/faults").json() == {"faults": []}


def test_a_status_strikes_before_the_work_as_often_as_told(web: httpx.Client) -> None:
    arm(web, at="stripe", operation="payment_intents.create", kind="status", value=503, count=2)
    before = len(web.get("/stripe/v1/payment_intents", params={"limit": "100"}, headers=KEY).json()["data"])

    statuses = [web.post("/stripe/v1/payment_intents", data=FORM, headers=KEY).status_code for _ in range(3)]

    after = len(web.get("/stripe/v1/payment_intents", params={"limit": "100"}, headers=KEY).json()["data"])
    assert (statuses, after - before) == ([503, 503, 200], 1)


def test_a_fault_with_seconds_ends_by_itself(web: httpx.Client, time_of_sandbox: Time) -> None:
    arm(web, at="stripe", kind="status", value=500, seconds=600)
    assert [web.get("/stripe/v1/balance", headers=KEY).status_code for _ in range(2)] == [500, 500]
    time_of_sandbox.ahead = 601
    assert web.get("/stripe/v1/balance", headers=KEY).status_code == 200


@pytest.mark.parametrize(
    ("status", "error"), [(500, stripe.APIError), (429, stripe.RateLimitError), (401, stripe.AuthenticationError)]
)
def test_the_sdk_reads_a_status_as_its_own_error(
    web: httpx.Client, api: stripe.StripeClient, status: int, error: type[Exception]
) -> None:
    arm(web, at="stripe", kind="status", value=status)

    with pytest.raises(error):
        api.v1.balance.retrieve()


def test_the_sdks_retries_get_past_an_error_and_a_lost_answer_with_one_intent(
    web: httpx.Client, retrying_api: stripe.StripeClient
) -> None:
    arm(web, at="stripe", operation="payment_intents.create", kind="status", value=500)
    arm(web, at="stripe", operation="payment_intents.create", kind="drop_answer")

    made = create(retrying_api, metadata={"lost": "once"})

    listed = retrying_api.v1.payment_intents.list({"limit": 5})
    assert [intent.id for intent in listed.data if intent.metadata.to_dict() == {"lost": "once"}] == [made.id]


def test_a_dropped_answer_has_done_the_work(web: httpx.Client, api: stripe.StripeClient) -> None:
    intent = create(api, payment_method="pm_card_visa")
    arm(web, at="stripe", operation="payment_intents.confirm", kind="drop_answer")

    with pytest.raises(stripe.APIConnectionError):
        api.v1.payment_intents.confirm(intent.id)

    assert api.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_refused_connection_has_done_nothing(web: httpx.Client, api: stripe.StripeClient) -> None:
    intent = create(api, payment_method="pm_card_visa")
    arm(web, at="stripe", operation="payment_intents.confirm", kind="refuse")

    with pytest.raises(stripe.APIConnectionError):
        api.v1.payment_intents.confirm(intent.id)

    assert api.v1.payment_intents.retrieve(intent.id).status == "requires_confirmation"


def test_a_hang_holds_one_request_and_lets_others_through(web: httpx.Client, sandbox: RunningSandbox) -> None:
    arm(web, at="stripe", operation="balance.retrieve", kind="hang", value=120)

    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{sandbox.url}/stripe/v1/balance", headers=KEY, timeout=httpx.Timeout(PATIENCE, read=0.1))
    eventually(lambda: not web.get("/faults").json()["faults"])
    began = time.monotonic()
    assert web.get("/stripe/v1/balance", headers=KEY).status_code == 200
    assert time.monotonic() - began < 60


def test_whatever_hangs_is_let_go_when_all_faults_are_taken_back(web: httpx.Client, api: stripe.StripeClient) -> None:
    arm(web, at="stripe", operation="balance.retrieve", kind="hang", value=120)
    with ThreadPoolExecutor(1) as other:
        held = other.submit(web.get, "/stripe/v1/balance", headers=KEY)
        eventually(lambda: not web.get("/faults").json()["faults"])
        assert not held.done()

        web.delete("/faults")

        assert held.result(60).status_code == 200
    arm(web, at="stripe", operation="balance.retrieve", kind="hang", value=0.3)
    began = time.monotonic()
    api.v1.balance.retrieve()
    assert time.monotonic() - began >= 0.3


def test_a_decline_refuses_the_best_card(web: httpx.Client, api: stripe.StripeClient) -> None:
    arm(web, at="stripe", kind="decline")

    with pytest.raises(stripe.CardError):
        create(api, payment_method="pm_card_visa", confirm=True)

    assert create(api, payment_method="pm_card_visa", confirm=True).status == "succeeded"


def zoom_token(web: httpx.Client) -> dict[str, str]:
    form = {"grant_type": "account_credentials", "account_id": "sandbox-account"}
    answer = web.post("/zoom/oauth/token", params=form, auth=("sandbox-client", "sandbox-secret"))
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_zoom_answers_with_a_status_and_its_rate_headers(web: httpx.Client) -> None:
    key = zoom_token(web)
    arm(web, at="zoom", operation="meetings.create", kind="status", value=429)
    arm(web, at="zoom", operation="meetings.create", kind="status", value=401)

    limited, expired, made = (
        web.post("/zoom/v2/users/h@lab.example/meetings", json={"topic": "T"}, headers=key) for _ in range(3)
    )

    assert (limited.status_code, limited.headers["x-ratelimit-type"], limited.headers["retry-after"]) == (
        429,
        "QPS",
        "1",
    )
    assert (expired.status_code, expired.json()["code"]) == (401, 124)
    assert made.status_code == 201


def test_a_meeting_whose_answer_was_lost_was_made_all_the_same(web: httpx.Client) -> None:
    key = zoom_token(web)
    arm(web, at="zoom", operation="meetings.create", kind="drop_answer")

    with pytest.raises(httpx.TransportError):
        web.post("/zoom/v2/users/lost@lab.example/meetings", json={"topic": "Lost"}, headers=key)

    listed = web.get("/zoom/v2/users/lost@lab.example/meetings", headers=key).json()["meetings"]
    assert [meeting["topic"] for meeting in listed] == ["Lost"]


def test_a_zoom_hang_ends_in_an_answer(web: httpx.Client) -> None:
    arm(web, at="zoom", operation="oauth.token", kind="hang", value=0.2)

    began = time.monotonic()
    assert zoom_token(web)["Authorization"] != ""
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("code", [450, 550])
def test_smtp_refuses_a_recipient_with_a_code(web: httpx.Client, sandbox: RunningSandbox, code: int) -> None:
    arm(web, at="smtp", kind="refuse", value=code)

    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send(sandbox)

    assert caught.value.recipients["y@b.example"][0] == code
    send(sandbox)


def test_smtp_refuses_the_mail_after_it_was_sent(web: httpx.Client, sandbox: RunningSandbox) -> None:
    web.delete("/mail")
    arm(web, at="smtp", operation="data", kind="refuse", value=552)

    with pytest.raises(smtplib.SMTPDataError, match="552"):
        send(sandbox)

    assert web.get("/mail").json() == {"mails": []}


def test_smtp_refuses_the_connection_with_and_without_a_code(web: httpx.Client, sandbox: RunningSandbox) -> None:
    arm(web, at="smtp", operation="connect", kind="refuse", value=421)
    arm(web, at="smtp", operation="connect", kind="refuse")

    with pytest.raises(smtplib.SMTPConnectError, match="421"):
        send(sandbox)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        send(sandbox)
    send(sandbox)


def test_smtp_keeps_a_mail_whose_answer_it_drops(web: httpx.Client, sandbox: RunningSandbox) -> None:
    web.delete("/mail")
    arm(web, at="smtp", kind="drop_answer")

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        send(sandbox)

    assert len(web.get("/mail").json()["mails"]) == 1


def test_smtp_hangs(web: httpx.Client, sandbox: RunningSandbox) -> None:
    arm(web, at="smtp", operation="data", kind="hang", value=0.3)

    began = time.monotonic()
    send(sandbox)
    assert time.monotonic() - began >= 0.3
