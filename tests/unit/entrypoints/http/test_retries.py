from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from consulting.adapters.memory import Trouble
from consulting.adapters.memory.retries import MemoryAttempt, MemoryRetries
from consulting.application.ports.outbox import Errand
from consulting.application.ports.retries import KeptAnswer, RequestInProgress
from consulting.domain.errors import ConsultingError, SlotUnavailable, ValidationFailed
from tests.unit.entrypoints.http.frontend import NOWHERE, Frontend, opened, problems, refusal, signed_in, token


def under(key: str, *, by: str = "ada") -> dict[str, str]:
    return {**signed_in(by), "Idempotency-Key": key}


def booking(frontend: Frontend, *, name: str = "curie") -> dict[str, Any]:
    return {"time_slot_id": frontend.slots(frontend.researcher(name))[0]["id"]}


def post(frontend: Frontend, path: str, body: Any, *, key: str, by: str = "ada") -> httpx.Response:
    return frontend.http.post(path, json=body, headers=under(key, by=by))


def told(answer: httpx.Response) -> tuple[int, bytes, str | None]:
    return answer.status_code, answer.content, answer.headers.get("Location")


def replayed(answer: httpx.Response) -> bool:
    return "Idempotent-Replayed" in answer.headers


def test_a_repeated_booking_gets_the_first_answer_and_books_once(frontend: Frontend) -> None:
    body = booking(frontend)
    first, second = (post(frontend, "/api/sessions", body, key="k") for _ in range(2))

    assert first.status_code == 201
    assert told(second) == told(first)
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert [replayed(first), replayed(second)] == [False, True]
    assert len(frontend.market.transactions.snapshot().sessions) == 1


def test_the_same_request_without_a_key_is_another_request(frontend: Frontend) -> None:
    body = booking(frontend)
    answers = [frontend.post("/api/sessions", body, by="ada") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 409]
    assert not any(replayed(answer) for answer in answers)


def test_a_key_with_another_request_is_refused(frontend: Frontend) -> None:
    body = booking(frontend)
    post(frontend, "/api/sessions", body, key="k")

    others = [
        post(frontend, "/api/sessions", body | {"questions": "Why?"}, key="k"),
        post(frontend, "/api/payment/intent", {"session_id": NOWHERE}, key="k"),
        frontend.http.patch(f"/api/sessions/{NOWHERE}/cancel", headers=under("k")),
    ]
    assert [refusal(answer) for answer in others] == [(409, "IDEMPOTENCY_KEY_REUSED")] * 3
    assert not any(replayed(answer) for answer in others)


def test_another_callers_key_is_another_key(frontend: Frontend) -> None:
    body = booking(frontend)
    ada, bob = (post(frontend, "/api/sessions", body, key="k", by=name) for name in ("ada", "bob"))

    assert [ada.status_code, bob.status_code] == [201, 409]
    assert not replayed(bob)


def test_a_refusal_that_stands_is_kept_and_undoes_nothing_else(frontend: Frontend) -> None:
    body = booking(frontend)
    taken = frontend.post("/api/sessions", body, by="bob").json()
    first = post(frontend, "/api/sessions", body, key="k")
    frontend.call("PATCH", f"/api/sessions/{taken['id']}/cancel", by="bob")
    again = post(frontend, "/api/sessions", body, key="k")

    assert refusal(first) == refusal(again) == (409, "SLOT_UNAVAILABLE")
    assert replayed(again)
    assert post(frontend, "/api/sessions", body, key="another").status_code == 201


@pytest.mark.parametrize(
    ("late", "outcome", "kept"),
    [
        (SlotUnavailable(), (409, "SLOT_UNAVAILABLE"), True),
        (ValidationFailed.of("text", "NUL"), (400, "VALIDATION_FAILED"), False),
    ],
    ids=("that stands", "that may pass"),
)
def test_a_refusal_at_the_last_moment_takes_the_answers_place(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch, late: ConsultingError, outcome: tuple[int, str], kept: bool
) -> None:
    keep = MemoryAttempt.keep

    def refuse_bookings(attempt: MemoryAttempt, answer: KeptAnswer, *, at: datetime) -> None:
        if answer.status == 201:
            raise late
        keep(attempt, answer, at=at)

    monkeypatch.setattr(MemoryAttempt, "keep", refuse_bookings)
    body = booking(frontend)
    first, again = (post(frontend, "/api/sessions", body, key="k") for _ in range(2))

    assert refusal(first) == refusal(again) == outcome
    assert [replayed(first), replayed(again)] == [False, kept]


@pytest.mark.parametrize("slot", [NOWHERE, "no id at all"])
def test_what_was_not_found_is_kept_wherever_it_was_looked_for(frontend: Frontend, slot: str) -> None:
    first, again = (post(frontend, "/api/sessions", {"time_slot_id": slot}, key="k") for _ in range(2))
    other = post(frontend, "/api/sessions", {"time_slot_id": slot, "questions": "?"}, key="k")

    assert refusal(first) == refusal(again) == (404, "SLOT_NOT_FOUND")
    assert [replayed(first), replayed(again)] == [False, True]
    assert refusal(other) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_a_request_that_could_not_be_taken_keeps_no_answer(frontend: Frontend) -> None:
    body = booking(frontend)
    headers = under("k")
    nameless = under("k", by="nameless")
    refused = [
        frontend.http.post("/api/sessions", json={}, headers=headers),
        frontend.http.post("/api/sessions", content=b"{", headers=headers | {"Content-Type": "application/json"}),
        frontend.http.post("/api/sessions", content=b"a", headers=headers | {"Content-Type": "text/plain"}),
        frontend.http.post("/api/sessions", content=b"a" * (1 << 20 | 1), headers=headers),
        frontend.http.post("/api/sessions", json=body, headers=headers | {"Authorization": "Bearer forged"}),
        frontend.http.post("/api/sessions", json=body, headers=nameless),
    ]
    assert [answer.status_code for answer in refused] == [400, 400, 415, 413, 401, 400]
    assert frontend.market.transactions.snapshot().requests == {}
    assert post(frontend, "/api/sessions", body, key="k").status_code == 201


def test_a_forbidden_request_keeps_no_answer(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie")
    body = {"time_slot_id": frontend.slots(researcher)[0]["id"]}

    assert refusal(post(frontend, "/api/sessions", body, key="k", by="researcher-curie")) == (403, "OWN_SLOT")
    assert frontend.market.transactions.snapshot().requests == {}


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb", "\xe9"])
def test_a_key_that_is_none_is_invalid(frontend: Frontend, key: str) -> None:
    headers = [
        (b"Authorization", signed_in("ada")["Authorization"].encode()),
        (b"Idempotency-Key", key.encode("latin-1")),
    ]
    answer = frontend.http.post("/api/sessions", json={"time_slot_id": NOWHERE}, headers=headers)

    assert list(problems(answer)) == ["Idempotency-Key"]


@pytest.mark.parametrize("key", ["k", " ~" * 127, "k" * 255])
def test_any_printable_key_will_do(frontend: Frontend, key: str) -> None:
    body = booking(frontend)
    first, second = (post(frontend, "/api/sessions", body, key=key) for _ in range(2))

    assert told(second) == told(first)
    assert replayed(second)


def test_reads_take_no_notice_of_a_key(frontend: Frontend) -> None:
    answers = [frontend.http.get("/api/sessions", headers=under("k")) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert not any(replayed(answer) for answer in answers)


def test_a_repeated_cancellation_is_the_first_one(frontend: Frontend) -> None:
    held = frontend.held(frontend.researcher("curie"))
    path = f"/api/sessions/{held['id']}/cancel"
    first = frontend.http.patch(path, headers=under("k"))
    frontend.market.clock.advance(timedelta(hours=1))
    again = frontend.http.patch(path, headers=under("k"))

    assert first.status_code == 200
    assert told(again) == told(first)
    assert replayed(again)


def test_what_is_to_be_done_afterwards_is_to_be_done_once(frontend: Frontend) -> None:
    body = {"time_slot_id": frontend.slots(frontend.researcher("curie", rate=0))[0]["id"]}
    for _ in range(2):
        assert post(frontend, "/api/sessions", body, key="k").status_code == 201

    errands = Counter(each.entry.errand for each in frontend.market.transactions.snapshot().errands.values())
    assert errands[Errand.CREATE_MEETING] == 1


def test_of_equal_requests_at_once_one_is_done_and_the_others_are_told(frontend: Frontend) -> None:
    body = booking(frontend)
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: post(frontend, "/api/sessions", body, key="k"), range(16)))

    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in done}) == 1
    assert sum(not replayed(answer) for answer in done) == 1
    others = [refusal(answer) for answer in answers if answer.status_code != 201]
    assert set(others) <= {(409, "REQUEST_IN_PROGRESS")}
    assert post(frontend, "/api/sessions", body, key="k").content == done[0].content


def test_the_first_intent_comes_again_and_no_secret_of_it_is_kept_in_clear(frontend: Frontend) -> None:
    held = frontend.held(frontend.researcher("curie"))
    first, again = (post(frontend, "/api/payment/intent", {"session_id": held["id"]}, key="k") for _ in range(2))
    [known] = frontend.market.transactions.snapshot().requests.values()

    assert first.status_code == 200
    assert told(again) == told(first)
    assert replayed(again)
    assert known.answer is not None
    assert first.json()["client_secret"].encode() not in known.answer.body
    assert b"client_secret" not in known.answer.body


def test_an_answer_that_was_kept_under_another_secret_is_not_made_up(frontend: Frontend) -> None:
    body = booking(frontend)
    post(frontend, "/api/sessions", body, key="k")
    other = "another-secret-of-thirty-two-bytes-or-more"
    with opened(market=frontend.market, CONSULTING_JWT_SECRET=other) as changed:
        claims = jwt.decode(token("ada"), options={"verify_signature": False})
        headers = {"Authorization": f"Bearer {jwt.encode(claims, other, algorithm='HS256')}", "Idempotency-Key": "k"}
        answer = changed.http.post("/api/sessions", json=body, headers=headers)

    assert refusal(answer) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert "can't be read" in answer.json()["error"]["message"]


def test_a_provider_that_was_away_is_asked_again_under_the_same_key(frontend: Frontend) -> None:
    held = frontend.held(frontend.researcher("curie"))
    frontend.market.gateway.line.order(Trouble.DOWN)
    away = post(frontend, "/api/payment/intent", {"session_id": held["id"]}, key="k")
    there = post(frontend, "/api/payment/intent", {"session_id": held["id"]}, key="k")

    assert away.status_code == 503
    assert there.status_code == 200
    assert not replayed(there)


def test_while_a_provider_is_being_asked_a_repeated_request_is_told_so(frontend: Frontend) -> None:
    held = frontend.held(frontend.researcher("curie"))
    asked, answered = threading.Event(), threading.Event()
    gateway = frontend.market.gateway
    create = gateway.create_intent

    def slowly(**given: Any) -> Any:
        asked.set()
        assert answered.wait(60)
        return create(**given)

    gateway.create_intent = slowly  # type: ignore[method-assign] # a provider that takes its time
    body = {"session_id": held["id"]}
    with ThreadPoolExecutor(1) as other:
        first = other.submit(post, frontend, "/api/payment/intent", body, key="k")
        assert asked.wait(60)
        meanwhile = post(frontend, "/api/payment/intent", body, key="k")
        answered.set()
        assert first.result(60).status_code == 200

    assert refusal(meanwhile) == (409, "REQUEST_IN_PROGRESS")
    assert told(post(frontend, "/api/payment/intent", body, key="k")) == told(first.result())


def test_to_be_told_that_a_request_runs_is_no_answer_to_keep_even_if_it_ends_at_that_moment(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def running(*_: Any, **__: Any) -> Any:
        raise RequestInProgress

    body = {"session_id": frontend.held(frontend.researcher("curie"))["id"]}
    with monkeypatch.context() as other:
        other.setattr(MemoryRetries, "lease", running)  # of a request that fails right after that
        assert refusal(post(frontend, "/api/payment/intent", body, key="k")) == (409, "REQUEST_IN_PROGRESS")

    assert frontend.market.transactions.snapshot().requests == {}
    assert post(frontend, "/api/payment/intent", body, key="k").status_code == 200
