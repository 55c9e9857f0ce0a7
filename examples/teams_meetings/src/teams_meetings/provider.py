"""The provider itself, as far as this example needs it: a small HTTP server with meetings of its own.

    teams-provider --port 8200 --token ...

The API, for whoever has the token: /me, /users/HOST/meetings and /users/HOST/meetings/ID. For whoever sits at its
console: GET /console/meetings, and POST /console/full {"host": "..."}.
"""

from __future__ import annotations

import argparse
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Json = dict[str, Any]


class Refusal(Exception):
    """What the provider won't do."""

    def __init__(self, status: int) -> None:
        """Name the HTTP status."""
        super().__init__(status)
        self.status = status


class TeamsProvider:
    """The provider at 127.0.0.1. `trouble` is what goes wrong with every call meanwhile, as long as its block."""

    def __init__(self, *, token: str, port: int = 0) -> None:
        """Prepare it; `start` lets it listen."""
        self.token, self.port = token, port
        self.meetings: dict[str, Json] = {}
        self.full: set[str] = set()
        self.lock = threading.RLock()
        self.trouble = ""
        self._over = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        handler = type("Bound", (_Handler,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Let nobody listen."""
        self.trouble = "gone"  # for connections that are open already
        self.stop()
        yield
        self.trouble = ""
        self.start()

    @contextmanager
    def suffering(self, trouble: str) -> Iterator[None]:
        """Let every call meet `silent` or `credentials_refused`, or every write `answer_lost`."""
        self.trouble, self._over = trouble, threading.Event()
        yield
        self.trouble = ""
        self._over.set()

    def answer(self, method: str, path: str, query: Json, headers: Any, body: Json) -> Json:
        """Do what is asked. Raises Refusal."""
        match (method, *path.strip("/").split("/")):
            case ("GET", "console", "meetings"):
                return {"value": list(self.meetings.values())}
            case ("POST", "console", "full"):
                self.full.add(body["host"])
                return {}
        if headers.get("Authorization") != f"Bearer {self.token}" or self.trouble == "credentials_refused":
            raise Refusal(401)
        match (method, *path.strip("/").split("/")):
            case ("GET", "me"):
                return {"id": "consulting"}
            case ("GET", "users", host, "meetings"):
                own = (each for each in self.meetings.values() if each["host"] == unquote(host))
                return {"value": [each for each in own if each["externalId"] == query["externalId"]]}
            case ("POST", "users", host, "meetings"):
                return self.create(unquote(host), body)
            case (_, "users", host, "meetings", id):
                return self._with_one(method, self._found(unquote(host), id), body)
        raise Refusal(404)

    def create(self, host: str, body: Json) -> Json:
        """Make a meeting, whatever else there is."""
        if host in self.full:
            raise Refusal(409)
        id = secrets.token_hex(8)
        meeting = {"id": id, "host": host, "joinLink": f"{self.url}/join/{secrets.token_hex(16)}", **body}
        self.meetings[id] = meeting
        return meeting

    def _found(self, host: str, id: str) -> Json:
        meeting = self.meetings.get(id)
        if meeting is None or meeting["host"] != host:
            raise Refusal(404)
        return meeting

    def _with_one(self, method: str, meeting: Json, body: Json) -> Json:
        if method == "DELETE":
            return self.meetings.pop(meeting["id"])
        if method == "PATCH":
            meeting.update(body)
        return {**meeting, "organizerLink": f"{self.url}/organize/{secrets.token_hex(16)}"}

    def meets_trouble(self, *, asked: bool, writes: bool) -> bool:
        """Tell whether the connection breaks now: before a call is carried out (`asked`), or after it."""
        if self.trouble == "silent" and asked:
            self._over.wait(20)
            return True
        return self.trouble == "gone" or (self.trouble == "answer_lost" and writes and not asked)


class _Handler(BaseHTTPRequestHandler):
    provider: TeamsProvider
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece

    def do_GET(self) -> None:
        self._do()

    def do_POST(self) -> None:
        self._do()

    def do_PATCH(self) -> None:
        self._do()

    def do_DELETE(self) -> None:
        self._do()

    def _do(self) -> None:
        parts, writes = urlsplit(self.path), self.command != "GET"
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        self.close_connection = self.provider.meets_trouble(asked=True, writes=writes)
        if self.close_connection:
            return
        try:
            with self.provider.lock:
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                status, answer = 200, self.provider.answer(self.command, parts.path, query, self.headers, body)
        except Refusal as refusal:
            status, answer = refusal.status, {}
        self.close_connection = self.provider.meets_trouble(asked=False, writes=writes)
        if not self.close_connection:
            self._send(status, json.dumps(answer).encode())

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def main() -> None:
    """Run the provider until it is interrupted."""
    parser = argparse.ArgumentParser(description="A meeting provider where nobody meets")
    parser.add_argument("--port", type=int, default=8200)
    parser.add_argument("--token", default="sandbox-token")
    given = parser.parse_args()
    provider = TeamsProvider(token=given.token, port=given.port)
    provider.start()
    print(f"ready {provider.url}", flush=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        provider.stop()
