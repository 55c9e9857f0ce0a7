"""Writes that take no body: what is sent to them all the same is refused, not passed over."""

from __future__ import annotations

import json

import pytest

from consulting.entrypoints.http.document import openapi_document
from tests.unit.entrypoints.http.frontend import NOWHERE, Frontend, problems, refusal

OPERATIONS = [
    (method.upper(), path.replace("{id}", NOWHERE))
    for path, item in json.loads(openapi_document())["paths"].items()
    for method, operation in item.items()
    if method != "get" and "requestBody" not in operation and path != "/api/payment/webhook"
]


def somebody(path: str) -> str:
    """Name a caller whom the operation is for."""
    if path.startswith("/api/admin"):
        return "admin"
    return "researcher-curie" if path.startswith("/api/researcher/") else "ada"


def test_they_are_known() -> None:
    assert ("POST", "/api/calendar-token") in OPERATIONS
    assert ("PATCH", f"/api/researcher/bookings/{NOWHERE}/no-show") in OPERATIONS
    assert len(OPERATIONS) >= 9


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_nobody_asked_for_is_refused(frontend: Frontend, method: str, path: str) -> None:
    frontend.market.add_researcher("curie")
    by = somebody(path)

    answer = frontend.call(method, path, by=by, json={"silent": True, "at": 1})
    assert problems(answer) == {"silent": "there is no such field", "at": "there is no such field"}
    for body in (b"[]", b"null", b'"text"'):
        assert problems(frontend.call(method, path, by=by, content=body)) == {"body": "give an object"}
    for body in (b"reason=ill", b"{", b"\xff", b" "):
        assert refusal(frontend.call(method, path, by=by, content=body)) == (400, "MALFORMED_BODY")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nothing_at_all_and_an_empty_object_are_fine(frontend: Frontend, method: str, path: str) -> None:
    frontend.market.add_researcher("curie")
    by = somebody(path)
    answers = [frontend.call(method, path, by=by, content=body) for body in (None, b"", b"{}")]

    assert {answer.status_code for answer in answers} in ({200}, {204}, {404})
    under_key = {"Idempotency-Key": "k"}
    assert frontend.call(method, path, by=by, json={}, headers=under_key).status_code == answers[0].status_code
    assert frontend.call(method, path, by=by, json={"a": 1}, headers=under_key).status_code in {400, 409}
