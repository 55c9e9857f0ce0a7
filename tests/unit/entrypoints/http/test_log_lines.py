from __future__ import annotations

import io
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from consulting.entrypoints import logs
from consulting.entrypoints.logs import (
    AT_ONCE,
    JsonLines,
    Lines,
    RequestLine,
    TextLines,
    begin_logging,
    without_secrets,
)
from tests.unit.entrypoints.http.frontend import Frontend, settings, token

SECRETS = {
    "a token in a header": "Authorization: Bearer abc.def",
    "a token in a loud header": "AUTHORIZATION: BEARER abc.def",
    "a signed token": token("ada"),
    "a payment key": "the key sk_live_1234567890 is refused",
    "a webhook's secret": "whsec_abcdefgh",
    "a partner's key": "ck_0123456789abcdef",
    "a key with a dash early on": "ck_a-b-0123_456789abcdef",
    "a client secret": "pi_3OExample_secret_abcdefgh",
    "a calendar's address": "/api/calendar/abcDEF-123_4.ics",
    "a password": "postgresql://consulting:passw0rd@db:5432/consulting",
    "a mail address": "mail to ada.lovelace@example.org bounced",
}
PARTS = (
    *("abc.def", token("ada")[:30], "sk_live_1234567890", "whsec_abcdefgh", "ck_0123456789abcdef"),
    *("secret_abcdefgh", "abcDEF-123_4", "passw0rd", "ada.lovelace"),
)


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, as it was before afterwards."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def written(lines: logging.Formatter, level: int, message: str, *args: object, **more: Any) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(lines)
    logger = logging.getLogger("consulting.somewhere")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        logger.log(level, message, *args, **more)
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    return out.getvalue()


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS.keys())
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    shown = without_secrets(text)

    assert "[hidden]" in shown
    assert [part for part in PARTS if part in shown] == []


@pytest.mark.parametrize(
    "text",
    ["session 01931b6e-6f5c-7c3a-8d2e-4b1f0a9c7e11 is given up", "stripe: pi_3OExample", "at 2026-04-20T07:00:00Z"],
)
def test_what_is_needed_to_find_something_stays(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize("lines", [JsonLines(), TextLines()])
def test_secrets_are_taken_out_wherever_they_stand_in_a_line(lines: logging.Formatter) -> None:
    shown = ""
    for text in SECRETS.values():
        shown += written(lines, logging.WARNING, "%s and %r", text, ValueError(text))
        failure = ValueError(text)
        failure.__cause__ = KeyError(text)
        shown += written(lines, logging.ERROR, "it failed", exc_info=failure)

    assert [part for part in PARTS if part in shown] == []
    assert "ValueError: " in shown
    assert "KeyError: " in shown
    assert "which led to" in shown


@pytest.mark.parametrize("lines", [JsonLines(), TextLines()])
def test_rows_and_statements_that_the_database_quotes_are_left_out(lines: logging.Formatter) -> None:
    row = "DETAIL:  Failing row contains (my question\nHINT: 1)."
    said = f'new row for relation "sessions" violates check constraint "x"\n{row}'
    failure = DBAPIError("INSERT INTO sessions VALUES ('my question')", {"q": "my question"}, ValueError(said))
    shown = written(lines, logging.WARNING, "it failed: %r, %s", ValueError(said), said)
    shown += written(lines, logging.ERROR, "it failed", exc_info=failure)

    assert "my question" not in shown
    assert "HINT" not in shown
    assert 'check constraint \\"x\\"' in shown or 'check constraint "x"' in shown


def test_a_line_of_json_is_one_object_with_all_that_it_is_about() -> None:
    shown = written(
        JsonLines(), logging.ERROR, "two\nlines %s", "\ud800", extra={"route": "/api/sessions", "status": 200}
    )

    assert shown.count("\n") == 1
    line = json.loads(shown)
    assert line["timestamp"].endswith(("Z", "+00:00"))
    assert {name: line[name] for name in ("level", "logger", "route", "status")} == {
        "level": "ERROR",
        "logger": "consulting.somewhere",
        "route": "/api/sessions",
        "status": 200,
    }
    assert line["message"].startswith("two\nlines ")


def test_a_line_of_text_says_when_where_and_what() -> None:
    shown = written(TextLines(), logging.WARNING, "so many: %s", 7, extra={"request_id": "mine-7"})

    at, _, told = shown.partition("Z ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", at)
    assert told == f"{os.getpid()} WARNING consulting.somewhere: so many: 7 [mine-7]\n"


def test_the_line_of_a_request_can_be_written_by_anybody() -> None:
    line = RequestLine(method="GET", route="/api/sessions", status=200, milliseconds=1.5, caller="user")
    told = "GET /api/sessions 200 in 1.5 ms, user"

    form = "%(asctime)s %(process)d %(threadName)s %(filename)s %(levelname)s %(name)s %(message)s"
    assert logging.Formatter(form).format(line).endswith(f" INFO consulting.requests {told}")
    assert TextLines().format(line).endswith(f"Z {os.getpid()} INFO consulting.requests: {told}")
    assert json.loads(JsonLines().format(line)) | {"timestamp": "then"} == {
        "timestamp": "then",
        "level": "INFO",
        "logger": "consulting.requests",
        "message": told,
        "process": os.getpid(),
        "method": "GET",
        "route": "/api/sessions",
        "status": 200,
        "milliseconds": 1.5,
        "caller": "user",
    }


@pytest.mark.parametrize(("form", "kind"), [("json", JsonLines), ("text", TextLines)])
def test_the_form_of_the_lines_is_a_setting(root: logging.Logger, form: str, kind: type[logging.Formatter]) -> None:
    begin_logging(settings(CONSULTING_LOG_FORMAT=form, CONSULTING_LOG_LEVEL="DEBUG"))

    assert [type(handler.formatter) for handler in root.handlers] == [kind]
    for name in logs.TALKATIVE:
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


def test_every_request_is_one_line(frontend: Frontend, caplog: pytest.LogCaptureFixture) -> None:
    session = frontend.held(frontend.researcher("curie"))
    frontend.get("/metrics", by="admin")  # so that all before it is written down, what other tests asked for included
    caplog.clear()
    with caplog.at_level(logging.INFO):
        frontend.get("/api/researchers/search", query="private words")
        frontend.get(f"/api/sessions/{session['id']}", by="ada")
        frontend.call("GET", "/api/sessions", headers={"Authorization": "Bearer junk"})
        frontend.get("/nowhere/private/words")
        frontend.call("OPTIONS", "/api/sessions")
        frontend.get("/metrics", by="admin")

    asked = [each for each in caplog.records if each.name == "consulting.requests"]
    lines = [each for each in asked if each.route != "/metrics"]  # type: ignore[attr-defined] # they are ours
    assert [(each.method, each.route, each.status, each.caller) for each in lines] == [  # type: ignore[attr-defined] # they are ours
        ("GET", "/api/researchers/search", 200, "anonymous"),
        ("GET", "/api/sessions/{id}", 200, "user"),
        ("GET", "/api/sessions", 401, "anonymous"),
        ("GET", "(none)", 404, "anonymous"),
        ("OPTIONS", "/api/sessions", 204, "anonymous"),
    ]
    assert all(each.milliseconds >= 0 for each in lines)  # type: ignore[attr-defined] # the same
    told = " ".join(each.getMessage() for each in caplog.records if each.name.startswith("consulting"))
    assert "private" not in told
    assert session["id"] not in told


def test_every_line_names_its_request(frontend: Frontend, root: logging.Logger) -> None:
    frontend.get("/metrics", by="admin")  # so that all before it is written down
    frontend.market.transactions.begin = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value] # it breaks
    begin_logging(settings(CONSULTING_LOG_FORMAT="json"))
    root.handlers[0].stream = out = io.StringIO()  # type: ignore[attr-defined] # it writes to a stream

    frontend.call("GET", "/api/researchers", headers={"X-Request-Id": "mine-7"})
    until = time.monotonic() + 10
    while "GET /api/researchers 500" not in out.getvalue():
        assert time.monotonic() < until
        time.sleep(0.01)

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    ours = [line for line in lines if line["logger"].startswith("consulting") and line.get("route") != "/metrics"]
    assert len(ours) == 2
    assert {line["request_id"] for line in ours} == {"mine-7"}
    assert "ZeroDivisionError" in ours[0]["exception"]


@pytest.fixture
def lines() -> Iterator[tuple[Lines, io.StringIO]]:
    """What writes the lines, and what it has written."""
    out = io.StringIO()
    handler = Lines()
    handler.setStream(out)
    handler.setFormatter(TextLines())
    yield handler, out
    handler.close()


def asked(number: int) -> RequestLine:
    return RequestLine(
        method="GET", route="/api/sessions", status=200, milliseconds=1.5, caller="user", request_id=f"asked-{number}"
    )


def test_lines_of_requests_are_held_until_there_are_enough_for_one_writing(lines: tuple[Lines, io.StringIO]) -> None:
    handler, _ = lines
    writings: list[str] = []
    handler.stream.write = writings.append  # type: ignore[method-assign, assignment] # it is overheard
    for number in range(100):
        handler.handle(asked(number))
    held = 100 - sum(text.count("\n") for text in writings)
    handler.flush()

    assert held > 0
    assert all(AT_ONCE - 200 < len(text) <= AT_ONCE for text in writings[:-1])
    assert re.findall(r"asked-(\d+)", "".join(writings)) == [str(number) for number in range(100)]


def test_no_line_waits_for_one_that_came_later(lines: tuple[Lines, io.StringIO]) -> None:
    handler, out = lines
    handler.handle(asked(1))
    unwritten = out.getvalue()
    handler.handle(logging.LogRecord("consulting.somewhere", logging.WARNING, "", 0, "it is late", None, None))
    handler.handle(asked(2))

    assert unwritten == ""
    assert re.findall("asked-1|it is late|asked-2", out.getvalue()) == ["asked-1", "it is late"]


def test_a_stream_that_takes_nothing_is_no_failure_of_a_request(lines: tuple[Lines, io.StringIO]) -> None:
    handler, out = lines
    handler.handle(asked(1))
    out.close()

    handler.flush()
