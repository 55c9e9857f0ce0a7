"""A mail as bytes (RFC 5322): text and HTML side by side, and the invitation both inside and attached."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from consulting.adapters.smtp.addresses import display_name
from consulting.application.ports.mailer import Mail

_SEVEN_BIT: Final = SMTP.clone(cte_type="7bit")
"""Servers on the way may know no eight-bit lines, so bodies are encoded."""

_EIGHT_BIT_HEADERS: Final = _SEVEN_BIT.clone(utf8=True)


def write_message(mail: Mail, *, sender: Address, recipient: Address, at: datetime, utf8: bool) -> bytes:
    """Write the mail. `utf8` allows headers outside ASCII, which an address before the @ may need."""
    message = EmailMessage(policy=_EIGHT_BIT_HEADERS if utf8 else _SEVEN_BIT)
    message["From"] = sender
    message["To"] = Address(
        display_name=display_name(mail.to_name), username=recipient.username, domain=recipient.domain
    )
    message["Subject"] = _one_line(mail.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = _one_line(mail.message_id)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    if mail.calendar is not None:
        _add_calendar(message, mail.calendar, method=mail.calendar_method or "REQUEST")
    return message.as_bytes()


def _add_calendar(message: EmailMessage, calendar: bytes, *, method: str) -> None:
    """Put it in twice: as an alternative, which calendars act upon, and as a file for all others."""
    message.add_alternative(calendar.decode(), subtype="calendar", params={"method": method})
    message.add_attachment(calendar, maintype="application", subtype="ics", filename="invite.ics")


def _one_line(text: str) -> str:
    kept = (" " if each.isspace() else each for each in text if unicodedata.category(each) != "Cs")
    return "".join(each for each in kept if unicodedata.category(each) != "Cc").strip()
