from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from litestar.handlers import BaseRouteHandler

from consulting.entrypoints.http import calendar_feeds, payments, researchers, reviews, sessions, time_slots
from consulting.entrypoints.http.access import Audience, access_of
from consulting.entrypoints.http.documentation import OPEN as OPEN_TO_ALL
from consulting.entrypoints.http.documentation import WITH_TOKEN
from tests.unit.entrypoints.http.frontend import NOWHERE, Frontend, refusal, signed_in, token

OPEN = [
    ("GET", "/api/researchers"),
    ("GET", "/api/researchers/search?query=a"),
    ("GET", f"/api/researchers/{NOWHERE}"),
    ("GET", f"/api/time-slots?researcher_id={NOWHERE}&date=2026-12-02"),
    ("GET", f"/api/time-slots/{NOWHERE}"),
    ("GET", f"/api/researchers/{NOWHERE}/reviews"),
    ("GET", f"/api/researchers/{NOWHERE}/next-slots"),
]
WITH_SIGN_IN = [
    ("POST", "/api/sessions"),
    ("GET", "/api/sessions"),
    ("GET", f"/api/sessions/{NOWHERE}"),
    ("PATCH", f"/api/sessions/{NOWHERE}/cancel"),
    ("GET", f"/api/sessions/{NOWHERE}/cancellation"),
    ("PATCH", f"/api/sessions/{NOWHERE}/reschedule"),
    ("GET", f"/api/sessions/{NOWHERE}/calendar.ics"),
    ("POST", f"/api/sessions/{NOWHERE}/review"),
    ("PATCH", f"/api/sessions/{NOWHERE}/review"),
    ("GET", f"/api/sessions/{NOWHERE}/review"),
    ("POST", "/api/calendar-token"),
    ("DELETE", "/api/calendar-token"),
    ("POST", "/api/payment/intent"),
    ("POST", "/api/payment/confirm"),
    ("GET", "/metrics"),
]
BAD = {
    "another scheme": "Basic YWRhOnNlY3JldA==",
    "no token": "Bearer",
    "an empty token": "Bearer ",
    "junk": "Bearer junk",
    "expired": f"Bearer {token('ada', exp=1)}",
    "another issuer": f"Bearer {token('ada', iss='other')}",
    "another audience": f"Bearer {token('ada', aud='other')}",
    "another secret": f"Bearer {jwt.encode({'sub': 'ada', 'exp': 9e9}, 'x' * 40, algorithm='HS256')}",
    "two tokens": f"Bearer {token('ada')}, Bearer {token('bob')}",
    "not even text": "Bearer \xff\xfe",
}


@pytest.mark.parametrize("authorization", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize(("method", "path"), [*OPEN, *WITH_SIGN_IN])
def test_a_bad_token_is_refused_everywhere(anybody: Frontend, method: str, path: str, authorization: str) -> None:
    answer = anybody.call(method, path, headers={"Authorization": authorization.encode("latin-1")})

    assert refusal(answer) == (401, "TOKEN_INVALID")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_two_authorization_headers_are_refused(anybody: Frontend) -> None:
    headers = [("Authorization", f"Bearer {token('ada')}"), ("Authorization", f"Bearer {token('bob')}")]

    assert refusal(anybody.http.request("GET", "/api/sessions", headers=headers)) == (401, "TOKEN_INVALID")


@pytest.mark.parametrize(("method", "path"), WITH_SIGN_IN)
def test_without_a_token_there_is_no_entry_whatever_the_request_looks_like(
    anybody: Frontend, method: str, path: str
) -> None:
    for sent in ({}, {"content": b"{", "headers": {"Content-Type": "text/plain"}}, {"params": {"unknown": "1"}}):
        answer = anybody.call(method, path, **sent)
        assert refusal(answer) == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="consulting"'


@pytest.mark.parametrize(("method", "path"), OPEN)
def test_reading_researchers_and_slots_needs_no_token(anybody: Frontend, method: str, path: str) -> None:
    assert anybody.call(method, path).status_code in {200, 404}


def asks_for_a_sign_in(handler: BaseRouteHandler) -> bool:
    return access_of(handler).audience not in {Audience.EVERYONE, Audience.ANYBODY}


def test_every_operation_either_asks_for_a_sign_in_or_says_that_it_is_open() -> None:
    handlers = [
        handler
        for resource in (researchers, time_slots, sessions, reviews, calendar_feeds, payments)
        for handler in resource.HANDLERS
    ]
    for handler in handlers:
        assert handler.security == (WITH_TOKEN if asks_for_a_sign_in(handler) else OPEN_TO_ALL), handler.handler_name
    assert sum(map(asks_for_a_sign_in, handlers)) == len(WITH_SIGN_IN) - 1


def test_a_scheme_may_be_written_in_any_case(anybody: Frontend) -> None:
    for scheme in ("bearer", "BEARER"):
        answer = anybody.call("GET", "/api/sessions", headers={"Authorization": f"{scheme} {token('ada')}"})
        assert answer.status_code == 200


@pytest.fixture
def session(frontend: Frontend) -> dict[str, Any]:
    return frontend.paid(frontend.held(frontend.researcher("curie")))


@pytest.mark.parametrize("user", ["ada", "researcher-curie", "admin"])
def test_client_researcher_and_admin_see_a_session(frontend: Frontend, session: dict[str, Any], user: str) -> None:
    assert frontend.get(f"/api/sessions/{session['id']}", by=user).json()["id"] == session["id"]
    assert frontend.get(f"/api/sessions/{session['id']}/calendar.ics", by=user).status_code == 200


@pytest.mark.parametrize("user", ["bob", "researcher-bohr"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/sessions/{id}", None),
        ("GET", "/api/sessions/{id}/calendar.ics", None),
        ("GET", "/api/sessions/{id}/cancellation", None),
        ("PATCH", "/api/sessions/{id}/cancel", None),
        ("PATCH", "/api/sessions/{id}/reschedule", {"time_slot_id": NOWHERE}),
        ("POST", "/api/sessions/{id}/review", {"rating": 5}),
        ("PATCH", "/api/sessions/{id}/review", {"rating": 5}),
        ("GET", "/api/sessions/{id}/review", None),
        ("POST", "/api/payment/intent", {"session_id": "{id}"}),
        ("POST", "/api/payment/confirm", {"session_id": "{id}", "payment_intent_id": "pi_1"}),
    ],
)
def test_anothers_session_is_as_if_it_did_not_exist(
    frontend: Frontend, session: dict[str, Any], user: str, method: str, path: str, body: dict[str, Any] | None
) -> None:
    frontend.researcher("bohr")

    def tried(id: str) -> Any:
        sent = {} if body is None else {"json": json.loads(json.dumps(body).replace("{id}", id))}
        return frontend.call(method, path.replace("{id}", id), by=user, **sent)

    assert refusal(tried(session["id"])) == (404, "SESSION_NOT_FOUND")
    assert tried(session["id"]).json() == tried(NOWHERE).json()


@pytest.mark.parametrize("user", ["researcher-curie", "admin"])
def test_paying_and_canceling_as_a_client_is_the_clients_alone(
    frontend: Frontend, session: dict[str, Any], user: str
) -> None:
    mine = session["id"]
    answers = [
        frontend.call("PATCH", f"/api/sessions/{mine}/cancel", by=user),
        frontend.get(f"/api/sessions/{mine}/cancellation", by=user),
        frontend.post("/api/payment/intent", {"session_id": mine}, by=user),
        frontend.post("/api/payment/confirm", {"session_id": mine, "payment_intent_id": "pi_1"}, by=user),
    ]

    assert [refusal(answer) for answer in answers] == [(403, "NOT_YOUR_SESSION")] * 4
    assert frontend.get(f"/api/sessions/{mine}", by="ada").json() == session
    assert frontend.get("/api/sessions", by=user).json()["sessions"] == []


def test_measurements_are_for_admins_and_name_no_ids(frontend: Frontend, session: dict[str, Any]) -> None:
    frontend.get(f"/api/sessions/{session['id']}", by="ada")
    frontend.get("/nowhere/at/all")

    shown = frontend.get("/metrics", by="admin")

    assert refusal(frontend.get("/metrics", by="ada")) == (403, "FORBIDDEN")
    assert 'method="GET",route="/api/sessions/{id}",status="200"' in shown.text
    assert session["id"] not in shown.text
    assert "nowhere" not in shown.text


def test_claims_of_a_token_that_make_no_sense_do_no_harm(frontend: Frontend) -> None:
    slot = frontend.slots(frontend.researcher("curie"))[0]
    headers = signed_in("ada", email="a\ud800@example.org", name="\x00", zoneinfo=7, roles={"admin": 1})

    answer = frontend.call("POST", "/api/sessions", json={"time_slot_id": slot["id"]}, headers=headers)

    assert refusal(answer) == (400, "EMAIL_REQUIRED")
