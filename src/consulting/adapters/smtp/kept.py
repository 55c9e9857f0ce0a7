"""Conversations that went well, kept for a moment: the next mail needs no connection and no login of its own."""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from consulting.adapters.smtp.conversation import Conversation

MOST_MAILS: Final = 50
"""After so many mails a conversation ends: servers give up on those that never do."""

FAREWELL_SECONDS: Final = 1.0


class Kept:
    """The conversations that nobody is in at the moment; each ends after `seconds`. Safe to share between threads.

    With no seconds none is kept.
    """

    def __init__(self, *, seconds: float) -> None:
        """Begin with none."""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._idle: list[tuple[float, Conversation]] = []
        self._timer: threading.Timer | None = None

    def take(self) -> Conversation | None:
        """Give the one that was used last, if there is any; its server may have ended it."""
        with self._lock:
            return self._idle.pop()[1] if self._idle else None

    def keep(self, conversation: Conversation) -> None:
        """Keep it for the next mail, or end it where it isn't to be kept."""
        if not self._seconds or conversation.mails >= MOST_MAILS:
            leave(conversation)
            return
        with self._lock:
            self._idle.append((time.monotonic() + self._seconds, conversation))
            self._look_again()

    def _look_again(self) -> None:
        if self._timer is None and self._idle:
            self._timer = threading.Timer(max(0.0, self._idle[0][0] - time.monotonic()), self._end_old_ones)
            self._timer.daemon = True
            self._timer.start()

    def _end_old_ones(self) -> None:
        for conversation in self._old_ones():
            leave(conversation)

    def _old_ones(self) -> Sequence[Conversation]:
        """Take out those whose time is over, the oldest of which stand first."""
        with self._lock:
            now = time.monotonic()
            old = [conversation for until, conversation in self._idle if until <= now]
            self._idle = [each for each in self._idle if each[0] > now]
            self._timer = None
            self._look_again()
        return old


def leave(conversation: Conversation) -> None:
    """End a conversation politely; what was handed over is taken already, so whatever goes wrong doesn't matter."""
    conversation.go_on(deadline=time.monotonic() + FAREWELL_SECONDS)
    with suppress(smtplib.SMTPException, OSError):
        conversation.quit()
    conversation.close()
