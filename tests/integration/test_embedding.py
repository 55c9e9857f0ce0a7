"""The examples of docs/embedding.md, carried out."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import consulting
from consulting import Settings, build_container, create_app, load_settings
from consulting.entrypoints.sample_data import seed
from consulting.entrypoints.tokens import issue_token
from tests.integration.instance import PATIENCE

BASE = "http://host.example"
GUIDE = Path(__file__).parents[2] / "docs" / "embedding.md"


def block(name: str) -> str:
    found = re.search(rf"<!-- {re.escape(name)} -->\n```\w*\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "CONSULTING_MODE": "sandbox",
        "CONSULTING_DATABASE_URL": database_url,
        "CONSULTING_HOME": str(tmp_path),
        "CONSULTING_PUBLIC_URL": "http://host.example/consulting",
    }


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    settings = load_settings(environ)
    container = build_container(settings)
    seed(container)
    container.engine().dispose()
    return settings


async def book_at(host: Starlette, token: str) -> list[httpx.Response]:
    """Search, book and look at what was booked, and ask for the same outside of the mount."""
    transport, headers = httpx.ASGITransport(host), {"Authorization": f"Bearer {token}"}
    async with (
        host.router.lifespan_context(host),
        httpx.AsyncClient(transport=transport, base_url="http://host.example", headers=headers) as client,
    ):
        found = await client.get("/consulting/api/researchers/search", params={"query": "araujo"})
        researcher = found.json()["researchers"][0]["id"]
        slots = await client.get(f"/consulting/api/researchers/{researcher}/next-slots")
        booked = await client.post(
            "/consulting/api/sessions", json={"time_slot_id": slots.json()["time_slots"][-1]["id"]}
        )
        return [booked, await client.get(booked.headers["Location"]), await client.get("/api/sessions")]


def test_mounted_in_another_application_it_books_a_session(
    environ: dict[str, str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    mounted: dict[str, Any] = {}
    exec(compile(block("mounted.py"), "mounted.py", "exec"), mounted)
    token = issue_token(settings, user="ada", email="ada@example.org", name="Ada")

    booked, shown, outside = asyncio.run(book_at(mounted["app"], token))

    assert (booked.status_code, shown.status_code, outside.status_code) == (201, 200, 404)
    assert shown.json() == booked.json()
    assert (shown.json()["status"], shown.json()["payment_status"]) == ("scheduled", "completed")


def test_mounted_it_begins_and_ends_more_than_once_and_its_links_stay_below_its_path(settings: Settings) -> None:
    booking = create_app(settings)
    host = Starlette(routes=[Mount("/consulting", booking)])

    async def looks_around() -> list[httpx.Response]:
        headers = {"Authorization": f"Bearer {issue_token(settings, user='ada', email='ada@example.org', name='Ada')}"}
        transport = httpx.ASGITransport(host)
        async with booking.lifespan(), httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
            page = await client.get("/consulting/schema")
            linked = re.findall(r'(?:href|src)="(/[^"]*)"', page.text)
            paths = ["/consulting/api/researchers/search?query=araujo", "/consulting/schema/openapi.json", *linked]
            return [page, *[await client.get(path) for path in paths]]

    for _ in range(2):
        page, found, document, *linked = asyncio.run(looks_around())
        assert found.status_code == 200, found.text
        assert document.json()["servers"] == [{"url": "/consulting"}]
        assert [each.status_code for each in (page, *linked)] == [200] * 4


def test_driven_without_http_it_does_what_the_guide_says(environ: dict[str, str], settings: Settings) -> None:
    assert settings.database_url

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block("driven.py")],
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout == block("its output")


def test_the_guide_names_all_that_is_public() -> None:
    [row] = [line for line in GUIDE.read_text().splitlines() if line.startswith("| `consulting` |")]

    assert {*re.findall(r"`(\w+)`", row)} - {"consulting"} == {*consulting.__all__} - {"domain", "ports"}
