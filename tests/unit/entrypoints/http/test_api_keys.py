from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from consulting.domain.errors import ValidationFailed
from consulting.entrypoints.http import key_holders
from tests.unit.entrypoints.http.frontend import NOWHERE, PUBLIC_URL, Frontend, problems, refusal, signed_in

PARTNER = {"name": "University portal", "scopes": ["read", "book", "act:users"]}


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_holders, "REMEMBERED_SECONDS", 0.0)


def made(front: Frontend, **changes: Any) -> dict[str, Any]:
    answer = front.post("/api/admin/api-keys", PARTNER | changes, by="admin")
    assert answer.status_code == 201, answer.text
    issued: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{PUBLIC_URL}/api/admin/api-keys/{issued['id']}"
    return issued


def by(issued: dict[str, Any], **named: str) -> dict[str, str]:
    headers = {"user": "Consulting-User", "email": "Consulting-User-Email"}
    return {"Authorization": f"Bearer {issued['key']}"} | {headers[name]: value for name, value in named.items()}


def test_a_key_is_shown_once_and_kept_as_a_hash(frontend: Frontend) -> None:
    issued = made(frontend)
    shown = frontend.get("/api/admin/api-keys", by="admin").json()["api_keys"]

    key = issued.pop("key")
    assert len(key) == 46
    assert shown == [issued]
    assert frontend.get(f"/api/admin/api-keys/{issued['id']}", by="admin").json() == issued
    assert key.startswith(issued["prefix"])
    kept = frontend.market.transactions.snapshot()
    assert key not in repr(kept)
    assert made(frontend)["key"] != key


def test_a_partner_books_for_a_user_whose_session_it_is(frontend: Frontend) -> None:
    partner = by(made(frontend), user="zoë", email="zoe@example.org")
    headers = [(name.encode(), value.encode()) for name, value in partner.items()]
    slot = frontend.slots(frontend.researcher("curie"))[0]["id"]

    held = frontend.http.request("POST", "/api/sessions", json={"time_slot_id": slot}, headers=headers)
    own = frontend.http.request("GET", "/api/sessions", headers=headers).json()["sessions"]

    assert held.status_code == 201
    assert held.json()["user_id"] == "zoë"
    assert [each["id"] for each in own] == [held.json()["id"]]
    assert refusal(frontend.get(f"/api/sessions/{own[0]['id']}", by="bob")) == (404, "SESSION_NOT_FOUND")


def test_booking_needs_the_users_address(frontend: Frontend) -> None:
    slot = frontend.slots(frontend.researcher("curie"))[0]["id"]
    answer = frontend.call("POST", "/api/sessions", json={"time_slot_id": slot}, headers=by(made(frontend), user="zoe"))

    assert refusal(answer) == (400, "EMAIL_REQUIRED")


@pytest.mark.parametrize(
    ("named", "field"),
    [
        ({"user": ""}, "Consulting-User"),
        ({"user": "x" * 255}, "Consulting-User"),
        ({"user": "key:1"}, "Consulting-User"),
        ({"user": "erased:1"}, "Consulting-User"),
        ({"email": "zoe@example.org"}, "Consulting-User"),
        ({"user": "zoe", "email": "nobody"}, "Consulting-User-Email"),
    ],
)
def test_a_user_who_makes_no_sense_is_refused(anybody: Frontend, named: dict[str, str], field: str) -> None:
    answer = anybody.call("GET", "/api/sessions", headers=by(made(anybody), **named))

    assert list(problems(answer)) == [field]


@pytest.mark.parametrize("given", [[b"zoe", b"ada"], [b"\xff"]])
def test_two_users_at_once_and_broken_text_are_refused(given: list[bytes]) -> None:
    with pytest.raises(ValidationFailed):
        key_holders._value(key_holders.USER, {key_holders.USER: given})


def test_a_repeated_write_is_known_for_each_user_whom_the_key_acts_for(frontend: Frontend) -> None:
    issued, slots = made(frontend), frontend.slots(frontend.researcher("curie"))

    def book(user: str, slot: dict[str, Any]) -> httpx.Response:
        headers = by(issued, user=user, email=f"{user}@example.org") | {"Idempotency-Key": "order-1"}
        return frontend.call("POST", "/api/sessions", json={"time_slot_id": slot["id"]}, headers=headers)

    first, again = book("ada", slots[0]), book("ada", slots[0])
    other = book("bob", slots[1])

    assert (first.status_code, other.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.json()["user_id"] == "bob"
    assert "Idempotent-Replayed" not in other.headers


def test_only_keys_with_the_scope_act_for_users(anybody: Frontend) -> None:
    reading = made(anybody, scopes=["read"])

    assert refusal(anybody.call("GET", "/api/sessions", headers=by(reading, user="ada"))) == (403, "SCOPE_MISSING")
    token = signed_in("admin") | {"Consulting-User": "ada"}
    assert refusal(anybody.call("GET", "/api/sessions", headers=token)) == (400, "ACTING_REFUSED")
    assert refusal(anybody.call("GET", "/api/researchers", headers=token)) == (400, "ACTING_REFUSED")
    alone = {"Consulting-User": "ada"}
    assert refusal(anybody.call("GET", "/api/researchers", headers=alone)) == (401, "UNAUTHORIZED")


def test_a_key_sees_addresses_as_users_do(frontend: Frontend) -> None:
    curie = frontend.researcher("curie")
    shown = frontend.call("GET", f"/api/researchers/{curie.id}", headers=by(made(frontend, scopes=["read"]))).json()

    assert shown["email"] == "curie@university.example"


def test_a_revoked_key_and_an_expired_one_open_nothing(frontend: Frontend) -> None:
    until = frontend.market.clock.now() + timedelta(hours=1)
    revoked, expired = made(frontend), made(frontend, expires_at=until.isoformat())
    assert [frontend.call("GET", "/api/researchers", headers=by(each)).status_code for each in (revoked, expired)] == [
        200,
        200,
    ]
    path = f"/api/admin/api-keys/{revoked['id']}"

    first = frontend.call("DELETE", path, by="admin").json()
    frontend.market.clock.set(until)
    again = frontend.call("DELETE", path, by="admin").json()

    assert first["revoked_at"] is not None
    assert again == first
    for each in (revoked, expired):
        assert refusal(frontend.call("GET", "/api/researchers", headers=by(each))) == (401, "TOKEN_INVALID")
    acts = frontend.get("/api/admin/audit", by="admin").json()["acts"]
    assert [act["act"] for act in acts] == ["revoke_api_key", "create_api_key", "create_api_key"]
    assert revoked["key"] not in str(acts)


@pytest.mark.parametrize("key", ["ck_", "ck_" + "x" * 43, "ck_" + "x" * 42 + "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_a_key_that_nobody_handed_out_is_refused(anybody: Frontend, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}".encode("latin-1")}

    assert refusal(anybody.call("GET", "/api/researchers", headers=headers)) == (401, "TOKEN_INVALID")


def test_the_last_use_is_written_once_a_minute(frontend: Frontend) -> None:
    issued, clock = made(frontend), frontend.market.clock
    began, seen = clock.now(), []
    for seconds in (0, 30, 59, 60, 90):
        clock.set(began + timedelta(seconds=seconds))
        assert frontend.call("GET", "/api/researchers", headers=by(issued)).status_code == 200
        (known,) = frontend.market.transactions.snapshot().api_keys.values()
        assert known.last_used_at is not None
        seen.append((known.last_used_at - began).total_seconds())

    assert seen == [0, 0, 0, 60, 60]


def test_a_process_asks_once_every_few_seconds(frontend: Frontend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_holders, "REMEMBERED_SECONDS", 60.0)
    issued = made(frontend)
    for _ in range(2):
        assert frontend.call("GET", "/api/researchers", headers=by(issued)).status_code == 200
        frontend.call("DELETE", f"/api/admin/api-keys/{issued['id']}", by="admin")
    monkeypatch.setattr(key_holders, "REMEMBERED_SECONDS", 0.0)

    assert refusal(frontend.call("GET", "/api/researchers", headers=by(issued))) == (401, "TOKEN_INVALID")


def test_an_admins_key_runs_the_place_but_for_keys(frontend: Frontend) -> None:
    curie, admin = frontend.researcher("curie"), made(frontend, scopes=["admin"])
    change = frontend.call("PATCH", f"/api/admin/researchers/{curie.id}", json={"verified": False}, headers=by(admin))
    act = frontend.get("/api/admin/audit", by="admin").json()["acts"][0]

    assert change.status_code == 200
    assert (act["act"], act["by"]) == ("change_researcher", f"key:{admin['id']}")
    for answer in (
        frontend.call("POST", "/api/admin/api-keys", json=PARTNER, headers=by(admin)),
        frontend.call("GET", "/api/admin/api-keys", headers=by(admin)),
        frontend.call("DELETE", f"/api/admin/api-keys/{admin['id']}", headers=by(admin)),
    ):
        assert refusal(answer) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes[0]"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "expires_at"),
        ({"key": "ck_mine"}, "key"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(anybody: Frontend, change: dict[str, Any], field: str) -> None:
    assert list(problems(anybody.post("/api/admin/api-keys", PARTNER | change, by="admin"))) == [field]


def test_an_unknown_key_is_404(anybody: Frontend) -> None:
    for method in ("GET", "DELETE"):
        answer = anybody.call(method, f"/api/admin/api-keys/{NOWHERE}", by="admin")
        assert refusal(answer) == (404, "API_KEY_NOT_FOUND")
