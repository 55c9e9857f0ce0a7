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
from consulting.adapters.smtp.conversation import AnswerLost, Conversation
from consulting.adapters.smtp.message import write_message
from consulting.application.ports.clock import Clock
from consulting.application.ports.mailer import Mail, MailRefused, MailUnavailable, MailUncertain, SenderRefused
from consulting.domain.errors import ConsultingError

_log: Final = logging.getLogger(__name__)
_OURS_TO_MEND: Final = frozenset({530, 534, 535, 538})
"""Refused for want of a login: that is about our settings, not about this mail."""

LONGEST_SEND: Final = 40.0
"""How many seconds one mail may take in all: less than an errand may, so that its lease never passes to another."""


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
    deadline_seconds: float = LONGEST_SEND
    _password: str | None = field(default=None, repr=False)
    _tls: ssl.SSLContext | None = field(default=None, repr=False)

    def send(self, mail: Mail) -> None:
        """Hand it over. Raises MailRefused, MailUnavailable, SenderRefused or MailUncertain, and nothing else."""
        try:
            recipient = deliverable(mail.to_address)
            utf8 = needs_utf8(recipient)
            content = write_message(mail, sender=self.sender, recipient=recipient, at=self.clock.now())
        except (AddressRefused, ValueError) as error:
            # Nothing of it is told but its kind: the text may quote the reader's address.
            raise _told(MailRefused, mail, type(error).__name__) from None
        try:
            self._deliver(content, recipient=recipient, utf8=utf8)
        except (smtplib.SMTPException, OSError) as error:
            raise _told(_judge(error), mail, f"{type(error).__name__} {_code(error) or ''}".rstrip()) from None

    def knock(self) -> None:
        """Connect, log in and name our sender as for a mail, and leave. Raises MailUnavailable or SenderRefused."""
        try:
            server = self._connect()
            try:
                self._enter(server)
                server.ehlo_or_helo_if_needed()
                code, answer = server.mail(self.sender.addr_spec)
                if code >= 400:
                    raise smtplib.SMTPSenderRefused(code, answer, self.sender.addr_spec)
            finally:
                server.close()
        except (smtplib.SMTPException, OSError) as error:
            outcome = SenderRefused if _judge(error) is not MailUnavailable else MailUnavailable
            raise outcome(f"{type(error).__name__} {_code(error) or ''}".rstrip()) from None

    def _deliver(self, content: bytes, *, recipient: Address, utf8: bool) -> None:
        server = self._connect()
        try:
            self._enter(server)
            options = _utf8_options(server) if utf8 else []
            server.sendmail(self.sender.addr_spec, [recipient.addr_spec], content, mail_options=options)
        except BaseException:
            server.close()
            raise
        with suppress(smtplib.SMTPException, OSError):  # it is taken already
            server.quit()
        server.close()

    def _connect(self) -> Conversation:
        return Conversation(
            host=self.host,
            port=self.port,
            name=self.sender.domain,
            tls=self._tls if self.security is Security.TLS else None,
            timeout=self.timeout_seconds,
            deadline=self.deadline_seconds,
        )

    def _enter(self, server: smtplib.SMTP) -> None:
        """Encrypt and log in as the settings say; never in the clear where they ask for encryption."""
        if self.security is Security.STARTTLS:
            server.starttls(context=self._tls)
        if self.username:
            server.login(self.username, self._password or "")


class _NoUtf8(smtplib.SMTPException):
    """The server can't reach an address outside ASCII."""


def _utf8_options(server: smtplib.SMTP) -> list[str]:
    server.ehlo_or_helo_if_needed()
    if not server.has_extn("smtputf8"):
        raise _NoUtf8
    return ["SMTPUTF8"]


def _told(outcome: type[ConsultingError], mail: Mail, why: str) -> ConsultingError:
    _log.info("mail %s: %s (%s)", mail.message_id, outcome.code, why)
    return outcome(why)


def _judge(error: smtplib.SMTPException | OSError) -> type[ConsultingError]:
    """Tell refusals of this mail (5xx to its reader or its content) from those of us, and both from mere trouble."""
    if isinstance(error, AnswerLost):
        return MailUncertain
    if isinstance(error, (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError)):
        return SenderRefused
    code = _code(error) or 0
    if isinstance(error, _NoUtf8):
        return MailRefused
    if code < 500:
        return MailUnavailable
    about_this_mail = isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError))
    return MailRefused if about_this_mail and code not in _OURS_TO_MEND else SenderRefused


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

    No wait within a delivery is longer than `timeout_seconds`, and no delivery than LONGEST_SEND. Certificates are
    checked against the system's authorities. Raises ValueError for a sender that is no address.
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
