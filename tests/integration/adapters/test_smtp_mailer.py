"""The SMTP adapter over real sockets: the sandbox's inbox with its faults, and servers that want TLS or a login."""

from __future__ import annotations

import base64
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from consulting.adapters.smtp import Security, SmtpMailer, open_mailer
from consulting.adapters.smtp.mailer import LONGEST_SEND
from consulting.application.errands import LEASE, LONGEST_ERRAND
from consulting.application.ports.mailer import Mail, MailRefused, MailUnavailable, MailUncertain, SenderRefused

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
        "timeout_seconds": 1.0,
        "clock": StoppedClock(),
    }
    return open_mailer(**{**plain, **changes})


@pytest.fixture
def mailer(outside: Any) -> SmtpMailer:
    return mailer_at(outside.sandbox.smtp_port)


def arrived(outside: Any) -> list[dict[str, Any]]:
    mails: list[dict[str, Any]] = outside.get("/mail")["mails"]
    return mails


def test_a_mail_arrives_whole(mailer: SmtpMailer, outside: Any) -> None:
    mailer.send(MAIL)
    (mail,) = arrived(outside)
    assert (mail["from"], mail["to"]) == ("sessions@consulting.example", ["kim@example.net"])
    assert mail["subject"] == "Bestätigt"
    assert mail["text"].strip() == "Grüße"
    assert mail["html"].strip() == "<p>Grüße</p>"
    assert [each["content_type"] for each in mail["attachments"]] == ["text/calendar", "application/ics"]
    assert base64.b64decode(mail["attachments"][1]["content"]) == ICS
    assert mail["headers"]["message-id"] == MAIL.message_id
    assert mail["headers"]["date"] == "Sun, 01 Nov 2026 14:00:00 +0000"


def test_an_international_domain_is_reached_in_ascii(mailer: SmtpMailer, outside: Any) -> None:
    mailer.send(replaced(to_address="kim@bücher.example"))
    assert arrived(outside)[0]["to"] == ["kim@xn--bcher-kva.example"]


def test_an_address_outside_ascii_is_reached_where_the_server_takes_it(mailer: SmtpMailer, outside: Any) -> None:
    mailer.send(replaced(to_address="küm@example.net"))
    assert arrived(outside)[0]["to"] == ["küm@example.net"]


def test_what_is_no_address_is_refused_without_asking(mailer: SmtpMailer, outside: Any) -> None:
    for address in ("nobody", "kim@example.net\r\nRCPT TO:<evil@example.com>", "a@b.example, c@d.example"):
        with pytest.raises(MailRefused):
            mailer.send(replaced(to_address=address))
    assert arrived(outside) == []


@pytest.mark.parametrize(
    ("operation", "code", "outcome"),
    [
        ("rcpt", 550, MailRefused),
        ("rcpt", 450, MailUnavailable),
        ("data", 554, MailRefused),
        ("data", 451, MailUnavailable),
        ("connect", 421, MailUnavailable),
        ("connect", 554, SenderRefused),
    ],
)
def test_what_the_server_says_decides_whether_to_try_again(
    mailer: SmtpMailer, outside: Any, operation: str, code: int, outcome: type[Exception]
) -> None:
    outside.fault("smtp", "refuse", operation, value=code)
    with pytest.raises(outcome):
        mailer.send(MAIL)
    mailer.send(MAIL)
    assert len(arrived(outside)) == 1


def test_a_hanging_server_is_given_up_within_seconds(mailer: SmtpMailer, outside: Any) -> None:
    outside.fault("smtp", "hang", "data", value=3)
    began = time.monotonic()
    with pytest.raises(MailUncertain):
        mailer.send(MAIL)
    assert time.monotonic() - began < 2.5


def test_a_lost_answer_is_uncertain_and_the_repeat_has_the_same_name(mailer: SmtpMailer, outside: Any) -> None:
    outside.fault("smtp", "drop_answer", "data")
    with pytest.raises(MailUncertain):
        mailer.send(MAIL)
    mailer.send(MAIL)
    assert [mail["headers"]["message-id"] for mail in arrived(outside)] == [MAIL.message_id] * 2


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(MailUnavailable):
        mailer_at(free_port()).send(MAIL)
    with pytest.raises(MailUnavailable):
        mailer_at(25, host="nobody.invalid").send(MAIL)


def test_no_address_and_no_password_reaches_the_log(
    mailer: SmtpMailer, outside: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outside.fault("smtp", "refuse", "rcpt", value=550)
    with pytest.raises(MailRefused) as refused:
        mailer.send(MAIL)
    logged = "\n".join(each.getMessage() for each in caplog.records if each.name.startswith("consulting.adapters"))
    assert "kim@example.net" not in f"{logged} {refused.value!r} {refused.value.__cause__!r}"
    assert "550" in logged
    assert "hush" not in repr(mailer_at(25, username="u", password="hush"))


def test_a_sender_that_is_no_address_is_found_at_the_start() -> None:
    with pytest.raises(ValueError, match="not a mail address"):
        mailer_at(25, sender="Consulting")


# TLS and logins


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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return file


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def server(**options: Any) -> Iterator[Server]:
    kept = Kept()
    port = free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield Server(port, kept)
    finally:
        controller.stop()


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def login(*, right: bool) -> Callable[..., AuthResult]:
    def check(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=right and data.password == b"hush", handled=True, auth_data=data)

    return check


def test_starttls_and_a_login(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with server(tls_context=tls(certificate), require_starttls=True, authenticator=login(right=True)) as running:
        mailer_at(running.port, security=Security.STARTTLS, username="me", password="hush").send(MAIL)
        assert running.kept.mails == [(True, "me")]


def test_tls_from_the_first_byte(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with server(ssl_context=tls(certificate)) as running:
        mailer_at(running.port, security=Security.TLS).send(MAIL)
        assert len(running.kept.mails) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate: Path) -> None:
    with server(tls_context=tls(certificate)) as running:
        with pytest.raises(SenderRefused):
            mailer_at(running.port, security=Security.STARTTLS).send(MAIL)
        assert running.kept.mails == []


def test_nothing_is_sent_in_the_clear_where_tls_is_asked_for(outside: Any) -> None:
    for address in (MAIL.to_address, "küm@example.net"):
        with pytest.raises(SenderRefused):
            mailer_at(outside.sandbox.smtp_port, security=Security.STARTTLS).send(replaced(to_address=address))
    with pytest.raises(MailUnavailable):
        mailer_at(outside.sandbox.smtp_port, security=Security.TLS).send(MAIL)
    assert arrived(outside) == []


def test_a_wrong_login_is_for_us_to_mend_so_mails_wait(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with server(tls_context=tls(certificate), authenticator=login(right=False), auth_required=True) as running:
        with pytest.raises(MailUnavailable):
            mailer_at(running.port, security=Security.STARTTLS, username="me", password="wrong").send(MAIL)
        with pytest.raises(SenderRefused):
            mailer_at(running.port, security=Security.STARTTLS).send(MAIL)
        assert running.kept.mails == []


def test_a_server_without_smtputf8_refuses_an_address_outside_ascii_for_good() -> None:
    with server(enable_SMTPUTF8=False) as running:
        with pytest.raises(MailRefused):
            mailer_at(running.port).send(replaced(to_address="küm@example.net"))
        mailer_at(running.port).send(replaced(to_address="kim@bücher.example"))
        assert len(running.kept.mails) == 1


# Servers that behave badly


@contextmanager
def badly(behave: Callable[[socket.socket], object]) -> Iterator[int]:
    """Run a server that behaves like this towards one caller, and give its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)

        def serve() -> None:
            caller, _ = listening.accept()
            with caller, suppress(OSError):
                caller.settimeout(20)
                behave(caller)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            thread.join(20)


def hear_line(caller: socket.socket) -> bytes:
    heard = b""
    while not heard.endswith(b"\n"):
        piece = caller.recv(1)
        if not piece:
            raise ConnectionResetError
        heard += piece
    return heard


def drip(caller: socket.socket, *, first: bytes = b"220-", seconds: float = 6) -> None:
    """Say one byte after the other, each well before anybody would give up, and never end the line."""
    caller.sendall(first)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.3)
        caller.sendall(b"x")


def converse(caller: socket.socket, answers: Mapping[bytes, bytes]) -> bytes:
    """Answer what is said by its first word, until something else is said, and give that."""
    caller.sendall(b"220 here\r\n")
    while True:
        line = hear_line(caller)
        answer = answers.get(line.split()[0].split(b":")[0].lower())
        if answer is None:
            return line
        caller.sendall(answer)


POLITE = {b"ehlo": b"250 here\r\n", b"mail": b"250 ok\r\n", b"rcpt": b"250 ok\r\n"}


def hear_content(caller: socket.socket) -> None:
    caller.sendall(b"354 go on\r\n")
    while hear_line(caller) != b".\r\n":
        pass


def test_a_server_that_drips_is_given_up_at_the_deadline() -> None:
    began = time.monotonic()
    with badly(drip) as port, pytest.raises(MailUnavailable):
        replace(mailer_at(port), deadline_seconds=1.5).send(MAIL)
    assert time.monotonic() - began > 1.4  # it was no single wait that ended it

    with badly(drip) as port:
        began = time.monotonic()
        with pytest.raises(MailUnavailable):
            replace(mailer_at(port), deadline_seconds=1.5).send(MAIL)
        assert time.monotonic() - began < 2.5


def test_what_drips_in_after_the_mail_was_handed_over_leaves_it_uncertain() -> None:
    def behave(caller: socket.socket) -> None:
        converse(caller, POLITE)
        hear_content(caller)
        drip(caller, first=b"250-")

    with badly(behave) as port, pytest.raises(MailUncertain):
        replace(mailer_at(port), deadline_seconds=1.5).send(MAIL)


def test_a_connection_that_ends_before_the_mail_was_handed_over_leaves_no_doubt() -> None:
    for behave in (hear_line, lambda caller: converse(caller, POLITE)):
        with badly(behave) as port, pytest.raises(MailUnavailable):
            mailer_at(port).send(MAIL)


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n"])
def test_a_connection_that_ends_after_the_mail_was_handed_over_leaves_doubt(answer: bytes) -> None:
    def behave(caller: socket.socket) -> None:
        converse(caller, POLITE)
        hear_content(caller)
        caller.sendall(answer)

    with badly(behave) as port, pytest.raises(MailUncertain):
        mailer_at(port).send(MAIL)


def test_a_sender_that_is_refused_is_for_us_to_mend_and_no_mail_is_buried_for_it() -> None:
    refusing = {**POLITE, b"mail": b"553 we don't know you\r\n", b"rset": b"250 ok\r\n", b"quit": b"221 bye\r\n"}
    refused = pytest.raises(SenderRefused, match="553")
    with badly(lambda caller: converse(caller, refusing)) as port, refused:
        mailer_at(port).send(MAIL)


def test_no_mail_takes_as_long_as_its_errand_may() -> None:
    assert LONGEST_SEND < LONGEST_ERRAND.total_seconds() < LEASE.total_seconds()


def replaced(**changes: Any) -> Mail:
    return replace(MAIL, **changes)
