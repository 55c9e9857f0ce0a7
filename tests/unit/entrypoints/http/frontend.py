"""The API over memory adapters, and people who call it: what the tests of this folder play with."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import jwt
from dependency_injector import providers
from litestar.testing import TestClient

from consulting.adapters.memory import MemoryRateLimits, MemoryRetries, MemoryTransactions
from consulting.adapters.postgres.retries import PostgresRetries
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.retries import Retries
from consulting.domain.researchers import Researcher
from consulting.entrypoints.container import Container
from consulting.entrypoints.http.app import create_app
from consulting.entrypoints.readiness import ReadinessCheck
from consulting.entrypoints.settings import Mode, Settings, load_settings
from tests.unit.application.marketplace import MemoryMarketplace, in_memory

SECRET = "a-secret-for-tests-that-is-long-enough"
PUBLIC_URL = "https://consulting.example"
NOWHERE = "01931b6e-6f5c-7c3a-8d2e-4b1f0a9c7e11"
"""The id of nothing."""


@dataclass
class Frontend:
    """A client of the API, and the marketplace behind it."""

    http: TestClient[Any]
    market: MemoryMarketplace
    checks: list[ReadinessCheck] = field(default_factory=list)

    def call(self, method: str, path: str, *, by: str | None = None, **sent: Any) -> httpx.Response:
        """Send a request as this user, or as nobody."""
        headers = dict(sent.pop("headers", {}))
        if by is not None:
            headers["Authorization"] = f"Bearer {token(by)}"
        return self.http.request(method, path, headers=headers, **sent)

    def get(self, path: str, *, by: str | None = None, **params: Any) -> httpx.Response:
        return self.call("GET", path, by=by, params=params)

    def post(self, path: str, body: Any, *, by: str | None = None) -> httpx.Response:
        return self.call("POST", path, by=by, json=body)

    def researcher(self, name: str, **changes: Any) -> Researcher:
        """Let a researcher join who is bookable from nine to noon, Berlin time."""
        researcher = self.market.add_researcher(name, **changes)
        self.market.set_hours(researcher, "09:00", "12:00", pattern_ids=lambda _: self.market.ids.new())
        self.market.publish(researcher.id)
        return researcher

    def slots(self, researcher: Researcher) -> list[dict[str, Any]]:
        """Show what can be booked of a researcher."""
        first = self.market.clock.now().date()
        asked = {"researcher_id": str(researcher.id), "from": str(first), "to": str(first + timedelta(days=5))}
        found: list[dict[str, Any]] = self.get("/api/time-slots", **asked).json()["time_slots"]
        return [slot for slot in found if slot["available"]]

    def held(self, researcher: Researcher, *, by: str = "ada") -> dict[str, Any]:
        """Hold the first slot that can be booked."""
        answer = self.post("/api/sessions", {"time_slot_id": self.slots(researcher)[0]["id"]}, by=by)
        assert answer.status_code == 201, answer.text
        session: dict[str, Any] = answer.json()
        return session

    def paid(self, session: dict[str, Any], *, by: str = "ada") -> dict[str, Any]:
        """Pay a held session and confirm it."""
        intent = self.post("/api/payment/intent", {"session_id": session["id"]}, by=by).json()["payment_intent_id"]
        self.market.gateway.client_pays(intent)
        body = {"session_id": session["id"], "payment_intent_id": intent}
        confirmed: dict[str, Any] = self.post("/api/payment/confirm", body, by=by).json()
        return confirmed


def token(user: str, **changes: Any) -> str:
    """Sign in as somebody; admins are called `admin`, and `nameless` has no address."""
    claims: dict[str, Any] = {"sub": user, "exp": int(time.time()) + 600, "email": f"{user}@example.org"}
    claims |= {"iss": "consulting-sandbox", "aud": "consulting"}
    if user == "admin":
        claims["roles"] = ["admin"]
    if user == "nameless":
        del claims["email"]
    return jwt.encode(claims | changes, SECRET, algorithm="HS256")


def signed_in(user: str, **changes: Any) -> dict[str, str]:
    """Give the header of a request by this user."""
    return {"Authorization": f"Bearer {token(user, **changes)}"}


def settings(**environ: str) -> Settings:
    """Load settings for a test; nothing is written anywhere."""
    given = {"CONSULTING_JWT_SECRET": SECRET, "CONSULTING_PUBLIC_URL": PUBLIC_URL, "CONSULTING_HOME": "/nonexistent"}
    return load_settings(given | environ, mode=Mode.SANDBOX)


@contextmanager
def opened(*, market: MemoryMarketplace | None = None, **environ: str) -> Iterator[Frontend]:
    """Start the API over a marketplace in memory."""
    market = market or in_memory()
    checks: list[ReadinessCheck] = []
    container = Container(
        settings=settings(**environ),
        transactions=market.transactions,
        retries=retries_of(market.transactions),
        rate_limits=MemoryRateLimits(),
        clock=market.clock,
        identities=market.ids,
        payment_gateway=market.gateway,
        letters=market.letters,
        meeting_rooms=market.rooms,
        readiness_checks=providers.Object(checks),
    )
    with TestClient(create_app(container), raise_server_exceptions=False) as http:
        yield Frontend(http=http, market=market, checks=checks)


class Stage:
    """One API, and a new marketplace behind it for each test: building an API takes longer than most tests do."""

    def __init__(self) -> None:
        """Begin with an empty marketplace."""
        self._set = _Set()
        self._checks: list[ReadinessCheck] = []
        self._plays = 0

    def container(self) -> Container:
        """Wire an API that asks the marketplace of the moment for everything."""
        parts = {name: _Whichever(self, name) for name in _Set.__annotations__ if name != "market"}
        return Container(settings=settings(), readiness_checks=providers.Object(self._checks), **parts)

    def part(self, name: str) -> Any:
        """Give what stands behind this port now."""
        return getattr(self._set, name)

    def play(self, http: TestClient[Any]) -> Frontend:
        """Give a new marketplace, and the API over it."""
        self._set = _Set()
        self._plays += 1
        self._set.market.random.seed(self._plays)  # no API key of another test, which the API may remember
        self._checks.clear()
        http.cookies.clear()
        return Frontend(http=http, market=self._set.market, checks=self._checks)


class _Set:
    """What is new for each test."""

    market: MemoryMarketplace
    transactions: Any
    retries: Any
    rate_limits: Any
    clock: Any
    identities: Any
    payment_gateway: Any
    letters: Any
    meeting_rooms: Any

    def __init__(self) -> None:
        self.market = market = in_memory()
        self.transactions, self.retries = market.transactions, retries_of(market.transactions)
        self.rate_limits, self.clock, self.identities = MemoryRateLimits(), market.clock, market.ids
        self.payment_gateway, self.letters, self.meeting_rooms = market.gateway, market.letters, market.rooms


class _Whichever:
    """A port of the marketplace of the moment."""

    def __init__(self, stage: Stage, name: str) -> None:
        self._stage, self._port = stage, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage.part(self._port), name)


def retries_of(transactions: object) -> Retries:
    """Keep answers where these transactions keep everything else."""
    if isinstance(transactions, PostgresTransactions):
        return PostgresRetries(transactions)
    assert isinstance(transactions, MemoryTransactions)
    return MemoryRetries(transactions)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Give status and code of an error, once its shape is found right."""
    content = json.loads(answer.content)
    assert set(content) == {"error"}
    assert set(content["error"]) == {"code", "message", "details"}
    assert content["error"]["message"]
    assert isinstance(content["error"]["details"], dict)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Request-Id"]
    return answer.status_code, content["error"]["code"]


def problems(answer: httpx.Response) -> dict[str, str]:
    """Give the fields of a failed validation."""
    assert refusal(answer) == (400, "VALIDATION_FAILED")
    return {each["field"]: each["problem"] for each in answer.json()["error"]["details"]["fields"]}
