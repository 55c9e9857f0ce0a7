from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from consulting.entrypoints.http.booking_page import FOLDER, content_policy, page_files, version_of
from consulting.entrypoints.settings import CHECKOUT, Mode, Settings, SettingsError, load_settings
from tests.unit.entrypoints.http.frontend import Frontend, opened, refusal, settings
from tests.unit.entrypoints.test_settings import PRODUCTION

MOST_BYTES = 150_000
OF_CLIENTS = ("/api/researchers", "/api/time-slots", "/api/sessions", "/api/payment", "/api/calendar-token")
OF_PROGRAMS = {
    "ACTING_REFUSED",
    "BAD_REQUEST",
    "BODY_TOO_LARGE",
    "MALFORMED_BODY",
    "SCOPE_MISSING",
    "UNSUPPORTED_MEDIA_TYPE",
    "USER_MISSING",
    "WEBHOOK_SIGNATURE_INVALID",
}
"""Refusals that only a program can bring about; the API's own words do."""
LOADED = {".html", ".js", ".css", ".svg"}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Frontend]:
    with opened(CONSULTING_PAGE="/book/now/") as front:
        yield front


def production(**changes: str) -> Settings:
    return load_settings({**PRODUCTION, **changes}, mode=Mode.PRODUCTION)


def folder_of(front: Frontend, path: str = "/") -> str:
    return str(re.findall(r'src="(.*)/main.js"', front.get(path).text)[0])


def told(front: Frontend, path: str = "/") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        html.unescape(re.findall(r'name="consulting" content="(.*)"', front.get(path).text)[0])
    )
    return found


def test_all_files_together_are_small_on_their_way() -> None:
    sizes = {name: len(file.packed) for name, file in page_files().items()}

    assert {path.suffix for path in FOLDER.rglob("*") if path.is_file()} - LOADED <= {".md", ""}
    assert sum(sizes.values()) < MOST_BYTES, sorted(sizes.items(), key=lambda each: -each[1])[:5]


def test_the_page_comes_with_its_policy_and_is_asked_for_anew(anybody: Frontend) -> None:
    page = anybody.get("/")

    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-cache"
    assert page.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; script-src 'self'; style-src 'self';"
    )
    assert len(page.headers.get_list("Content-Security-Policy")) == 1
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert anybody.call("GET", "/", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304


def test_nothing_in_the_page_is_inline_or_from_elsewhere(anybody: Frontend) -> None:
    page = anybody.get("/").text

    assert re.findall(r"<script(?![^>]* src=)|<style|\bon\w+=|\bstyle=", page) == []
    assert re.findall(r'(?:src|href)="(?!/|#)[^"]*"', page) == []


def test_its_files_may_be_kept_for_good_since_their_folder_is_named_by_what_is_in_them(anybody: Frontend) -> None:
    folder = folder_of(anybody)
    files = page_files()

    assert folder == f"/page/{version_of(files)}"
    for name in set(files) - {"index.html"}:
        answer = anybody.get(f"{folder}/{name}")
        assert (answer.status_code, answer.content) == (200, files[name].body), name
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"].startswith(files[name].media_type)


def test_a_browser_that_unpacks_gets_them_packed(anybody: Frontend) -> None:
    path = f"{folder_of(anybody)}/main.js"

    packed, plain = (anybody.call("GET", path, headers={"Accept-Encoding": each}) for each in ("br, gzip", "identity"))

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"].startswith("Accept-Encoding")
    assert gzip.decompress(page_files()["main.js"].packed) == plain.content
    for tag in (packed.headers["ETag"], plain.headers["ETag"]):
        assert anybody.call("GET", path, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    "path",
    ["/page/0123456789abcdef/main.js", *(f"{{}}{each}" for each in ("", "/x.js", "/index.html", "/..%2fsettings.py"))],
)
def test_no_other_path_is_the_pages(anybody: Frontend, path: str) -> None:
    answer = anybody.call("GET", path.format(folder_of(anybody)))

    assert refusal(answer) == (404, "NOT_FOUND")


def test_it_can_be_served_elsewhere(elsewhere: Frontend) -> None:
    folder = folder_of(elsewhere, "/book/now")

    assert folder.startswith("/book/now/page/")
    assert elsewhere.get(f"{folder}/main.js").status_code == 200
    assert told(elsewhere, "/book/now")["people"] == "/book/now/page/people"
    assert told(elsewhere, "/book/now")["api"] == "/api"
    assert refusal(elsewhere.get("/")) == (404, "NOT_FOUND")


def test_it_can_be_left_out() -> None:
    with opened(CONSULTING_PAGE="none") as front:
        assert refusal(front.get("/")) == (404, "NOT_FOUND")
        assert refusal(front.get("/page/people")) == (404, "NOT_FOUND")


def test_behind_a_proxy_that_adds_a_path_the_page_names_it(anybody: Frontend) -> None:
    with opened(CONSULTING_PUBLIC_URL="https://example.org/consulting") as front:
        assert folder_of(front).startswith("/consulting/page/")
        assert told(front)["api"] == "/consulting/api"


@pytest.mark.parametrize("path", ["book", "/api", "/api/book", "/health", "/schema", "/a//b", "/a b", "/..", "/{x}"])
def test_a_path_that_will_not_do_is_refused_at_the_start(path: str) -> None:
    with pytest.raises(SettingsError, match="CONSULTING_PAGE"):
        settings(CONSULTING_PAGE=path)


def test_in_the_sandbox_one_can_be_anybody_of_the_sample_people(anybody: Frontend) -> None:
    people = anybody.get("/page/people")
    clients = [each for each in people.json() if each["researcher_id"] is None]

    assert people.headers["Cache-Control"] == "no-store"
    assert len(clients) >= 4
    assert len(people.json()) - len(clients) == 12
    for each in people.json():
        headers = {"Authorization": f"Bearer {each['token']}"}
        assert anybody.call("GET", "/api/sessions", headers=headers).status_code == 200


def test_production_knows_nobody_by_heart() -> None:
    assert settings().mode is Mode.SANDBOX
    with opened(market=None, **PRODUCTION, CONSULTING_MODE="production") as front:
        assert refusal(front.get("/page/people")) == (404, "NOT_FOUND")
        assert told(front)["people"] is None
        assert told(front)["mails"] is None
        assert told(front)["stripe"] == {"script": "https://js.stripe.com/v3/"}


def test_production_may_load_what_stripe_documents_and_nothing_else_of_others() -> None:
    policy = content_policy(production())

    assert set(re.findall(r"https?://\S+?(?=[ ;]|$)", policy)) == {
        "https://js.stripe.com",
        "https://*.js.stripe.com",
        "https://hooks.stripe.com",
        "https://api.stripe.com",
    }
    assert "unsafe" not in policy
    assert policy.endswith("frame-ancestors 'none'")


def test_only_the_pages_that_are_named_may_embed_it() -> None:
    policy = content_policy(production(CONSULTING_PAGE_EMBEDDERS="https://app.example.org, https://b.example"))

    assert policy.endswith("frame-ancestors https://app.example.org https://b.example")


def test_it_has_a_sentence_for_every_refusal_that_a_client_can_get() -> None:
    document = json.loads((CHECKOUT / "docs" / "openapi.json").read_text())
    ours = [item for path, item in document["paths"].items() if path.startswith(OF_CLIENTS)]
    answers = [
        answer for item in ours for one in item.values() if "responses" in one for answer in one["responses"].values()
    ]
    told = {
        code
        for answer in answers
        for code in re.findall(r"^- `([A-Z_]+)`", answer.get("description", ""), re.MULTILINE)
    }
    known = set(re.findall(r"^    ([A-Z_]+):", (FOLDER / "app" / "texts.js").read_text(), re.MULTILINE))

    assert len(told) > 30
    assert told - known - OF_PROGRAMS == set()


def test_its_library_is_shipped_with_its_licence() -> None:
    vendor = FOLDER / "vendor" / "lit-html"

    assert "BSD 3-Clause" in (vendor / "LICENSE").read_text()
    assert "3.3.3" in (vendor / "README.md").read_text()
