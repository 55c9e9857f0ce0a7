"""A running instance, and a real browser that visits its page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from tests.integration.conftest import copied, reachable_home
from tests.integration.instance import Instance, running_instance

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LONGEST_WAIT = 90_000
DESKTOP, PHONE = (1280, 860), (390, 844)
WATCH = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""

Json = dict[str, Any]


def browser_here() -> str | None:
    return next((found for each in BROWSERS if (found := shutil.which(each))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is; without one, no test of the page begins."""
    found = browser_here()
    if found is None:
        pytest.skip("there is no Chromium on this machine: the booking page is not tried (apt-get install chromium)")
    return found


@pytest.fixture(scope="module")
def playwright(chromium: str) -> Iterator[Playwright]:
    """For one module: while it is there its loop runs in this thread, where others' tests begin loops of their own."""
    expect.set_options(timeout=LONGEST_WAIT)
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=chromium, args=list(QUIETLY))
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def page_database_url(postgres: EmbeddedPostgres, migrated: str, chromium: str) -> Iterator[str]:
    with copied(postgres, template=migrated) as url:
        yield url


@pytest.fixture(scope="session")
def instance(page_database_url: str) -> Iterator[Instance]:
    """The one instance that all tests of the page visit."""
    settings = {"CONSULTING_PROCESSES": "1", "CONSULTING_DATABASE_URL": page_database_url}
    with reachable_home() as home, running_instance(home, **settings) as running:
        yield running


@dataclass
class Visitors:
    """Browsers of people who visit the page; whatever they see go wrong is noted."""

    browser: Browser
    instance: Instance
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    contexts: list[BrowserContext] = field(default_factory=list)

    def visit(
        self,
        path: str = "/",
        *,
        person: str | None = None,
        size: tuple[int, int] = DESKTOP,
        zone: str = "Europe/London",
        dark: bool = False,
        url: str | None = None,
    ) -> Page:
        """Open the page somewhere, as somebody or nobody."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            timezone_id=zone,
            locale="en-GB",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self.contexts.append(context)
        context.set_default_timeout(LONGEST_WAIT)
        context.add_init_script(WATCH)
        if person is not None:
            context.add_init_script(f"sessionStorage.setItem('consulting.person', '{person}')")
        page = context.new_page()
        self._watch(page)
        page.goto(f"{url or self.instance.url}/#{path}", wait_until="domcontentloaded")
        return page

    def _watch(self, page: Page) -> None:
        def heard(message: ConsoleMessage) -> None:
            if message.type == "error" and not any(each in message.text for each in self.expected):
                self.complaints.append(message.text)

        def asked(request: Request) -> None:
            if request.url.startswith("http"):
                self.hosts.add(urlsplit(request.url).netloc)

        page.on("console", heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", asked)


@pytest.fixture
def visitors(browser: Browser, instance: Instance) -> Iterator[Visitors]:
    """People with browsers; at the end nothing may have been complained of, and no other host asked."""
    found = Visitors(browser, instance)
    yield found
    for context in found.contexts:
        context.close()
    assert found.complaints == []
    assert found.hosts <= {urlsplit(url).netloc for url in (instance.url, instance.sandbox_url)}


@dataclass
class Counter:
    """Free times, handed out one by one so that no test takes another's."""

    instance: Instance
    given: set[str] = field(default_factory=set)

    def free(self, researcher: str, *, days: int = 3) -> list[Json]:
        """List times of a researcher some days ahead that nobody was given yet, all of one length."""
        first = datetime.now(UTC).date() + timedelta(days=days)
        query = {"researcher_id": researcher, "from": str(first), "to": str(first + timedelta(days=30))}
        with self.instance.client("counter") as client:
            slots = client.get("/api/time-slots", params=query).json()["time_slots"]
        return [each for each in slots if each["available"] and each["id"] not in self.given]

    def take(self, researcher: str, *, days: int = 3) -> Json:
        """Give one that is this test's alone."""
        slot = self.free(researcher, days=days)[0]
        self.given.add(slot["id"])
        return slot


@pytest.fixture(scope="session")
def counter(instance: Instance) -> Counter:
    return Counter(instance)


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, as its package brings it."""
    package = pytest.importorskip("axe_playwright_python")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
