"""Attacks that no other test stands for; docs/security.md lists all of them, each with its test."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from tests.integration.http.test_broken_requests import Served, serving
from tests.unit.entrypoints.http.frontend import PUBLIC_URL, SECRET, Frontend, opened, problems, refusal, token


@pytest.fixture
def frontend() -> Iterator[Frontend]:
    with opened() as front:
        yield front


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as found:
        yield found


FIELDS_OF_OURS = {
    "user_id": "grace",
    "researcher_id": "x",
    "amount": 0,
    "price": {"amount": 1, "currency": "usd"},
    "currency": "jpy",
    "status": "scheduled",
    "payment_status": "completed",
    "expires_at": "2030-01-01T00:00:00Z",
    "zoom_link": "https://evil.example",
    "start_time": "2026-12-02T00:00:00Z",
    "id": "x",
    "__proto__": {"admin": True},
    "roles": ["admin"],
}


@pytest.mark.parametrize("field", FIELDS_OF_OURS)
def test_a_client_can_not_set_what_is_ours_to_set(frontend: Frontend, field: str) -> None:
    slot = frontend.slots(frontend.researcher("curie"))[0]["id"]

    answer = frontend.post("/api/sessions", {"time_slot_id": slot, field: FIELDS_OF_OURS[field]}, by="ada")

    assert problems(answer) == {field: "there is no such field"}
    assert frontend.get("/api/sessions", by="ada").json()["sessions"] == []


@pytest.mark.parametrize("filter", ["user_id=grace", "client=grace", "all=true", "researcher_id=x", "admin=1"])
def test_no_filter_shows_the_sessions_of_others(frontend: Frontend, filter: str) -> None:
    frontend.held(frontend.researcher("curie"), by="grace")

    answer = frontend.call("GET", f"/api/sessions?{filter}", by="ada")

    assert refusal(answer) == (400, "VALIDATION_FAILED")
    assert frontend.get("/api/sessions", by="ada").json()["sessions"] == []


@pytest.mark.parametrize("by", ["grace", "researcher-curie"])
def test_a_cursor_of_somebody_elses_list_shows_nothing_of_theirs(frontend: Frontend, by: str) -> None:
    session = frontend.held(frontend.researcher("curie"), by="ada")

    answer = frontend.get("/api/sessions", by=by, cursor=session["id"])

    assert answer.json()["sessions"] == []


def test_knowing_anothers_paid_intent_pays_nothing_of_ones_own(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie")
    theirs, own = frontend.held(researcher, by="grace"), frontend.held(researcher, by="ada")
    paid = frontend.post("/api/payment/intent", {"session_id": theirs["id"]}, by="grace").json()["payment_intent_id"]
    frontend.market.gateway.client_pays(paid)

    body = {"session_id": own["id"], "payment_intent_id": paid}
    assert refusal(frontend.post("/api/payment/confirm", body, by="ada")) == (409, "PAYMENT_INTENT_UNKNOWN")
    assert frontend.get(f"/api/sessions/{own['id']}", by="ada").json()["payment_status"] == "pending"


CONFUSED = {
    "none": {"alg": "none"},
    "None": {"alg": "None"},
    "nOnE": {"alg": "nOnE"},
    "empty": {"alg": ""},
    "a list": {"alg": ["HS256"]},
    "HS512": {"alg": "HS512"},
    "RS256": {"alg": "RS256"},
    "unknown extension": {"alg": "HS256", "crit": ["exp"], "exp": 1},
}


@pytest.mark.parametrize("header", CONFUSED.values(), ids=CONFUSED.keys())
def test_what_a_token_says_of_its_own_signature_decides_nothing(frontend: Frontend, header: dict[str, Any]) -> None:
    _, claims, signature = token("admin").split(".")
    forged = f"{jwt.utils.base64url_encode(json.dumps(header).encode()).decode()}.{claims}"

    for end in ("", signature):
        answer = frontend.call("GET", "/api/sessions", headers={"Authorization": f"Bearer {forged}.{end}"})
        assert refusal(answer) == (401, "TOKEN_INVALID")


def test_changing_who_one_is_breaks_the_signature(frontend: Frontend) -> None:
    header, _, signature = token("ada").split(".")
    claims = token("admin").split(".")[1]

    answer = frontend.call("GET", "/metrics", headers={"Authorization": f"Bearer {header}.{claims}.{signature}"})

    assert refusal(answer) == (401, "TOKEN_INVALID")


def test_a_token_may_be_for_several_but_we_must_be_among_them(frontend: Frontend) -> None:
    def signed(audience: list[str]) -> dict[str, str]:
        claims = {"sub": "ada", "exp": int(time.time()) + 60, "iss": "consulting-sandbox", "aud": audience}
        return {"Authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"}

    assert frontend.call("GET", "/api/sessions", headers=signed(["other", "consulting"])).status_code == 200
    for audience in (["other"], [], ["consulting-admin"], ["Consulting"]):
        answer = frontend.call("GET", "/api/sessions", headers=signed(audience))
        assert refusal(answer) == (401, "TOKEN_INVALID")


BELIEVED_BY_SOME = {
    "X-HTTP-Method-Override": "DELETE",
    "X-Method-Override": "DELETE",
    "X-Original-URL": "/metrics",
    "X-Rewrite-URL": "/metrics",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-For": "127.0.0.1",
    "Forwarded": "for=127.0.0.1;host=evil.example",
    "Host": "evil.example",
    "X-User": "admin",
    "Consulting-User": "grace",
    "Cookie": "session=admin",
}


@pytest.mark.parametrize("name", BELIEVED_BY_SOME)
def test_a_header_that_others_believe_changes_nothing(frontend: Frontend, name: str) -> None:
    slot = frontend.slots(frontend.researcher("curie"))[0]["id"]

    headers = {name: BELIEVED_BY_SOME[name]}
    answer = frontend.call("POST", "/api/sessions", json={"time_slot_id": slot}, by="ada", headers=headers)

    if name == "Consulting-User":
        assert answer.status_code == 400, "only a key may act for others"
    else:
        assert answer.status_code == 201
        assert answer.headers["Location"].startswith(f"{PUBLIC_URL}/api/sessions/")
    assert "evil" not in answer.text + str(answer.headers)
    assert frontend.get("/api/sessions", by="grace").json()["sessions"] == []


SMUGGLED = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "length and chunks": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length with a sign": b"Content-Length: +2\r\n\r\n{}",
    "chunks of no number": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a space before the colon": b"Content-Length : 2\r\n\r\n{}",
    "a folded header": b"X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}",
    "a bare line feed in a value": b"X-A: b\nX-C: d\r\nContent-Length: 2\r\n\r\n{}",
    "an upgrade": b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 59\r\n\r\n",
    "an upgrade with chunks": b"Connection: upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    "NUL in a value": b"X-A: b\x00c\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("rest", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_a_request_within_a_request_is_never_answered(served: Served, rest: bytes) -> None:
    second = b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    first = b"POST /api/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n"

    answer = served.exchange(first + rest + second)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"HTTP/1.1 200" not in answer
    assert int(answer.split(b" ", 2)[1]) in {400, 401}


@pytest.mark.parametrize("header", [b"X-Request-Id", b"Origin", b"Authorization", b"Idempotency-Key", b"If-None-Match"])
@pytest.mark.parametrize(
    "value", [b"a%0d%0aSet-Cookie: b", b"a\rSet-Cookie: b", b"a\x0bSet-Cookie: b", b"\xc4\x8d\xc4\x8aSet-Cookie: b"]
)
def test_no_header_comes_back_as_two(served: Served, header: bytes, value: bytes) -> None:
    request = (
        b"GET /api/researchers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + header + b": " + value + b"\r\n\r\n"
    )

    head = served.exchange(request).partition(b"\r\n\r\n")[0].lower()

    assert b"\nset-cookie" not in head
    assert head.startswith((b"http/1.1 200", b"http/1.1 400", b"http/1.1 401"))


PATHS = [
    b"/api/sessions/../../metrics",
    b"/api/sessions/..%2f..%2fmetrics",
    b"/api//sessions",
    b"//evil.example/api/sessions",
    b"/api/sessions/%2e%2e",
    b"/api/sessions%00",
    b"/api/sessions/.",
    b"/API/SESSIONS",
    b"/api/sessions;a=b",
    b"/api\\sessions",
    b"/schema/files/..%5c..%5capp.py",
    b"/schema/files/%2fetc%2fpasswd",
    b"http://evil.example/metrics/x",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_around_a_guard_or_to_a_file(served: Served, path: bytes) -> None:
    answer = served.exchange(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert int(answer.split(b" ", 2)[1]) in {400, 401, 404}
    assert b"location:" not in answer.lower()
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "words", ["' OR 1=1 --", "%' UNION SELECT", "a" * 255, "(((((" * 20, "\\", "*:*", "a" * 100 + "!"]
)
def test_words_to_search_for_are_words_and_are_looked_for_quickly(frontend: Frontend, words: str) -> None:
    frontend.researcher("curie")
    began = time.process_time()

    answer = frontend.get("/api/researchers/search", query=words)

    assert (answer.status_code, answer.json()["researchers"]) == (200, [])
    assert time.process_time() - began < 2


def test_a_page_of_words_without_end_is_read_quickly(frontend: Frontend) -> None:
    began = time.process_time()

    answer = frontend.get("/api/researchers/search", query="a" * 60_000)

    assert problems(answer).keys() == {"query"}
    assert time.process_time() - began < 2
