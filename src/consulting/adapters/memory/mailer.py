"""A mail server in memory, and the inboxes behind it."""

from __future__ import annotations

import re
from dataclasses import replace
from threading import Lock

from consulting.adapters.memory.provider_line import ProviderLine, Trouble
from consulting.application.ports.mailer import Mail, MailRefused, MailUnavailable, MailUncertain

_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f]+@[^\s@<>,;:\"()\[\]\\\x00-\x1f]+")


class MemoryMailer:
    """Delivers mails into a list; safe to share between threads. `line` makes sending fail.

    REFUSED refuses a mail for good, DOWN doesn't take it, ANSWER_LOST takes it and doesn't say so.
    """

    def __init__(self) -> None:
        """Begin with empty inboxes."""
        self.line = ProviderLine()
        self._delivered: list[Mail] = []
        self._lock = Lock()

    def send(self, mail: Mail) -> None:
        """Deliver the mail. Raises MailRefused, MailUnavailable or MailUncertain."""
        with self._lock:
            trouble = self.line.next()
            if trouble is Trouble.DOWN:
                raise MailUnavailable
            if trouble is Trouble.REFUSED or not _ADDRESS.fullmatch(mail.to_address):
                raise MailRefused
            self._delivered.append(replace(mail, subject=_one_line(mail.subject)))
            if trouble is Trouble.ANSWER_LOST:
                raise MailUncertain

    @property
    def delivered(self) -> tuple[Mail, ...]:
        """Every mail that arrived, the oldest first; a repeated one is there twice."""
        return tuple(self._delivered)


def _one_line(text: str) -> str:
    return " ".join(text.split())
