"""A mail as bytes (RFC 5322): text and HTML side by side, and the invitation both inside and attached.

Python's newer header classes lose spaces where they fold long headers outside ASCII, so headers are encoded and folded
by its older ones, which don't; the newer ones write what stands below the headers.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, quote
from typing import Final

from consulting.adapters.smtp.addresses import display_name
from consulting.application.ports.mailer import Mail

_SEVEN_BIT: Final = SMTP.clone(cte_type="7bit")
"""Servers on the way may know no eight-bit lines, so bodies are encoded."""

_LINE: Final = 76
_LONGEST_WORD: Final = 60
_NEEDS_NO_QUOTES: Final = frozenset("!#$%&'*+-/=?^_`{|}~ ")


def write_message(mail: Mail, *, sender: Address, recipient: Address, at: datetime) -> bytes:
    """Write the mail; only an address outside ASCII before its @ is written as it is, for servers that take it."""
    headers = {
        "From": _mailbox("From", sender.display_name, sender),
        "To": _mailbox("To", display_name(mail.to_name), recipient),
        "Subject": _folded("Subject", _one_line(mail.subject)),
        "Date": format_datetime(at),
        "Message-ID": _one_line(mail.message_id),
        "Auto-Submitted": "auto-generated",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return lines.encode() + _body(mail).as_bytes()


def _mailbox(header: str, name: str, address: Address) -> str:
    if not name:
        return address.addr_spec
    if not _is_plain(name):
        return f"{_folded(header, name)}\r\n <{address.addr_spec}>"
    bare = all(each.isalnum() or each in _NEEDS_NO_QUOTES for each in name)
    written = name if bare else f'"{quote(name)}"'
    return f"{written}\r\n <{address.addr_spec}>"


def _folded(header: str, text: str) -> str:
    charset = "us-ascii" if _is_plain(text) else "utf-8"
    return Header(text, charset, maxlinelen=_LINE, header_name=header).encode(linesep="\r\n")


def _is_plain(text: str) -> bool:
    """Tell whether it can stand as it is: ASCII in short words that nobody would take for an encoded one."""
    return text.isascii() and "=?" not in text and all(len(word) <= _LONGEST_WORD for word in text.split())


def _body(mail: Mail) -> EmailMessage:
    body = EmailMessage(policy=_SEVEN_BIT)
    body.set_content(mail.text)
    body.add_alternative(mail.html, subtype="html")
    if mail.calendar is not None:
        _add_calendar(body, mail.calendar, method=mail.calendar_method or "REQUEST")
    return body


def _add_calendar(body: EmailMessage, calendar: bytes, *, method: str) -> None:
    """Put it in twice: as an alternative, which calendars act upon, and as a file for all others."""
    body.add_alternative(calendar.decode(), subtype="calendar", params={"method": method})
    body.add_attachment(calendar, maintype="application", subtype="ics", filename="invite.ics")


def _one_line(text: str) -> str:
    kept = (" " if each.isspace() else each for each in text if unicodedata.category(each) != "Cs")
    return "".join(each for each in kept if unicodedata.category(each) != "Cc").strip()
