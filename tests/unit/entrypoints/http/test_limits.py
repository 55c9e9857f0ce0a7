from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
from litestar.types import ASGIApp, Receive, Scope, Send

from consulting.entrypoints.http.limits import neighbourhood
from consulting.entrypoints.settings import Mode, SettingsError, load_settings
from tests.unit.entrypoints.http.frontend import NOWHERE, Frontend, opened, refusal, signed_in

FEW_WRITES = {"CONSULTING_WRITES_PER_MINUTE": "60", "CONSULTING_WRITES_BURST": "3"}
FEW_STRANGERS = {"CONSULTING_STRANGERS_PER_MINUTE": "60", "CONSULTING_STRANGERS_BURST": "3"}


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
