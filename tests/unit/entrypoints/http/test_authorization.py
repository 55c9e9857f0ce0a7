from __future__ import annotations

from typing import Any

import httpx
import pytest

from consulting.application.api_keys import CreateApiKey
from consulting.application.callers import Caller
from consulting.domain.api_keys import Scope
from consulting.entrypoints.http.access import ACCESS, Audience
from tests.unit.entrypoints.http.authorization import CALLERS, DOCUMENT, PROMISED, operations, rewritten
from tests.unit.entrypoints.http.frontend import Frontend, opened, refusal

WITHIN_SESSIONS = {Audience.PARTIES, Audience.CLIENT, Audience.ITS_RESEARCHER}
BODIES: dict[str, dict[str, Any]] = {
    "create_payment_intent": {"session_id": "{session}"},
    "confirm_payment": {"session_id": "{session}", "payment_intent_id": "pi_1"},
    "reschedule_session": {"time_slot_id": "{session}"},
    "write_review": {"rating": 5},
    "edit_review": {"rating": 5},
    "answer_review": {"answer": "Thanks."},
    "hide_review": {"reason": "Not for everybody."},
    "create_pattern": {"weekday": 0, "start": "13:00", "end": "15:00", "slot_minutes": 60},
    "create_override": {"date": "2026-12-06"},
    "create_one_off_slot": {"start_time": "2026-12-06T10:00:00Z", "end_time": "2026-12-06T11:00:00Z"},
    "create_block": {"start_time": "2026-12-06T00:00:00Z", "end_time": "2026-12-07T00:00:00Z"},
    "copy_week": {"from_week": "2026-12-01", "to_week": "2026-12-08"},
    "preview_change": {"override": {"date": "2026-12-06"}},
    "write_notes": {"notes": None},
}
"""What is sent where nothing would be refused before anybody looks whose session it is."""

QUERIES = {"explain_time": {"at": "2026-12-02T08:30:00Z"}}

with opened() as _front:
    OPERATIONS = sorted(operations(_front.http.app))


class Scene:
    """A paid session of ada's with curie, beside which bohr is a researcher too."""

    def __init__(self, frontend: Frontend) -> None:
        self.frontend = frontend
        self.session: str = frontend.paid(frontend.held(frontend.researcher("curie")))["id"]
        frontend.researcher("bohr")
        frontend.market.work()

    def asked(self, operation: tuple[str, str, str], **how: Any) -> httpx.Response:
        method, path, name = operation
        sent: dict[str, Any] = {}
        if method in {"POST", "PATCH", "PUT"}:
            sent["json"] = {
                field: self.session if value == "{session}" else value for field, value in BODIES.get(name, {}).items()
            }
        if name in QUERIES:
            sent["params"] = QUERIES[name]
        return self.frontend.call(method, path.replace("{id}", self.session), **how, **sent)

    def key(self, *scopes: Scope) -> str:
        """Make a key; nothing is remembered of it yet."""
        market = self.frontend.market
        create = CreateApiKey(market.transactions, market.clock, market.ids, market.random)
        return create(name="partner", scopes=frozenset(scopes), expires_at=None, caller=Caller(user_id="admin")).key


@pytest.fixture
def scene(frontend: Frontend) -> Scene:
    return Scene(frontend)


def verdict(answer: httpx.Response, audience: Audience) -> str:
    """Tell a refusal of the caller from whatever else became of the request."""
    assert answer.status_code < 500, answer.text
    hidden = audience in WITHIN_SESSIONS and answer.status_code == 404 and refusal(answer)[1] == "SESSION_NOT_FOUND"
    return str(answer.status_code) if hidden or answer.status_code in {401, 403} else "yes"


def by_key(key: str, user: str | None = None) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {key}"}
    return (
        headers if user is None else headers | {"Consulting-User": user, "Consulting-User-Email": f"{user}@a.example"}
    )


def test_every_operation_says_for_whom_it_is_and_nothing_else_does() -> None:
    served = {name for _, _, name in OPERATIONS}

    assert served - set(ACCESS) == set(), "declare them in entrypoints/http/access.py"
    assert set(ACCESS) - served == set()


def test_the_documented_table_is_that_of_the_code(anybody: Frontend) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert rewritten(text, app=anybody.http.app) == text, "python -m tests.unit.entrypoints.http.authorization"


def test_anybody_may_ask_which_methods_there_are(anybody: Frontend) -> None:
    for _, path, _ in OPERATIONS:
        assert anybody.call("OPTIONS", path).status_code == 204


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each[2])
def test_every_caller_is_answered_as_the_table_says(scene: Scene, operation: tuple[str, str, str]) -> None:
    audience = ACCESS[operation[2]].audience
    expected = dict(zip(CALLERS, PROMISED[audience], strict=True))
    refused_first = sorted(CALLERS, key=lambda caller: expected[caller] == "yes")

    seen = {caller: verdict(scene.asked(operation, by=caller), audience) for caller in refused_first}

    assert seen == expected


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each[2])
def test_a_key_opens_what_its_scope_names_and_nothing_else(scene: Scene, operation: tuple[str, str, str]) -> None:
    access = ACCESS[operation[2]]
    if access.audience is Audience.ANYBODY:
        return
    others = [scope for scope in Scope if scope is not access.scope]
    lacking = scene.asked(operation, headers=by_key(scene.key(*others)))
    assert refusal(lacking) == (403, "FORBIDDEN" if access.scope is None else "SCOPE_MISSING")
    if access.scope is None:
        return
    key = scene.key(access.scope, Scope.ACT_USERS)
    expected = dict(zip(CALLERS, PROMISED[access.audience], strict=True))
    if access.audience is Audience.ADMINS:
        expected = dict.fromkeys(CALLERS, "403")
    for user in sorted(filter(None, CALLERS), key=lambda user: expected[user] == "yes"):
        acting = "403" if user == "admin" and access.audience is Audience.ADMINS else expected[user]
        if user == "admin" and access.audience in {Audience.PARTIES, Audience.CLIENT}:
            acting = "404"  # named by a key, an admin is a user like any other
        assert verdict(scene.asked(operation, headers=by_key(key, user)), access.audience) == acting, user
    alone = verdict(scene.asked(operation, headers=by_key(key)), access.audience)
    assert alone == ("yes" if access.audience in {Audience.EVERYONE, Audience.ADMINS} else "403")
