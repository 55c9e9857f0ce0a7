"""The port Mailer over SMTP: what the server says decides whether a mail is tried again."""

from __future__ import annotations

import logging
import smtplib
import ssl
import time
from dataclasses import dataclass, field, replace
from email.headerregistry import Address
from email.utils import parseaddr
from enum import StrEnum
from typing import Final

from consulting.adapters.smtp.addresses import AddressRefused, deliverable, display_name, needs_utf8
from consulting.adapters.smtp.conversation import AnswerLost, Conversation
from consulting.adapters.smtp.kept import Kept
from consulting.adapters.smtp.message import write_message
from consulting.application.ports.clock import Clock
from consulting.application.ports.mailer import Mail, MailRefused, MailUnavailable, MailUncertain, SenderRefused
from consulting.domain.errors import ConsultingError

_log: Final = logging.getLogger(__name__)
_OURS_TO_MEND: Final = frozenset({530, 534, 535, 538})
"""Refused for want of a login: that is about our settings, not about this mail."""

_GOOD_BYE: Final = 421

KEPT_SECONDS: Final = 2.0
"""How long a connection waits for the next mail."""

LONGEST_SEND: Final = 40.0
"""How many seconds one mail may take in all: less than an errand may, so that its lease never passes to another."""


class Security(StrEnum):
    """How the connection is kept private: not at all, after a greeting in the clear, or from the first byte."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMailer:
    """Hands mails to one mail server. Build it with `open_mailer`; safe to share between threads."""

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
    _kept: Kept = field(default_factory=lambda: Kept(seconds=0), repr=False, compare=False)

    def keeping_connections(self, *, seconds: float = KEPT_SECONDS) -> SmtpMailer:
        """Give the same mailer, but a connection that a mail went well over waits so long for the next one."""
        return replace(self, _kept=Kept(seconds=seconds))

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
            server = self._connect(deadline=self._deadline())
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
        deadline, kept = self._deadline(), self._kept.take()
        if kept is not None:
            kept.go_on(deadline=deadline)
            try:
                self._hand_over(kept, content, recipient=recipient, utf8=utf8)
            except (smtplib.SMTPException, OSError) as error:
                if not _was_over(error):
                    raise
            else:
                return
        self._hand_over(self._connect(deadline=deadline), content, recipient=recipient, utf8=utf8)

    def _hand_over(self, server: Conversation, content: bytes, *, recipient: Address, utf8: bool) -> None:
        try:
            if not server.mails:
                self._enter(server)
            options = _utf8_options(server) if utf8 else []
            server.sendmail(self.sender.addr_spec, [recipient.addr_spec], content, mail_options=options)
        except BaseException:
            server.close()
            raise
        self._kept.keep(server)

    def _deadline(self) -> float:
        return time.monotonic() + self.deadline_seconds

    def _connect(self, *, deadline: float) -> Conversation:
        return Conversation(
            host=self.host,
            port=self.port,
            name=self.sender.domain,
            tls=self._tls if self.security is Security.TLS else None,
            timeout=self.timeout_seconds,
            deadline=deadline,
        )

    def _enter(self, server: smtplib.SMTP) -> None:
        """Encrypt and log in as the settings say; never in the clear where they ask for encryption."""
        if self.security is Security.STARTTLS:
            server.starttls(context=self._tls)
        if self.username:
            server.login(self.username, self._password or "")


class _NoUtf8(smtplib.SMTPException):
    """The server can't reach an address outside ASCII."""


def _was_over(error: smtplib.SMTPException | OSError) -> bool:
    """Tell whether the server had ended the conversation before it took anything of this mail."""
    if isinstance(error, smtplib.SMTPSenderRefused):
        return error.smtp_code < 500
    return isinstance(error, (smtplib.SMTPServerDisconnected, ConnectionError)) or _code(error) == _GOOD_BYE


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
