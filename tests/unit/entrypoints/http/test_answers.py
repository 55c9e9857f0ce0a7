from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from consulting.entrypoints.readiness import ReadinessCheck
from tests.unit.application.marketplace import in_memory
from tests.unit.entrypoints.http.frontend import Frontend, opened, refusal

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/page",
        "/page/x/main.js",
        "/api",
        "/api/nowhere",
        "/api/sessions/1/2/3",
        "/schema/x",
        "/%ff",
        "/%00",
    ],
)
def test_an_unknown_path_is_answered_like_every_error(anybody: Frontend, path: str) -> None:
    assert refusal(anybody.get(path)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/researchers", "GET"),
        ("DELETE", "/api/sessions", "POST"),
        ("PUT", "/api/sessions/1/cancel", "PATCH"),
        ("GET", "/api/payment/intent", "POST"),
        ("POST", "/health/live", "GET"),
        ("POST", "/schema", "GET"),
        ("TRACE", "/api/sessions", "GET"),
    ],
)
def test_a_wrong_method_is_answered_with_those_that_are_right(
    anybody: Frontend, method: str, path: str, allowed: str
) -> None:
    answer = anybody.call(method, path)

    assert refusal(answer) == (405, "METHOD_NOT_ALLOWED")
    assert allowed in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health/live", 200),
        ("/api/researchers", 200),
        ("/schema", 200),
        ("/schema/files/swagger-ui.css", 200),
        ("/api/researchers?unknown=1", 400),
        ("/api/sessions", 401),
        ("/nowhere", 404),
        ("/api/payment/intent", 405),
    ],
)
def test_head_is_answered_as_get_but_without_a_body(anybody: Frontend, path: str, status: int) -> None:
    head, get = (anybody.call(method, path) for method in ("HEAD", "GET"))

    assert (head.status_code, get.status_code) == (status, status)
    assert head.content == b""
    assert head.headers["X-Request-Id"]
    for name in ("Content-Type", "Content-Length", "Allow"):
        assert head.headers.get(name) == get.headers.get(name)


def test_head_is_named_wherever_get_is_taken(anybody: Frontend) -> None:
    assert set(anybody.call("PUT", "/health/live").headers["Allow"].split(", ")) >= {"GET", "HEAD"}
    assert "HEAD" not in anybody.get("/api/payment/intent").headers["Allow"]


def test_head_that_fails_outside_every_handler_is_an_error_without_a_body(frontend: Frontend) -> None:
    frontend.market.transactions.begin = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value] # it breaks

    answer = frontend.call("HEAD", "/api/researchers")

    assert (answer.status_code, answer.content) == (500, b"")


def test_a_body_over_the_limit_is_too_large() -> None:
    with opened(CONSULTING_MAX_BODY_BYTES="2000") as frontend:
        body = json.dumps({"time_slot_id": "x" * 2000}).encode()
        chunks = (body[start : start + 100] for start in range(0, len(body), 100))

        for content in (body, chunks):
            sent: dict[str, Any] = {"content": content, "headers": JSON}
            assert refusal(frontend.call("POST", "/api/sessions", by="ada", **sent)) == (413, "BODY_TOO_LARGE")
        assert refusal(frontend.call("POST", "/api/payment/webhook", content=body)) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "a/b/c",
        "application/msgpack",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/api/sessions"), ("PATCH", "/api/sessions/1/cancel")])
def test_a_body_that_is_not_said_to_be_json_is_refused(
    anybody: Frontend, method: str, path: str, content_type: str
) -> None:
    sent: dict[str, Any] = {"content": b'{"time_slot_id": "a"}', "headers": {"Content-Type": content_type}}

    assert refusal(anybody.call(method, path, by="ada", **sent)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_announced_in_any_usual_way(anybody: Frontend, content_type: str) -> None:
    sent: dict[str, Any] = {"content": b'{"time_slot_id": "a"}', "headers": {"Content-Type": content_type}}

    assert refusal(anybody.call("POST", "/api/sessions", by="ada", **sent)) == (404, "SLOT_NOT_FOUND")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"time_slot_id": "\xff"}',
        b'{"time_slot_id": "\\ud800"}',
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"time_slot_id":' * 50_000,
        b'{"a":' + b"9" * 5000 + b"}",
        b"NaN",
    ],
    ids=lambda content: repr(content[:20]),
)
def test_a_body_that_is_no_json_is_refused(anybody: Frontend, content: bytes) -> None:
    answer = anybody.call("POST", "/api/sessions", by="ada", content=content, headers=JSON)

    assert refusal(answer) in {(400, "MALFORMED_BODY"), (400, "VALIDATION_FAILED")}


def test_a_fault_of_our_own_tells_nothing_but_the_log_does(caplog: pytest.LogCaptureFixture) -> None:
    market = in_memory()
    with opened(market=market) as frontend, caplog.at_level(logging.ERROR):
        market.transactions.begin = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value] # it breaks
        answer = frontend.get("/api/researchers")

    assert refusal(answer) == (500, "INTERNAL_ERROR")
    assert "division" not in answer.text
    assert "division by zero" in caplog.text


@pytest.mark.parametrize("given", ["abc-123", "A.b_c-9", "x" * 128])
def test_a_request_keeps_the_id_that_it_came_with(anybody: Frontend, given: str) -> None:
    for path in ("/api/researchers", "/nowhere", "/api/sessions"):
        assert anybody.call("GET", path, headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a;b", "é"])
def test_an_id_that_does_not_fit_is_replaced(anybody: Frontend, given: str) -> None:
    answer = anybody.call("GET", "/api/researchers", headers={"X-Request-Id": given.encode()})

    assert answer.headers["X-Request-Id"] not in {"", given}


def test_every_request_has_an_id_of_its_own(anybody: Frontend) -> None:
    assert len({anybody.get("/health/live").headers["X-Request-Id"] for _ in range(3)}) == 3


def test_the_documentation_page_needs_nothing_from_elsewhere(anybody: Frontend) -> None:
    page = anybody.get("/schema")

    assert page.headers["Content-Type"].startswith("text/html")
    assert "//" not in page.text
    for file in ("swagger-ui-bundle.js", "swagger-ui.css", "page.js"):
        assert f"/schema/files/{file}" in page.text
        assert anybody.get(f"/schema/files/{file}").status_code == 200
    assert anybody.get("/schema/openapi.json").json()["openapi"].startswith("3.1")


@pytest.mark.parametrize("path", ["..%2fapp.py", "../app.py", "%2e%2e/app.py", "nothing.js"])
def test_no_other_file_is_served(anybody: Frontend, path: str) -> None:
    assert refusal(anybody.call("GET", f"/schema/files/{path}")) == (404, "NOT_FOUND")


def test_a_process_that_answers_is_alive(anybody: Frontend) -> None:
    assert anybody.get("/health/live").json() == {"status": "ok"}


def test_an_instance_is_ready_when_every_check_is_ok(frontend: Frontend) -> None:
    frontend.checks.append(ReadinessCheck("database", lambda: None))

    assert frontend.get("/health/ready").json() == {"status": "ready", "checks": {"database": "ok"}}


def test_an_instance_that_lacks_something_says_what(frontend: Frontend) -> None:
    frontend.checks += [
        ReadinessCheck("database", lambda: None),
        ReadinessCheck("worker", lambda: "no heartbeat for 40 s"),
        ReadinessCheck("migrations", lambda: str(1 / 0)),
    ]

    answer = frontend.get("/health/ready")

    assert refusal(answer) == (503, "NOT_READY")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["error"]["details"]["checks"] == {
        "database": "ok",
        "worker": "no heartbeat for 40 s",
        "migrations": "failed",
    }
