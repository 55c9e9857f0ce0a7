"""A mail, the mailer that sends it in tests, and servers that take it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from consulting.adapters.smtp import Security, SmtpMailer, open_mailer
from consulting.application.ports.mailer import Mail
from consulting.entrypoints.supervisor.ports import free_port
from tests.integration.instance import PATIENCE

NOW = datetime(2026, 11, 1, 14, 0, tzinfo=UTC)
ICS = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
MAIL = Mail(
    message_id="<confirmation.client.1@consulting.example>",
    to_name="Kim Ünal",
    to_address="kim@example.net",
    subject="Bestätigt",
    text="Grüße\n",
    html="<p>Grüße</p>",
    calendar=ICS,
    calendar_method="REQUEST",
)


@dataclass(frozen=True, slots=True)
class StoppedClock:
    def now(self) -> datetime:
        return NOW


def mailer_at(port: int, **changes: Any) -> SmtpMailer:
    plain: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "security": Security.NONE,
        "username": None,
        "password": None,
        "sender": "Consulting <sessions@consulting.example>",
        "timeout_seconds": PATIENCE,
        "clock": StoppedClock(),
    }
    return open_mailer(**{**plain, **changes})


def replaced(**changes: Any) -> Mail:
    return replace(MAIL, **changes)


def arrived(outside: Any) -> list[dict[str, Any]]:
    mails: list[dict[str, Any]] = outside.get("/mail")["mails"]
    return mails


class Kept:
    def __init__(self) -> None:
        self.mails: list[tuple[bool, str | None]] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        self.mails.append((session.ssl is not None, session.auth_data.login.decode() if session.auth_data else None))
        return "250 OK"


@dataclass
class Server:
    port: int
    kept: Kept = field(default_factory=Kept)


@contextmanager
def server(**options: Any) -> Iterator[Server]:
    kept = Kept()
    port = free_port(host="127.0.0.1")
    controller = Controller(kept, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE, **options)
    controller.start()
    try:
        yield Server(port, kept)
    finally:
        controller.stop()


# What a server of a test's own says

POLITE = {b"ehlo": b"250 here\r\n", b"mail": b"250 ok\r\n", b"rcpt": b"250 ok\r\n"}


def hear_line(caller: socket.socket) -> bytes:
    heard = b""
    while not heard.endswith(b"\n"):
        piece = caller.recv(1)
        if not piece:
            raise ConnectionResetError
        heard += piece
    return heard


def hear_content(caller: socket.socket) -> None:
    caller.sendall(b"354 go on\r\n")
    while hear_line(caller) != b".\r\n":
        pass
