"""What people say and what must stay secret is in no line of any log, at the most talkative level."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.conftest import reachable_home
from tests.integration.instance import PATIENCE, Instance, eventually, running_instance

MARK = "xq7marked"
USER = f"{MARK}-user"
METRICS_TOKEN = f"{MARK}-metrics-token"
RESEARCHER = "01932f00-0000-7000-8000-000000000002"


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    settings = {
        "CONSULTING_LOG_LEVEL": "DEBUG",
        "CONSULTING_LOG_FORMAT": "json",
        "CONSULTING_METRICS_TOKEN": METRICS_TOKEN,
    }
    with reachable_home() as home, running_instance(home, **settings) as running:
        yield running


def call(client: httpx.Client, method: str, path: str, **sent: Any) -> dict[str, Any]:
    answer = client.request(method, path, **sent)
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found


def book_and_pay(client: httpx.Client, sandbox_url: str) -> tuple[str, str]:
    """Book a session with marked words, pay it, and give its id and the client secret."""
    first = datetime.now(UTC).date() + timedelta(3)
    days = {"researcher_id": RESEARCHER, "from": str(first), "to": str(first + timedelta(7))}
    slot = next(each for each in call(client, "GET", "/api/time-slots", params=days)["time_slots"] if each["available"])
    body = {"time_slot_id": slot["id"], "questions": f"{MARK} question", "paper_id": f"{MARK}-paper"}
    session = call(client, "POST", "/api/sessions", json=body, headers={"Idempotency-Key": f"{MARK}-retry"})["id"]
    intent = call(client, "POST", "/api/payment/intent", json={"session_id": session})
    card = {"payment_method": "pm_card_visa", "client_secret": intent["client_secret"]}
    stripe = f"{sandbox_url}/stripe/v1/payment_intents/{intent['payment_intent_id']}/confirm"
    httpx.post(stripe, data=card, auth=("pk_test_sandbox", ""), trust_env=False, timeout=PATIENCE).raise_for_status()
    paid = {"session_id": session, "payment_intent_id": intent["payment_intent_id"]}
    assert call(client, "POST", "/api/payment/confirm", json=paid)["payment_status"] == "completed"
    return session, intent["client_secret"]


def stumble(client: httpx.Client) -> None:
    """Do what is refused, with marked words wherever there is room for some."""
    for path in (f"/{MARK}", f"/api/sessions/{MARK}", f"/api/calendar/{MARK}-token.ics", f"/api/researchers?x={MARK}"):
        assert client.get(path).status_code in {400, 404}
    assert client.get("/api/researchers/search", params={"query": f"{MARK} words"}).status_code == 200
    assert client.post("/api/sessions", content=f'{{"questions": "{MARK}"'.encode()).status_code == 415
    assert client.post("/api/sessions", json={"time_slot_id": MARK, "questions": MARK * 999}).status_code == 400
    for bad in (f"Bearer {MARK}.{MARK}.{MARK}", f"Bearer ck_{MARK}", f"Basic {MARK}"):
        assert client.get("/api/sessions", headers={"Authorization": bad}).status_code == 401
    watching = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    assert client.get("/metrics", headers=watching).status_code == 200


def mails_to_user(instance: Instance) -> list[dict[str, Any]]:
    to = {"to": f"{USER}@clients.example"}
    found: list[dict[str, Any]] = httpx.get(
        f"{instance.sandbox_url}/mail", params=to, trust_env=False, timeout=PATIENCE
    ).json()["mails"]
    return found


def log_of(instance: Instance, command: str) -> str:
    return (Path(instance.environ["CONSULTING_HOME"]) / "logs" / f"{command}.log").read_text()


def test_nothing_that_people_say_and_no_secret_is_in_any_log(instance: Instance) -> None:
    token = instance.token(USER, name=f"{MARK} name")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=instance.url, headers=headers, timeout=PATIENCE, trust_env=False) as client:
        session, client_secret = book_and_pay(client, instance.sandbox_url)
        stumble(client)
        eventually(lambda: mails_to_user(instance), told=instance.output)
        call(client, "PATCH", f"/api/sessions/{session}/cancel", json={"reason": f"{MARK} reason"})
        eventually(lambda: len(mails_to_user(instance)) > 1, told=instance.output)
    settings = instance.settings
    secrets = [MARK, token, client_secret, settings.jwt_secret, "sk_test_sandbox", "whsec_sandbox", "sandbox-secret"]

    for command in ("serve", "worker"):
        log = log_of(instance, command)
        assert [line for line in log.splitlines() if any(secret in line for secret in secrets)] == []
        assert all(isinstance(json.loads(line), dict) for line in log.splitlines() if line.startswith("{"))
    lines = [json.loads(line) for line in log_of(instance, "serve").splitlines() if line.startswith("{")]
    booked = [line for line in lines if (line.get("method"), line.get("route")) == ("POST", "/api/sessions")]
    assert {line["status"] for line in booked} == {201, 400, 415}
    assert all(line["caller"] == "user" and line["request_id"] and line["milliseconds"] > 0 for line in booked)
    assert all(MARK not in mail["subject"] for mail in mails_to_user(instance))
