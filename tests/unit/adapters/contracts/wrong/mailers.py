"""Mailers that each break one promise, as an honest mistake would."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from email.utils import make_msgid
from typing import Any

from consulting.adapters.contracts.mailer import read_mail
from consulting.adapters.memory import MemoryMailer
from consulting.application.ports.mailer import Mail, MailRefused, MailUnavailable, MailUncertain


class WritesHeadersAsTheyCome(MemoryMailer):
    """Puts the mail together as text, so that a line break in a subject is the end of that header."""

    def send(self, mail: Mail) -> None:
        super().send(mail)
        head = f"Message-ID: {mail.message_id}\r\nTo: {mail.to_name or ''} <{mail.to_address}>\r\n"
        body = f"Content-Type: text/plain; charset=utf-8\r\nSubject: {mail.subject}\r\n\r\n{mail.text}"
        arrived = read_mail((head + body).encode())
        self._delivered[-1] = replace(mail, text=arrived.text) if "\r\n" in mail.subject else self._delivered[-1]


class LosesTheMessageId(MemoryMailer):
    """Lets its library make the Message-ID."""

    def send(self, mail: Mail) -> None:
        super().send(replace(mail, message_id=make_msgid(domain="consulting.example")))


class LosesMails(MemoryMailer):
    """Takes a mail into a queue that nobody empties."""

    def send(self, mail: Mail) -> None:
        if not self.line.standing and mail.to_address == "kim@example.org":
            return
        super().send(mail)


class SendsTwice(MemoryMailer):
    """Repeats at once what it takes for lost."""

    def send(self, mail: Mail) -> None:
        super().send(mail)
        if not self.line.standing:
            super().send(mail)


class SwallowsRefusals(MemoryMailer):
    """Takes a refusal for somebody else's business."""

    def send(self, mail: Mail) -> None:
        with suppress(MailRefused):
            super().send(mail)


class CallsEveryRefusalPassing(MemoryMailer):
    """Lets the worker try for a day what will never be taken."""

    def send(self, mail: Mail) -> None:
        try:
            super().send(mail)
        except MailRefused:
            raise MailUnavailable from None


class CallsDoubtAFailure(MemoryMailer):
    """Says that a mail wasn't taken where nobody knows, so that a reminder is sent twice."""

    def send(self, mail: Mail) -> None:
        try:
            super().send(mail)
        except MailUncertain:
            raise MailUnavailable from None


class WritesAscii(MemoryMailer):
    """Knows no letters but those of English."""

    def send(self, mail: Mail) -> None:
        super().send(replace(mail, subject=mail.subject.encode("ascii", "replace").decode()))


class SendsFilesForInvitations(MemoryMailer):
    """Attaches the invitation without its method, so that no mail program takes it for one."""

    def send(self, mail: Mail) -> None:
        nothing: Any = None
        super().send(replace(mail, calendar_method=nothing))
