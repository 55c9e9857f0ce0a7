from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from consulting.adapters.memory import MemoryPaymentGateway, Trouble
from consulting.domain.money import Money
from consulting.domain.payments import Intent
from tests.unit.application.marketplace import in_memory
from tests.unit.entrypoints.http.frontend import NOWHERE, Frontend, opened, problems, refusal


class SlowGateway(MemoryPaymentGateway):
    """A provider that answers when it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = threading.Event(), threading.Event()

    def create_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        self.asked.set()
        assert self.go_on.wait(60)
        return super().create_intent(key=key, amount=amount, session_id=session_id)


@pytest.fixture
def session(frontend: Frontend) -> dict[str, Any]:
    return frontend.held(frontend.researcher("curie"))


def opened_for(frontend: Frontend, session: dict[str, Any]) -> str:
    answer = frontend.post("/api/payment/intent", {"session_id": session["id"]}, by="ada")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["payment_intent_id"])


def confirm(frontend: Frontend, session: dict[str, Any], intent: str, *, by: str = "ada") -> Any:
    body = {"session_id": session["id"], "payment_intent_id": intent}
    return frontend.post("/api/payment/confirm", body, by=by)


def test_an_open_payment_gives_what_a_browser_needs_and_the_same_again(
    frontend: Frontend, session: dict[str, Any]
) -> None:
    first = frontend.post("/api/payment/intent", {"session_id": session["id"]}, by="ada")
    again = frontend.post("/api/payment/intent", {"session_id": session["id"]}, by="ada")

    assert first.status_code == 200
    assert set(first.json()) == {"client_secret", "payment_intent_id", "publishable_key", "amount", "currency"}
    assert (first.json()["amount"], first.json()["currency"]) == (12_000, "usd")
    assert first.json()["client_secret"]
    assert again.json() == first.json()


def test_a_paid_session_is_confirmed_and_confirming_again_changes_nothing(
    frontend: Frontend, session: dict[str, Any]
) -> None:
    intent = opened_for(frontend, session)
    frontend.market.gateway.client_pays(intent)

    first, again = confirm(frontend, session, intent), confirm(frontend, session, intent)

    assert first.status_code == again.status_code == 200
    assert (first.json()["status"], first.json()["payment_status"]) == ("scheduled", "completed")
    assert first.json()["expires_at"] is None
    assert again.json() == first.json()


def test_a_payment_that_came_too_late_is_answered_with_the_session_as_it_is_then(
    frontend: Frontend, session: dict[str, Any]
) -> None:
    intent = opened_for(frontend, session)
    frontend.market.clock.advance(timedelta(minutes=16))
    other = frontend.post("/api/sessions", {"time_slot_id": session["time_slot_id"]}, by="bob")
    frontend.market.gateway.client_pays(intent)

    late = confirm(frontend, session, intent)

    assert other.status_code == 201
    assert late.status_code == 200
    assert (late.json()["status"], late.json()["payment_status"]) == ("canceled", "refunded")
    assert late.json()["refund"]["amount"] == 12_000


def test_a_session_shows_the_link_once_the_meeting_is_made(frontend: Frontend, session: dict[str, Any]) -> None:
    frontend.paid(session)
    frontend.market.work()

    assert frontend.get(f"/api/sessions/{session['id']}", by="ada").json()["zoom_link"].startswith("http")


def test_a_payment_that_is_not_done_is_not_confirmed(frontend: Frontend, session: dict[str, Any]) -> None:
    intent = opened_for(frontend, session)
    frontend.market.gateway.starts_processing(intent)

    answer = confirm(frontend, session, intent)

    assert refusal(answer) == (409, "PAYMENT_INCOMPLETE")
    assert answer.json()["error"]["details"] == {"status": "processing"}


@pytest.mark.parametrize("intent", ["", "pi_unknown", "x" * 255])
def test_an_intent_that_is_not_this_sessions_is_unknown(
    frontend: Frontend, session: dict[str, Any], intent: str
) -> None:
    assert refusal(confirm(frontend, session, intent)) == (409, "PAYMENT_INTENT_UNKNOWN")


def test_anothers_intent_is_unknown_too_and_nothing_changes(frontend: Frontend, session: dict[str, Any]) -> None:
    others = frontend.held(frontend.researcher("bohr"), by="bob")
    intent = frontend.post("/api/payment/intent", {"session_id": others["id"]}, by="bob").json()["payment_intent_id"]
    frontend.market.gateway.client_pays(intent)

    assert refusal(confirm(frontend, session, intent)) == (409, "PAYMENT_INTENT_UNKNOWN")
    assert frontend.get(f"/api/sessions/{session['id']}", by="ada").json() == session


def test_a_payment_of_another_amount_confirms_nothing(frontend: Frontend, session: dict[str, Any]) -> None:
    intent = opened_for(frontend, session)
    frontend.market.gateway.client_pays(intent, amount=Money(1, "usd"))

    assert refusal(confirm(frontend, session, intent)) == (409, "PAYMENT_MISMATCH")
    assert frontend.get(f"/api/sessions/{session['id']}", by="ada").json()["refund"] is None


def test_what_can_not_be_paid_says_why(frontend: Frontend, session: dict[str, Any]) -> None:
    def asked(of: dict[str, Any]) -> tuple[int, str]:
        return refusal(frontend.post("/api/payment/intent", {"session_id": of["id"]}, by="ada"))

    free = frontend.held(frontend.researcher("bohr", rate=0))
    paid = frontend.held(frontend.researcher("noether"))
    canceled = frontend.held(frontend.researcher("franklin"))
    frontend.paid(paid)
    frontend.call("PATCH", f"/api/sessions/{canceled['id']}/cancel", by="ada")

    assert asked(free) == (409, "NOTHING_TO_PAY")
    assert asked(paid) == (409, "ALREADY_PAID")
    assert asked(canceled) == (409, "SESSION_CANCELED")
    frontend.market.clock.advance(timedelta(minutes=16))
    assert asked(session) == (409, "HOLD_EXPIRED")


@pytest.mark.parametrize("id", ["", "1", NOWHERE])
def test_a_session_that_does_not_exist_can_not_be_paid(frontend: Frontend, id: str) -> None:
    assert refusal(frontend.post("/api/payment/intent", {"session_id": id}, by="ada")) == (404, "SESSION_NOT_FOUND")
    assert refusal(confirm(frontend, {"id": id}, "pi_1")) == (404, "SESSION_NOT_FOUND")


def test_a_body_that_is_not_right_is_refused(frontend: Frontend, session: dict[str, Any]) -> None:
    assert list(problems(frontend.post("/api/payment/intent", {"session_id": 1}, by="ada"))) == ["session_id"]
    assert list(problems(frontend.post("/api/payment/intent", {"session": "a"}, by="ada"))) == ["session", "session_id"]
    assert list(problems(frontend.post("/api/payment/confirm", {"session_id": "a"}, by="ada"))) == ["payment_intent_id"]
    assert list(problems(confirm(frontend, session, "x" * 256))) == ["payment_intent_id"]


@pytest.mark.parametrize("trouble", [Trouble.DOWN, Trouble.ANSWER_LOST])
def test_a_provider_that_does_not_answer_is_a_503_to_try_again(
    frontend: Frontend, session: dict[str, Any], trouble: Trouble
) -> None:
    with frontend.market.gateway.line.suffering(trouble):
        answer = frontend.post("/api/payment/intent", {"session_id": session["id"]}, by="ada")

    assert refusal(answer) == (503, "PAYMENT_PROVIDER_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    assert opened_for(frontend, session)


def test_calls_that_wait_for_the_provider_do_not_keep_others_waiting() -> None:
    market = in_memory()
    market.gateway = SlowGateway()
    with opened(market=market, CONSULTING_THREADS="1") as frontend:
        session = frontend.held(frontend.researcher("curie"))
        body, answers = {"session_id": session["id"]}, list[httpx.Response]()
        slow = threading.Thread(target=lambda: answers.append(frontend.post("/api/payment/intent", body, by="ada")))
        slow.start()
        try:
            assert market.gateway.asked.wait(60)
            assert frontend.get(f"/api/sessions/{session['id']}", by="ada").status_code == 200
            turned_away = frontend.post("/api/payment/intent", body, by="ada")
        finally:
            market.gateway.go_on.set()
            slow.join()

    assert refusal(turned_away) == (503, "OVERLOADED")
    assert answers[0].status_code == 200


def test_a_signed_message_is_taken_in_once_and_answered_alike(frontend: Frontend, session: dict[str, Any]) -> None:
    frontend.market.gateway.client_pays(opened_for(frontend, session))
    message = frontend.market.gateway.messages[-1]

    for _ in range(2):
        answer = frontend.call("POST", "/api/payment/webhook", content=message.body, headers=dict(message.headers))
        assert (answer.status_code, answer.json()) == (200, {"received": True})

    with frontend.market.transactions.begin() as tx:
        now = frontend.market.clock.now()
        assert len(tx.inbox.lease(worker="w", limit=9, lease=timedelta(minutes=1), at=now)) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"x" * 1000])
def test_a_message_that_nobody_signed_is_refused(anybody: Frontend, body: bytes) -> None:
    assert refusal(anybody.call("POST", "/api/payment/webhook", content=body)) == (400, "WEBHOOK_SIGNATURE_INVALID")


def test_a_signed_message_must_arrive_byte_for_byte(frontend: Frontend, session: dict[str, Any]) -> None:
    frontend.market.gateway.client_pays(opened_for(frontend, session))
    message = frontend.market.gateway.messages[-1]

    answer = frontend.call("POST", "/api/payment/webhook", content=message.body + b" ", headers=dict(message.headers))

    assert refusal(answer) == (400, "WEBHOOK_SIGNATURE_INVALID")
