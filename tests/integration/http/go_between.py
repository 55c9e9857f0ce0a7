"""Stands between us and the sandbox's Stripe: sees what is asked under which key, and acts before it is answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.integration.instance import PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call as Stripe got it."""

    method: str
    path: str
    key: str | None


@dataclass
class GoBetween:
    """What was asked so far; `before_answer` is called when Stripe has done its part and nobody was told."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    before_answer: Callable[[Asked], None] = lambda _: None


@contextmanager
def between(stripe: str) -> Iterator[GoBetween]:
    """Pass everything on to Stripe at this address."""
    with httpx.Client(base_url=stripe, timeout=PATIENCE, trust_env=False) as upstream:
        server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
        found = GoBetween(url=f"http://127.0.0.1:{server.server_port}")
        server.RequestHandlerClass = _passing_on(found, upstream)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join(PATIENCE)
            server.server_close()


def _passing_on(found: GoBetween, upstream: httpx.Client) -> type[BaseHTTPRequestHandler]:
    class Passing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
            answer = upstream.request(self.command, self.path, content=body, headers=kept)
            asked = Asked(method=self.command, path=self.path, key=self.headers.get("Idempotency-Key"))
            found.asked.append(asked)
            found.before_answer(asked)
            with suppress(OSError):
                self._answer(answer)

        def _answer(self, answer: httpx.Response) -> None:
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Passing
