from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext

import pytest
from litestar.types import ASGIApp, Receive, Scope, Send

from consulting.application.api_keys import RecognizeApiKey
from consulting.application.callers import Caller
from consulting.domain.api_keys import ApiKey
from consulting.entrypoints.http import key_holders
from consulting.entrypoints.http.limits import neighbourhood
from consulting.entrypoints.http.places import Places
from consulting.entrypoints.http.refusals import TokenInvalid
from consulting.entrypoints.settings import Mode, SettingsError, load_settings
from tests.unit.entrypoints.http.frontend import NOWHERE, Frontend, opened, refusal, signed_in

FEW_WRITES = {"CONSULTING_WRITES_PER_MINUTE": "60", "CONSULTING_WRITES_BURST": "3"}
FEW_STRANGERS = {"CONSULTING_STRANGERS_PER_MINUTE": "60", "CONSULTING_STRANGERS_BURST": "3"}
FEW_BY_KEY = {"CONSULTING_KEY_WRITES_PER_MINUTE": "60", "CONSULTING_KEY_WRITES_BURST": "4"}


def limited(environ: dict[str, str]) -> AbstractContextManager[Frontend]:
    return opened(market=None, **environ)


def coming_from(peer: str, app: ASGIApp) -> ASGIApp:
    async def with_peer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["client"] = (peer, 1234)
        await app(scope, receive, send)

    return with_peer


def write(frontend: Frontend, by: str) -> int:
    return frontend.post("/api/sessions", {"time_slot_id": NOWHERE}, by=by).status_code


def test_a_caller_who_writes_too_much_is_told_when_to_come_again() -> None:
    with limited(FEW_WRITES) as frontend:
        assert [write(frontend, "ada") for _ in range(4)] == [404, 404, 404, 429]
        answer = frontend.post("/api/sessions", {"time_slot_id": NOWHERE}, by="ada")

        assert refusal(answer) == (429, "TOO_MANY_REQUESTS")
        assert answer.headers["Retry-After"] == str(answer.json()["error"]["details"]["retry_after"]) == "1"
        assert write(frontend, "bob") == 404
        assert frontend.get("/api/sessions", by="ada").status_code == 200


def test_reads_of_callers_are_not_limited() -> None:
    with limited(FEW_WRITES | FEW_STRANGERS) as frontend:
        assert {frontend.get("/api/researchers", by="ada").status_code for _ in range(9)} == {200}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer forged"}, {"Authorization": "Basic YTpi"}])
def test_strangers_are_limited_by_their_address(headers: dict[str, str]) -> None:
    with limited(FEW_STRANGERS) as frontend:
        answers = [frontend.call("GET", "/api/researchers", headers=headers) for _ in range(4)]
        signed = frontend.get("/api/researchers", by="ada")

    assert len({answer.status_code for answer in answers[:3]}) == 1
    assert refusal(answers[3]) == (429, "TOO_MANY_REQUESTS")
    assert signed.status_code == 200


def test_health_is_never_limited() -> None:
    with limited(FEW_STRANGERS) as frontend:
        assert {frontend.get("/health/live").status_code for _ in range(9)} == {200}


@pytest.mark.parametrize(
    ("trusted", "forwarded", "others"),
    [
        (None, "203.0.113.1", 0),  # nobody is trusted: all come from the one peer
        ("192.0.2.0/24", "203.0.113.1", 0),  # the peer isn't
        ("198.51.100.7", "203.0.113.1", 3),
        ("198.51.100.0/24", "6.6.6.6, 203.0.113.1", 3),  # only the rightmost counts that isn't trusted
        ("198.51.100.0/24", "203.0.113.1, 198.51.100.9", 3),
    ],
)
def test_a_forwarded_address_counts_only_from_a_trusted_proxy(trusted: str | None, forwarded: str, others: int) -> None:
    setting = {} if trusted is None else {"CONSULTING_TRUSTED_PROXIES": trusted}
    with limited(FEW_STRANGERS | setting) as frontend:
        frontend.http.app = coming_from("198.51.100.7", frontend.http.app)
        for _ in range(3):
            frontend.call("GET", "/api/researchers", headers={"X-Forwarded-For": forwarded})
        again = frontend.call("GET", "/api/researchers", headers={"X-Forwarded-For": forwarded})
        another = forwarded.replace("203.0.113.1", "203.0.113.2")
        answers = [frontend.call("GET", "/api/researchers", headers={"X-Forwarded-For": another}) for _ in range(3)]

    assert again.status_code == 429
    assert [answer.status_code for answer in answers].count(200) == others


def test_a_network_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match=r"CONSULTING_TRUSTED_PROXIES: '10\.0\.0\.1/8' will not do"):
        load_settings({"CONSULTING_TRUSTED_PROXIES": "10.0.0.1/8"}, mode=Mode.SANDBOX)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.1", "203.0.113.1"),
        ("::ffff:203.0.113.1", "203.0.113.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_an_address_of_ipv6_counts_with_its_neighbours(address: str, counted: str) -> None:
    assert neighbourhood(address) == counted


def test_a_token_that_is_valid_is_no_strangers() -> None:
    with limited(FEW_STRANGERS) as frontend:
        answers = [frontend.http.get("/api/sessions", headers=signed_in("ada")) for _ in range(6)]

    assert {answer.status_code for answer in answers} == {200}


def partners(frontend: Frontend) -> dict[str, str]:
    """Hand out a key that acts for users."""
    wanted = {"name": "Portal", "scopes": ["read", "book", "act:users"]}
    return {"Authorization": f"Bearer {frontend.post('/api/admin/api-keys', wanted, by='admin').json()['key']}"}


def write_for(frontend: Frontend, user: str, partner: dict[str, str]) -> int:
    headers = partner | {"Consulting-User": user, "Consulting-User-Email": f"{user}@example.org"}
    return frontend.call("POST", "/api/sessions", json={"time_slot_id": NOWHERE}, headers=headers).status_code


def test_a_key_has_one_limit_for_all_the_users_whom_it_names() -> None:
    with limited(FEW_BY_KEY) as frontend:
        one, other = partners(frontend), partners(frontend)

        assert [write_for(frontend, f"user-{n}", one) for n in range(6)] == [404] * 4 + [429] * 2
        assert write_for(frontend, "user-0", other) == 404
        assert write(frontend, "user-0") == 404
        headers = one | {"Consulting-User": "user-9"}
        assert frontend.call("GET", "/api/sessions", headers=headers).status_code == 200


def test_a_user_for_whom_a_key_writes_has_their_own_limit_too() -> None:
    with limited(FEW_BY_KEY | FEW_WRITES) as frontend:
        partner = partners(frontend)

        assert [write_for(frontend, "ada", partner) for _ in range(5)] == [404] * 3 + [429] * 2
        assert write_for(frontend, "bob", partner) == 404
        assert write_for(frontend, "eve", partner) == 429


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every key that the database is asked for."""
    found: list[str] = []
    asked = RecognizeApiKey.__call__

    def noted(self: RecognizeApiKey, key: str) -> ApiKey | None:
        found.append(key)
        return asked(self, key)

    monkeypatch.setattr(RecognizeApiKey, "__call__", noted)
    monkeypatch.setattr(key_holders, "REMEMBERED_SECONDS", 0.0)
    return found


def test_guessing_keys_ends_before_the_database_is_asked(looked_up: list[str]) -> None:
    with limited(FEW_STRANGERS) as frontend:
        known = partners(frontend)
        assert frontend.call("GET", "/api/researchers", headers=known).status_code == 200
        looked_up.clear()
        guesses = [{"Authorization": f"Bearer ck_{n:043}"} for n in range(9)]
        answers = [frontend.call("GET", "/api/researchers", headers=guess).status_code for guess in guesses]

        assert answers == [401] * 3 + [429] * 6
        assert len(looked_up) == 3
        assert frontend.call("GET", "/api/researchers", headers=known).status_code == 200


def test_who_comes_with_one_key_at_once_shares_a_look_up(looked_up: list[str]) -> None:
    with limited(FEW_STRANGERS) as frontend:
        known = partners(frontend)["Authorization"].removeprefix("Bearer ")

        async def crowd(key: str) -> list[object]:
            threads = Places("keys", count=1)
            market = frontend.market
            holders = key_holders.KeyHolders(RecognizeApiKey(market.transactions, market.clock), threads)
            calls = [holders.caller(key, named={}, unproven=nullcontext) for _ in range(9)]
            try:
                return await asyncio.gather(*calls, return_exceptions=True)
            finally:
                threads.close()

        assert len({found.user_id for found in asyncio.run(crowd(known)) if isinstance(found, Caller)}) == 1
        assert {type(found) for found in asyncio.run(crowd(f"ck_{0:043}"))} == {TokenInvalid}
        assert looked_up == [known, f"ck_{0:043}"]


def test_a_valid_key_costs_its_address_nothing() -> None:
    with limited(FEW_STRANGERS) as frontend:
        for _ in range(6):
            partner = partners(frontend)
            assert frontend.call("GET", "/api/researchers", headers=partner).status_code == 200
        answers = [frontend.get("/api/researchers").status_code for _ in range(4)]

    assert answers == [200] * 3 + [429]
