from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from consulting.entrypoints.sandbox import RunningSandbox, SandboxOptions, clock, running_sandbox
from tests.integration.instance import PATIENCE


class Hook:
    """A webhook endpoint that notes what it gets and answers what it is told to."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, str]] = []
        self.statuses: list[int] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.received.append((body, self.headers["stripe-signature"]))
                self.send_response(hook.statuses.pop(0) if hook.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body, _ in self.received]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def wait_for(self, wanted: Callable[[], object], *, seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < deadline, self.types
            time.sleep(0.01)


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    thread = threading.Thread(target=hook.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()
    thread.join(PATIENCE)


@contextmanager
def calling(sandbox: RunningSandbox, *, retries: int = 0) -> Iterator[stripe.StripeClient]:
    client = stripe.RequestsClient(timeout=PATIENCE)
    yield stripe.StripeClient(
        "sk_test_sandbox",
        base_addresses={"api": f"{sandbox.url}/stripe"},
        max_network_retries=retries,
        http_client=client,
    )
    client.close()  # type: ignore[no-untyped-call] # the SDK's own


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """One sandbox for the tests of a module that don't mind each other."""
    with running_sandbox(
        SandboxOptions(folder=tmp_path_factory.mktemp("sandbox"), settle_after_seconds=0.2)
    ) as running:
        yield running


@pytest.fixture
def hooked(tmp_path: Path, hook: Hook) -> Iterator[RunningSandbox]:
    """A sandbox that delivers its events to `hook` and retries soon."""
    options = SandboxOptions(
        folder=tmp_path,
        webhook_url=hook.url,
        webhook_first_retry_seconds=0.05,
        webhook_timeout_seconds=PATIENCE,
        settle_after_seconds=0.2,
    )
    with running_sandbox(options) as running:
        yield running


@pytest.fixture
def api(sandbox: RunningSandbox) -> Iterator[stripe.StripeClient]:
    """The official SDK with the secret key."""
    with calling(sandbox) as client:
        yield client


@pytest.fixture
def hooked_api(hooked: RunningSandbox) -> Iterator[stripe.StripeClient]:
    with calling(hooked) as client:
        yield client


@pytest.fixture
def retrying_api(sandbox: RunningSandbox) -> Iterator[stripe.StripeClient]:
    with calling(sandbox, retries=2) as client:
        yield client


@pytest.fixture
def web(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    """A plain HTTP client, as a browser or a shell is."""
    with httpx.Client(base_url=sandbox.url, trust_env=False, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def hooked_web(hooked: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=hooked.url, trust_env=False, timeout=PATIENCE) as client:
        yield client


@dataclass
class Time:
    """What the sandboxes of this process take for the time."""

    ahead: float = 0.0


@pytest.fixture
def time_of_sandbox(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Let a test move the time of its sandbox, so that none has to wait for it or to be quick."""
    found, present = Time(), clock.now
    monkeypatch.setattr(clock, "now", lambda: present() + found.ahead)
    return found


@pytest.fixture
def no_faults(web: httpx.Client) -> Iterator[None]:
    """Whatever a test arms is gone after it."""
    yield
    web.delete("/faults")
