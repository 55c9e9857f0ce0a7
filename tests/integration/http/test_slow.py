"""Clients that take their time, and databases that do: neither holds up anybody else for long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from typing import cast

import httpx
import psycopg
import pytest
import uvicorn

from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.entrypoints.http.answer_headers import answer_headers
from consulting.entrypoints.http.unreadable import reading_protocol
from tests.integration.http.test_over_postgres import on_database
from tests.integration.instance import PATIENCE
from tests.unit.entrypoints.http.frontend import opened, refusal, settings, token

LITTLE = 1.0
"""How many seconds the server of most tests here waits for a request to arrive."""

LONG = 30.0
"""Nobody may be held up for so many seconds, however busy the machine is; those who drip go on for longer."""

HEAD = b"GET /api/researchers HTTP/1.1\r\nHost: a\r\nX-Slow: " + b"a" * 4000
BODY = b"POST /api/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n"


@contextmanager
def serving(*, patience: float) -> Iterator[int]:
    """Serve the API on a socket, with so many seconds of patience for requests that don't arrive."""
    with opened() as front, socket.create_server(("127.0.0.1", 0)) as listener:
        protocol = reading_protocol(front.market.ids, answer_headers(settings()), patience=timedelta(seconds=patience))
        config = uvicorn.Config(front.http.app, http=protocol, ws="none", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(patience=LITTLE) as number:
        yield number


def drip(port: int, sent: bytes, *, at_once: bytes = b"") -> tuple[float, bytes]:
    """Send the bytes one by one until the server hangs up; give how long that took, and what it said."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        with suppress(OSError):
            connection.sendall(at_once)
            for number in range(len(sent)):
                connection.sendall(sent[number : number + 1])
                time.sleep(0.02)
                if time.monotonic() - began > LONG:
                    raise AssertionError("nobody hung up")
        said = b""
        with suppress(OSError):
            said = b"".join(iter(lambda: connection.recv(65536), b""))
    return time.monotonic() - began, said


def signed(head: bytes) -> bytes:
    return head + b"Authorization: Bearer " + token("ada").encode() + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("at_once", "sent"),
    [(b"", HEAD), (signed(BODY), b" " * 4000), (BODY + b"\r\n", b" " * 4000)],
    ids=["headers", "body", "body that nobody wants"],
)
def test_a_request_that_does_not_arrive_is_hung_up_on(port: int, at_once: bytes, sent: bytes) -> None:
    took, _ = drip(port, sent, at_once=at_once)

    assert took > LITTLE / 2


def test_slow_headers_are_told_so_and_a_silent_connection_is_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as silent:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as slow:
            slow.sendall(HEAD)
            said = b"".join(iter(lambda: slow.recv(65536), b""))
        assert silent.recv(10) == b""

    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"took too long" in said
    assert b"\r\nx-request-id: " in said


def test_a_connection_is_closed_where_only_empty_lines_follow_an_answer(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        connection.sendall(b"\r\n")
        while connection.recv(65536):
            pass


def test_a_connection_that_is_used_again_has_time_for_each_request() -> None:
    request, patience = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n", 4.0
    with (
        serving(patience=patience) as port,
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection,
    ):
        for _ in range(5):
            connection.sendall(request[:20])
            time.sleep(patience / 4)  # more than all of it in the end
            connection.sendall(request[20:])
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_many_slow_clients_hold_nobody_up() -> None:
    with serving(patience=2 * LONG) as port, ExitStack() as open_:
        for number in range(60):
            slow = open_.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            slow.sendall(signed(BODY) + b" " if number % 2 else HEAD)
        began = time.monotonic()
        answers = [httpx.get(f"http://127.0.0.1:{port}/api/researchers", timeout=PATIENCE) for _ in range(5)]
        took = time.monotonic() - began

    assert {answer.status_code for answer in answers} == {200}
    assert took < LONG


# A database that takes its time


def timed(call: Callable[[], httpx.Response]) -> tuple[float, httpx.Response]:
    began = time.monotonic()
    answer = call()
    return time.monotonic() - began, answer


def test_without_a_free_connection_the_answer_is_503_soon_and_the_service_resumes(database_url: str) -> None:
    with on_database(database_url) as market, opened(market=market) as front:
        engine = cast("PostgresTransactions", market.transactions).engine
        held = [engine.raw_connection() for _ in range(5)]
        took, answer = timed(lambda: front.get("/api/researchers"))
        for connection in held:
            connection.close()
        after = front.get("/api/researchers")

    assert refusal(answer) == (503, "STORAGE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    assert took < LONG
    assert after.status_code == 200


def test_a_row_that_is_locked_for_too_long_is_a_503_and_the_service_resumes(database_url: str) -> None:
    with on_database(database_url) as market, opened(market=market) as front:
        body = {"time_slot_id": (slot := front.slots(front.researcher("curie"))[0]["id"])}
        with psycopg.connect(database_url) as blocker:
            blocker.execute("SELECT FROM time_slots WHERE id = %s FOR UPDATE", [slot])
            took, answer = timed(lambda: front.post("/api/sessions", body, by="ada"))
            blocker.rollback()
        after = front.post("/api/sessions", body, by="ada")

    assert refusal(answer) == (503, "STORAGE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    assert took < LONG
    assert after.status_code == 201
