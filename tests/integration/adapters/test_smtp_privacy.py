"""The SMTP adapter where mails must travel encrypted, or after a login."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from consulting.adapters.smtp import Security
from consulting.application.ports.mailer import MailRefused, MailUnavailable, SenderRefused
from tests.integration.adapters.mail_servers import MAIL, arrived, mailer_at, replaced, server


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


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def login(*, right: bool) -> Callable[..., AuthResult]:
    def check(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = right and data.password == b"hush"
        return AuthResult(success=good, handled=good, auth_data=data)  # what isn't handled is refused by the server

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
