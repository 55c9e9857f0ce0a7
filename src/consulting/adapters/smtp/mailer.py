"""The port Mailer over SMTP: what the server says decides whether a mail is tried again."""

from __future__ import annotations

import logging
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from enum import StrEnum
from typing import Final

from consulting.adapters.smtp.addresses import AddressRefused, deliverable, display_name, needs_utf8
from consulting.adapters.smtp.message import write_message
from consulting.application.ports.clock import Clock
from consulting.application.ports.mailer import Mail, MailRefused, MailUnavailable
from consulting.domain.errors import ConsultingError

_log: Final = logging.getLogger(__name__)
_OURS_TO_MEND: Final = frozenset({530, 534, 535, 538})
"""Refused for want of a login: that is about our settings, not about this mail."""


class Security(StrEnum):
    """How the connection is kept private: not at all, after a greeting in the clear, or from the first byte."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMailer:
    """Hands mails to one mail server, a connection each. Build it with `open_mailer`; safe to share between threads."""

    host: str
    port: int
    security: Security
    sender: Address
    timeout_seconds: float
    clock: Clock
    username: str | None = None
    _password: str | None = field(default=None, repr=False)
    _tls: ssl.SSLContext | None = field(default=None, repr=False)

    def send(self, mail: Mail) -> None:
        """Hand it over. Raises MailRefused (never try again) or MailUnavailable (try again later), and nothing else."""
        try:
            recipient = deliverable(mail.to_address)
            utf8 = needs_utf8(recipient)
            content = write_message(mail, sender=self.sender, recipient=recipient, at=self.clock.now())
        except (AddressRefused, ValueError) as error:
            # Nothing of it is logged but its kind: the text may quote the reader's address.
            raise self._told(MailRefused(), mail, type(error).__name__) from None
        try:
            self._deliver(content, recipient=recipient, utf8=utf8)
        except smtplib.SMTPNotSupportedError:
            raise self._told(MailRefused() if utf8 else MailUnavailable(), mail, "not supported") from None
        except (smtplib.SMTPException, OSError) as error:
            raise self._told(_judge(error), mail, f"{type(error).__name__} {_code(error) or ''}".rstrip()) from None

    def _deliver(self, content: bytes, *, recipient: Address, utf8: bool) -> None:
        server = self._connect()
        try:
            self._enter(server)
            server.sendmail(
                self.sender.addr_spec, [recipient.addr_spec], content, mail_options=["SMTPUTF8"] if utf8 else []
            )
        except BaseException:
            server.close()
            raise
        with suppress(smtplib.SMTPException, OSError):  # it is taken already
            server.quit()
        server.close()

    def _connect(self) -> smtplib.SMTP:
        # Our name is given: smtplib would otherwise ask the resolver, which can take longer than the mail.
        name = self.sender.domain
        if self.security is Security.TLS:
            return smtplib.SMTP_SSL(
                self.host, self.port, local_hostname=name, timeout=self.timeout_seconds, context=self._tls
            )
        return smtplib.SMTP(self.host, self.port, local_hostname=name, timeout=self.timeout_seconds)

    def _enter(self, server: smtplib.SMTP) -> None:
        """Encrypt and log in as the settings say; never in the clear where they ask for encryption."""
        if self.security is Security.STARTTLS:
            server.starttls(context=self._tls)
        if self.username:
            server.login(self.username, self._password or "")

    def _told(self, outcome: ConsultingError, mail: Mail, why: str) -> ConsultingError:
        _log.warning("mail %s: %s (%s)", mail.message_id, outcome.code, why)
        return outcome


def _judge(error: smtplib.SMTPException | OSError) -> ConsultingError:
    """Tell refusals of this mail (5xx to its sender, its reader or its content) from everything else."""
    kinds = (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
    code = _code(error)
    final = isinstance(error, kinds) and code is not None and code >= 500 and code not in _OURS_TO_MEND
    return MailRefused() if final else MailUnavailable()


def _code(error: Exception) -> int | None:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next((code for code, _ in error.recipients.values()), None)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None


def open_mailer(
    *,
    host: str,
    port: int,
    security: Security,
    username: str | None,
    password: str | None,
    sender: str,
    timeout_seconds: float,
    clock: Clock,
) -> SmtpMailer:
    """Build the mailer without connecting; `sender` is an address, or `Name <address>`.

    No wait within a delivery is longer than `timeout_seconds`. Certificates are checked against the system's
    authorities. Raises ValueError for a sender that is no address.
    """
    name, address = parseaddr(sender)
    known = deliverable(address)
    return SmtpMailer(
        host=host,
        port=port,
        security=security,
        sender=Address(display_name=display_name(name), username=known.username, domain=known.domain),
        timeout_seconds=timeout_seconds,
        clock=clock,
        username=username or None,
        _password=password or None,
        _tls=None if security is Security.NONE else ssl.create_default_context(),
    )
