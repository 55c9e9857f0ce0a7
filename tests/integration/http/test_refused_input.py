"""Input that is wrong in every way that callers know, byte for byte over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.integration.http.test_broken_requests import Served, serving
from tests.unit.entrypoints.http.frontend import NOWHERE, token

JSON = b"application/json"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as found:
        yield found


def asked(
    served: Served, method: bytes, target: bytes, *headers: bytes, body: bytes = b"", kind: bytes = JSON
) -> tuple[int, str, dict[str, str]]:
    """Send a signed-in request as it stands; give status, code, and the problems by field."""
    lines = [
        method + b" " + target + b" HTTP/1.1",
        b"Host: a",
        b"Connection: close",
        b"Authorization: Bearer " + token("ada").encode(),
        b"Content-Length: %d" % len(body),
        *([b"Content-Type: " + kind] if kind else []),
        *headers,
    ]
    head, _, content = served.exchange(b"\r\n".join([*lines, b"", body])).partition(b"\r\n\r\n")
    status, *answered = head.decode("latin-1").split("\r\n")
    fields = httpx.Headers([(name, value) for name, _, value in (line.partition(": ") for line in answered)])
    assert fields["X-Request-Id"]
    assert fields["Content-Type"] == "application/json", content
    error = json.loads(content)["error"]
    assert set(error) == {"code", "message", "details"}
    told = {each["field"]: each["problem"] for each in error["details"].get("fields", ())}
    return int(status.split()[1]), error["code"], told


MALFORMED = {
    "half a document": b'{"time_slot_id": ',
    "invalid UTF-8": b'{"time_slot_id": "\xff"}',
    "an overlong NUL": b'{"time_slot_id": "\xc0\x80"}',
    "a lone surrogate": b'{"time_slot_id": "\\ud800"}',
    "a surrogate in UTF-8": b'{"time_slot_id": "\xed\xa0\x80"}',
    "a byte order mark": b'\xef\xbb\xbf{"time_slot_id": "a"}',
    "UTF-16": '{"time_slot_id": "a"}'.encode("utf-16"),
    "a control character": b'{"time_slot_id": "a\nb"}',
    "a raw NUL": b'{"time_slot_id": "a\x00b"}',
    "something behind": b'{"time_slot_id": "a"} {}',
    "not a number": b'{"time_slot_id": NaN}',
    "infinity": b'{"time_slot_id": -Infinity}',
    "a comment": b'{"time_slot_id": "a"} // yes',
    "a comma too many": b'{"time_slot_id": "a",}',
    "single quotes": b"{'time_slot_id': 'a'}",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_json_document_is_a_400(served: Served, body: bytes) -> None:
    status, code, _ = asked(served, b"POST", b"/api/sessions", body=body)

    assert (status, code) == (400, "MALFORMED_BODY")


INVALID = {
    "nothing": (b"", {"body"}),
    "deep nesting": (b"[" * 300_000, {"body"}),
    "no object": (b'["a"]', {"body"}),
    "null": (b"null", {"body"}),
    "a huge number": (b'{"time_slot_id": ' + b"9" * 5000 + b"}", {"time_slot_id"}),
    "a number beyond floats": (b'{"time_slot_id": 1e999}', {"time_slot_id"}),
    "an escaped NUL": (b'{"time_slot_id": "a", "questions": "a\\u0000b"}', {"questions"}),
    "too long a text": (b'{"time_slot_id": "a", "questions": "' + b"x" * 5001 + b'"}', {"questions"}),
    "a field twice": (b'{"time_slot_id": "a", "time_slot_id": "b"}', {"time_slot_id"}),
    "unknown fields": (b'{"time_slot_id": "a", "user_id": "b", "amount": 1}', {"user_id", "amount"}),
    "several problems": (
        b'{"questions": 7, "paper_id": {}, "status": "x"}',
        {"time_slot_id", "questions", "paper_id", "status"},
    ),
    "deep nesting in a field": (b'{"time_slot_id": ' + b"[" * 500 + b"]" * 500 + b"}", {"time_slot_id"}),
}


@pytest.mark.parametrize(("body", "fields"), INVALID.values(), ids=INVALID.keys())
def test_what_does_not_fit_is_named_field_by_field(served: Served, body: bytes, fields: set[str]) -> None:
    status, code, told = asked(served, b"POST", b"/api/sessions", body=body)

    assert (status, code, set(told)) == (400, "VALIDATION_FAILED", fields)


@pytest.mark.parametrize("kind", [b"", b"text/plain", b"text/json", b"application/xml", b"application/jsonx", b";"])
def test_a_body_of_another_kind_is_a_415(served: Served, kind: bytes) -> None:
    status, code, _ = asked(served, b"POST", b"/api/sessions", body=b'{"time_slot_id": "a"}', kind=kind)

    assert (status, code) == (415, "UNSUPPORTED_MEDIA_TYPE")


SLOTS = f"/api/time-slots?researcher_id={NOWHERE}&".encode()
LIST = b"/api/researchers?"
QUERIES = {
    "invalid UTF-8": (LIST + b"expertise=%ff", {"query"}),
    "a surrogate": (LIST + b"expertise=%ed%a0%80", {"query"}),
    "NUL": (LIST + b"expertise=a%00b", {"expertise"}),
    "a parameter twice": (LIST + b"limit=5&limit=6", {"limit"}),
    "an unknown parameter": (LIST + b"limits=5", {"limits"}),
    "a token in the query": (LIST + b"access_token=abc&token=def", {"access_token", "token"}),
    "brackets": (LIST + b"limit[]=5", {"limit[]"}),
    "a semicolon": (LIST + b"limit=5;cursor=a", {"limit"}),
    "a negative page": (LIST + b"limit=-1", {"limit"}),
    "an empty page": (LIST + b"limit=0", {"limit"}),
    "a huge page": (LIST + b"limit=1000000", {"limit"}),
    "a huge number": (LIST + b"limit=" + b"9" * 5000, {"limit"}),
    "a fraction": (LIST + b"limit=1.5", {"limit"}),
    "digits of another script": (LIST + b"limit=%EF%BC%91%EF%BC%92", {"limit"}),
    "a number in another script": (LIST + b"max_rate=%EF%BC%91%EF%BC%92", {"max_rate"}),
    "not a number": (LIST + b"max_rate=NaN", {"max_rate"}),
    "infinity": (LIST + b"max_rate=Infinity", {"max_rate"}),
    "an endless exponent": (LIST + b"max_rate=1e999999999", {"max_rate"}),
    "a number as a truth": (LIST + b"verified=1", {"verified"}),
    "a cursor of one's own": (LIST + b"cursor=' OR 1=1 --", {"cursor"}),
    "a day as a number": (SLOTS + b"date=1682000000", {"date"}),
    "a day without dashes": (SLOTS + b"date=20260420", {"date"}),
    "an instant as a day": (SLOTS + b"date=2026-04-20T09:00:00Z", {"date"}),
    "no such day": (SLOTS + b"date=2026-02-30", {"date"}),
    "a day before all calendars": (SLOTS + b"date=0001-01-01", {"date"}),
    "the last day of all": (SLOTS + b"date=9999-12-31", {"date"}),
    "days the wrong way round": (SLOTS + b"from=2026-04-21&to=2026-04-20", {"to"}),
    "a zone that is a path": (SLOTS + b"date=2026-04-20&timezone=../../etc/passwd", {"timezone"}),
    "several problems": (LIST + b"limit=x&verified=y&max_rate=z&a=b", {"limit", "verified", "max_rate", "a"}),
}


@pytest.mark.parametrize(("target", "fields"), QUERIES.values(), ids=QUERIES.keys())
def test_a_query_that_does_not_fit_is_named_parameter_by_parameter(
    served: Served, target: bytes, fields: set[str]
) -> None:
    if b" " in target:
        target = target.replace(b" ", b"%20")
    status, code, told = asked(served, b"GET", target)

    assert (status, code, set(told)) == (400, "VALIDATION_FAILED", fields)
