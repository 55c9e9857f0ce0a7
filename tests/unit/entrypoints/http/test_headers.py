from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest

from consulting.entrypoints.http.watching import Watchers
from consulting.entrypoints.settings import SettingsError
from tests.unit.entrypoints.http.frontend import NOWHERE, Frontend, opened, refusal, settings, token

APP = "https://app.example.org"
EVERYWHERE = [
    ("GET", "/api/researchers", 200),
    ("GET", "/api/researchers?unknown=1", 400),
    ("GET", "/api/sessions", 401),
    ("GET", f"/api/researchers/{NOWHERE}", 404),
    ("GET", "/nowhere", 404),
    ("DELETE", "/api/researchers", 405),
    ("POST", "/api/payment/webhook", 413),
    ("OPTIONS", "/api/sessions", 204),
    ("HEAD", "/api/researchers", 200),
    ("GET", "/health/live", 200),
    ("GET", "/schema/openapi.json", 200),
]


@pytest.fixture(scope="module")
def shop() -> Iterator[Frontend]:
    """An API that pages of one origin may call."""
    with opened(CONSULTING_CORS_ORIGINS=f"{APP}, http://localhost:3000", CONSULTING_MAX_BODY_BYTES="2000") as front:
        yield front


def asked(front: Frontend, method: str, path: str, origin: str | None = None) -> httpx.Response:
    headers = {} if origin is None else {"Origin": origin}
    return front.call(method, path, headers=headers, content=b"x" * 3000 if method == "POST" else None)


@pytest.mark.parametrize(("method", "path", "status"), EVERYWHERE)
def test_every_answer_is_safe_in_a_browser(shop: Frontend, method: str, path: str, status: int) -> None:
    answer = asked(shop, method, path)

    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["Cache-Control"]
    assert "Server" not in answer.headers


def test_without_https_nobody_is_told_to_use_it() -> None:
    with opened(CONSULTING_PUBLIC_URL="http://127.0.0.1:8000") as front:
        assert "Strict-Transport-Security" not in front.get("/health/live").headers


def test_the_documentation_page_may_load_its_own_files_and_nothing_else(anybody: Frontend) -> None:
    policy = anybody.get("/schema").headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize(("method", "path", "status"), EVERYWHERE)
@pytest.mark.parametrize("origin", [APP, "http://localhost:3000"])
def test_a_page_that_is_allowed_may_read_every_answer(
    shop: Frontend, method: str, path: str, status: int, origin: str
) -> None:
    answer = asked(shop, method, path, origin)

    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "Origin" in answer.headers.get_list("Vary", split_commas=True)
    assert {"Location", "Retry-After", "X-Request-Id", "Idempotent-Replayed", "ETag"} <= set(
        answer.headers["Access-Control-Expose-Headers"].split(", ")
    )
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_that_is_allowed_may_read_our_faults_too(frontend: Frontend) -> None:
    frontend.market.transactions.begin = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value] # it breaks

    answer = asked(frontend, "GET", "/api/researchers", "http://localhost:5173")

    assert refusal(answer) == (500, "INTERNAL_ERROR")
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        f"{APP}.evil.example",
        "https://evil.example/https://app.example.org",
        "http://app.example.org",
        f"{APP}:8443",
        "null",
        "http://localhost:3001",
        "http://localhost:3000.evil.example",
        "\xe9",
        "",
    ],
)
def test_no_other_page_may(shop: Frontend, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": origin.encode("latin-1"), "Access-Control-Request-Method": "GET"}
        answer = shop.call(method, "/api/researchers", headers=headers)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["Vary"].startswith("Origin")


@pytest.mark.parametrize("path", ["/api/sessions", "/api/sessions/1/cancel", "/nowhere"])
def test_a_browser_that_asks_before_it_calls_is_told_what_it_may_send(shop: Frontend, path: str) -> None:
    wanted = "authorization, content-type, idempotency-key, consulting-user, consulting-user-email"
    headers = {"Origin": APP, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": wanted}

    answer = shop.call("OPTIONS", path, headers=headers)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert {"POST", "PATCH", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    assert set(wanted.split(", ")) <= set(answer.headers["Access-Control-Allow-Headers"].lower().split(", "))
    assert "Origin" in answer.headers["Vary"]
    assert answer.headers["X-Request-Id"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:5173", "https://localhost", "http://127.0.0.1:8080", "http://[::1]:9", "http://a.localhost"],
)
def test_in_the_sandbox_any_page_of_this_machine_may_call(anybody: Frontend, origin: str) -> None:
    assert asked(anybody, "GET", "/api/researchers", origin).headers["Access-Control-Allow-Origin"] == origin
    for other in (f"{origin}.evil.example", "https://evil.example", origin.replace("://", "://x.y@")):
        assert "Access-Control-Allow-Origin" not in asked(anybody, "GET", "/api/researchers", other).headers


def test_where_no_origin_is_set_no_page_may_call() -> None:
    with opened(CONSULTING_CORS_ORIGINS="none") as front:
        answer = asked(front, "GET", "/api/researchers", "http://localhost:3000")

    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.headers["Vary"] == "Authorization"


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.org", "https://a.org/", "https://a.org/x", "a.org", "https://u@a.org"]
)
def test_what_is_no_origin_is_refused_at_the_start(origin: str) -> None:
    with pytest.raises(SettingsError, match="CONSULTING_CORS_ORIGINS"):
        settings(CONSULTING_CORS_ORIGINS=origin)


def test_what_shows_what_is_free_is_asked_for_anew_and_what_is_personal_is_not_kept(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie")
    session = frontend.held(researcher)
    open_read, own_read = f"/api/researchers/{researcher.id}", f"/api/sessions/{session['id']}"

    def caching(path: str, by: str | None = None) -> str:
        return str(frontend.get(path, by=by).headers["Cache-Control"])

    assert caching(open_read) == "no-cache"
    assert caching(open_read, by="ada") == "private, no-cache"
    assert "Authorization" in frontend.get(open_read).headers.get_list("Vary", split_commas=True)
    assert caching(own_read, by="ada") == "no-store"
    assert caching(own_read) == "no-store"
    assert caching("/api/researchers/nobody") == "no-store"
    assert caching("/health/ready") == "no-store"
    assert caching("/schema/openapi.json") == "no-cache"
    assert caching("/schema/files/page.js") == "public, max-age=3600"


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/sessions", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/api/sessions/1/cancel", {"PATCH", "OPTIONS"}),
        ("/api/researchers", {"GET", "HEAD", "OPTIONS"}),
        ("/health/live", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_options_names_every_method_of_a_path(anybody: Frontend, path: str, methods: set[str]) -> None:
    answer = anybody.call("OPTIONS", path)

    assert (answer.status_code, answer.content) == (204, b"")
    assert set(answer.headers["Allow"].split(", ")) == methods


WATCHING = "a-token-for-the-measurements"


@pytest.fixture(scope="module")
def watched() -> Iterator[Frontend]:
    """An API with a token for those who measure."""
    with opened(CONSULTING_METRICS_TOKEN=WATCHING) as front:
        yield front


def test_the_token_of_the_measurements_opens_those_and_nothing_else(watched: Frontend) -> None:
    headers = {"Authorization": f"Bearer {WATCHING}"}

    assert watched.call("GET", "/metrics", headers=headers).status_code == 200
    assert watched.get("/metrics", by="admin").status_code == 200
    assert refusal(watched.get("/metrics")) == (401, "UNAUTHORIZED")
    assert refusal(watched.get("/metrics", by="ada")) == (403, "FORBIDDEN")
    for other in (WATCHING[:-1], WATCHING + "x", "", token("ada")[:-3]):
        refused = watched.call("GET", "/metrics", headers={"Authorization": f"Bearer {other}"})
        assert refusal(refused) == (401, "TOKEN_INVALID")
    assert refusal(watched.call("GET", "/api/sessions", headers=headers)) == (401, "TOKEN_INVALID")


def test_in_production_only_who_has_the_token_is_told_what_is_not_ready() -> None:
    watchers = Watchers(token=WATCHING, sandbox=False)

    def scope(*headers: tuple[bytes, bytes]) -> Any:
        return {"headers": list(headers), "client": ("127.0.0.1", 5000)}

    right = (b"authorization", f"Bearer {WATCHING}".encode())
    assert watchers.may_see_checks(scope(right))
    assert watchers.may_watch(scope(right))
    for wrong in (scope(), scope(right, right), scope((b"authorization", b"Bearer "))):
        assert not watchers.may_see_checks(wrong)
        assert not watchers.may_watch(wrong)
    assert not Watchers(token="", sandbox=False).may_watch(scope((b"authorization", b"Bearer ")))


def test_in_the_sandbox_this_machine_may_see_the_measurements() -> None:
    watchers = Watchers(token="", sandbox=True)

    assert watchers.may_watch(cast("Any", {"headers": [], "client": ("127.0.0.1", 5000)}))
    assert not watchers.may_watch(cast("Any", {"headers": [], "client": ("192.0.2.1", 5000)}))
    assert not watchers.may_watch(cast("Any", {"headers": [], "client": None}))
