from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from prometheus_client.parser import text_string_to_metric_families as families

from consulting.entrypoints.http.answer_headers import answer_headers
from consulting.entrypoints.http.unreadable import reading_protocol
from tests.integration.instance import PATIENCE
from tests.unit.application.marketplace import MemoryMarketplace
from tests.unit.entrypoints.http.frontend import Frontend, opened, settings, signed_in, token


@dataclass
class Served:
    """The API on a real socket, and a client that minds no rules."""

    front: Frontend
    port: int
    answered: list[bytes]

    def exchange(self, sent: bytes) -> bytes:
        """Send these bytes and read until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(sent)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def break_off(self, sent: bytes) -> None:
        """Send these bytes and close the connection without waiting for an answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(sent)

    def counted(self, *, route: str, status: str) -> float:
        """Say how many requests of this route were answered with this status."""
        shown = httpx.get(f"http://127.0.0.1:{self.port}/metrics", headers=signed_in("admin"), timeout=PATIENCE).text
        samples = (each for family in families(shown) for each in family.samples)
        wanted = {"route": route, "status": status}
        return sum(
            each.value for each in samples if each.name.endswith("_count") and wanted.items() <= each.labels.items()
        )

    def wait_for(self, *, route: str, status: str) -> None:
        """Wait until such a request was answered."""
        until = time.monotonic() + PATIENCE
        while not self.counted(route=route, status=status):
            assert time.monotonic() < until
            time.sleep(0.02)


@contextmanager
def serving(*, market: MemoryMarketplace | None = None) -> Iterator[Served]:
    with opened(market=market) as front, socket.create_server(("127.0.0.1", 0)) as listener:
        answered: list[bytes] = []
        protocol = reading_protocol(front.market.ids, answer_headers(settings()))
        server = uvicorn.Server(
            uvicorn.Config(_overheard(front, answered), http=protocol, ws="none", lifespan="off", log_config=None)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Served(front=front, port=listener.getsockname()[1], answered=answered)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


def _overheard(front: Frontend, answered: list[bytes]) -> Any:
    """Keep every body that goes out."""

    async def overheard(scope: Any, receive: Any, send: Any) -> None:
        async def note(message: Any) -> None:
            if message["type"] == "http.response.body":
                answered.append(message.get("body", b""))
            await send(message)

        await front.http.app(scope, receive, note)

    return overheard


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as found:
        yield found


BOOKING = b"POST /api/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: Bearer "
WEBHOOK = b"POST /api/payment/webhook HTTP/1.1\r\nHost: a\r\nStripe-Signature: t=1"


@pytest.mark.parametrize(
    "rest",
    [b'Content-Length: 50\r\n\r\n{"ti', b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"ti\r\nzz\r\n'],
    ids=["cut", "chunk"],
)
@pytest.mark.parametrize("route", ["/api/sessions", "/api/payment/webhook"])
def test_a_client_that_breaks_off_in_mid_body_is_no_failure_of_ours(
    served: Served, caplog: pytest.LogCaptureFixture, route: str, rest: bytes
) -> None:
    head = BOOKING + token("ada").encode() if route == "/api/sessions" else WEBHOOK
    with caplog.at_level(logging.INFO):
        served.break_off(head + b"\r\n" + rest)
        served.wait_for(route=route, status="400")

    assert [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info] == []
    assert served.counted(route=route, status="500") == 0


def test_a_client_that_reads_slowly_and_goes_is_no_failure_of_ours(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """Several requests in one go, so that an answer waits for its reader while the next request is there already."""
    asked = b"GET /schema/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 40
    with caplog.at_level(logging.INFO):
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", served.port))
            slow.sendall(asked)
            assert slow.recv(8) == b"HTTP/1.1"
            time.sleep(0.5)
        served.wait_for(route="/schema/openapi.json", status="200")
        answer = served.exchange(b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info] == []


UNREADABLE = {
    "no such method": b"FOO /health/live HTTP/1.1\r\nHost: a\r\n\r\n",
    "a negative length": b"POST /api/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    "a path that is none": b"GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00",
}
MORE = b"GET /health/live HTTP/1.1\r\n"
UNCLEAR = {
    "an endless path": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a header without end": MORE + b"Host: a\r\nX-Long: " + b"a" * 200_000,
    "a long header": MORE + b"Host: a\r\nX-Long: " + b"a" * 70_000 + b"\r\n\r\n",
    "many headers": MORE + b"Host: a\r\n" + b"X-Many: a\r\n" * 10_000 + b"\r\n",
    "many headers after a body": b"POST /api/payment/webhook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\n{}\r\n0\r\n" + b"X-Many: a\r\n" * 10_000 + b"\r\n",
    "no host": MORE + b"\r\n",
    "two hosts": MORE + b"Host: a\r\nHost: b\r\n\r\n",
    "a body and an upgrade": b"POST /api/sessions HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    b"Content-Length: 2\r\n\r\n{}",
    "a body in another encoding": b"POST /api/sessions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    b"0\r\n\r\n",
}


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_readable_request_is_answered_like_every_error(served: Served, sent: bytes) -> None:
    head, _, body = served.exchange(sent).partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = httpx.Headers(dict(line.split(": ", 1) for line in lines))

    assert status == "HTTP/1.1 400 Bad Request"
    assert headers["Content-Type"] == "application/json"
    assert int(headers["Content-Length"]) == len(body)
    assert headers["X-Request-Id"]
    assert json.loads(body)["error"] == {"code": "BAD_REQUEST", "message": "The request can't be read.", "details": {}}


@pytest.mark.parametrize("sent", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_what_is_too_long_or_unclear_is_told_so_and_hung_up_on(served: Served, sent: bytes) -> None:
    head, _, body = served.exchange(sent).partition(b"\r\n\r\n")
    error = json.loads(body)["error"]

    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert (error["code"], error["details"]) == ("BAD_REQUEST", {})
    assert any(word in error["message"] for word in ("65536 bytes", "Host", "`chunked`", "Upgrade"))


def test_a_head_that_is_long_but_not_too_long_is_read(served: Served) -> None:
    head = MORE + b"Host: a\r\nConnection: close\r\nX-Long: " + b"a" * 60_000 + b"\r\n\r\n"
    body = b"POST /api/payment/webhook HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 500000\r\n\r\n"

    assert served.exchange(head).startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"WEBHOOK_SIGNATURE_INVALID" in served.exchange(body + b"a" * 500_000)
    assert served.exchange(b"GET /health/live HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_an_upgrade_is_passed_over_and_the_next_request_answered(
    served: Served, caplog: pytest.LogCaptureFixture, protocol: bytes
) -> None:
    request = MORE + b"Host: a\r\n"
    upgrading = request + b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n"
    with (
        caplog.at_level(logging.INFO),
        socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as connection,
    ):
        for sent in (upgrading, request + b"\r\n", upgrading):
            connection.sendall(sent)
            answer = b""
            while not answer.endswith(b'{"status":"ok"}'):
                more = connection.recv(65536)
                assert more, answer
                answer += more
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_an_unreadable_request_keeps_the_id_that_it_came_with(served: Served) -> None:
    head = b"POST /api/sessions HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine-7\r\nContent-Length: -5\r\n\r\n"

    assert b"\r\nx-request-id: mine-7\r\n" in served.exchange(head)


@pytest.mark.parametrize("sent", [*UNREADABLE.values(), *UNCLEAR.values()], ids=[*UNREADABLE.keys(), *UNCLEAR.keys()])
def test_an_unreadable_request_does_not_take_the_id_of_the_one_before(served: Served, sent: bytes) -> None:
    before = b"GET /health/live HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine-7\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as connection:
        connection.sendall(before)
        first = connection.recv(65536)
        connection.sendall(sent)
        second = b"".join(iter(lambda: connection.recv(65536), b""))

    assert b"\r\nx-request-id: mine-7\r\n" in first
    assert b"400 Bad Request" in second
    assert b"mine-7" not in second


def test_head_over_the_wire_has_the_length_of_the_body_and_no_body(served: Served) -> None:
    answer = served.exchange(b"HEAD /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\ncontent-length: 15\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")
