"""A mail server as a plugin: its settings, and how mails are handed to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from consulting.entrypoints.plugin_declaration import Mails, Plugin, Surroundings
from consulting.entrypoints.settings_declaration import REQUIRED, variable
from consulting.entrypoints.settings_values import one_of, seconds, text, whole


class Tls(StrEnum):
    """How the connection to the mail server is kept private."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """What a mail server needs; who the mails are from is a setting of the program, since every mailer needs it."""

    host: str = variable(text, default=REQUIRED, sandbox="127.0.0.1", meaning="mail server")
    port: int = variable(
        whole(0, 65535), default="587", sandbox="{sandbox_smtp_port}", meaning="port of the mail server"
    )
    username: str = variable(text, default="", meaning="account at the mail server; empty: none")
    password: str = variable(text, default="", secret=True, meaning="its password")
    tls: Tls = variable(
        one_of(Tls), default="starttls", sandbox="none", meaning="`none`, `starttls`, or `tls` from the first byte"
    )
    timeout_seconds: float = variable(seconds, default="10", meaning="longest wait for the mail server")

    def refusals(self, *, production: bool) -> Iterator[tuple[str, str]]:
        """Refuse in production a port that no server has."""
        if production and not self.port:
            yield "port", "must not be 0 in production"


def open_mails(settings: SmtpSettings, surroundings: Surroundings) -> Mails:
    """Prepare the mail server; nothing is asked of it yet."""
    from consulting.adapters import smtp  # noqa: PLC0415 -- reading settings needs no adapter

    mailer = smtp.open_mailer(
        host=settings.host,
        port=settings.port,
        security=smtp.Security(settings.tls),
        username=settings.username,
        password=settings.password,
        sender=surroundings.sender,
        timeout_seconds=settings.timeout_seconds,
        clock=surroundings.clock,
    )
    return Mails(mailer=mailer.keeping_connections())


plugin = Plugin(port_version=1, settings=SmtpSettings, open=open_mails)
