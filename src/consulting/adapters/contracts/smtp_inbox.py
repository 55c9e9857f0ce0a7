"""A real mail server with an inbox, on 127.0.0.1, for the suite of those mailers that speak SMTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any, Final, cast

import pytest
from aiosmtpd.smtp import SMTP

from consulting.adapters.contracts.mailer import MailerContract, read_mail
from consulting.application.ports.mailer import Mail

_PATIENCE: Final = 10.0


class SmtpInbox:
    """Takes mails over SMTP and keeps them; each trouble lasts as long as its block. Safe to share between threads."""

    host: Final = "127.0.0.1"

    def __init__(self) -> None:
        """Begin with an empty inbox, and nobody listening yet."""
        self.port = 0
        self._mails: list[Mail] = []
        self._trouble = ""
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._listener: asyncio.Server | None = None
        self._over = asyncio.Event()

    @contextmanager
    def running(self) -> Iterator[SmtpInbox]:
        """Listen on a port that is free, until the block ends."""
        self._thread.start()
        self._do(self._listen())
        try:
            yield self
        finally:
            self._do(self._stop())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_PATIENCE)
            self._loop.close()

    def received(self) -> Sequence[Mail]:
        """Give every mail that arrived, the oldest first, as each recipient got it, hidden ones included."""
        return tuple(self._mails)

    def refusing(self) -> AbstractContextManager[None]:
        """Refuse every recipient for good."""
        return self._suffering("550 5.1.1 no such mailbox here")

    def busy(self) -> AbstractContextManager[None]:
        """Take no recipient at the moment."""
        return self._suffering("450 4.2.1 try again later")

    def silent(self) -> AbstractContextManager[None]:
        """Never answer a recipient."""
        return self._suffering("silent")

    def answer_lost(self) -> AbstractContextManager[None]:
        """Keep the mail, and hang up before the answer."""
        return self._suffering("answer lost")

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Listen no more, and again on the same port at the end."""
        self._do(self._stop())
        yield
        self._do(self._listen())

    # aiosmtpd asks these

    async def handle_RCPT(self, server: SMTP, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 -- its name
        """Take a recipient."""
        if self._trouble[:1] in {"4", "5"}:
            return self._trouble
        if self._trouble == "silent":
            await self._over.wait()
            _hang_up(server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 -- its name
        """Keep a mail."""
        mail = read_mail(envelope.original_content)
        self._mails += [replace(mail, to_address=recipient) for recipient in envelope.rcpt_tos]
        if self._trouble == "answer lost":
            _hang_up(server)
        return "250 OK"

    @contextmanager
    def _suffering(self, trouble: str) -> Iterator[None]:
        self._trouble = trouble
        try:
            yield
        finally:
            self._trouble = ""
            self._do(self._end_silence())

    async def _end_silence(self) -> None:
        self._over.set()
        self._over = asyncio.Event()

    async def _listen(self) -> None:
        listening = socket.create_server((self.host, self.port))
        self.port = listening.getsockname()[1]
        self._listener = await self._loop.create_server(self._answer, sock=listening)

    async def _stop(self) -> None:
        if self._listener is not None:
            self._listener.close()
            await self._listener.wait_closed()
        self._over.set()
        for task in asyncio.all_tasks() - {cast(asyncio.Task[Any], asyncio.current_task())}:
            task.cancel()
        await asyncio.sleep(0)

    def _answer(self) -> SMTP:
        return SMTP(self, hostname="inbox.example.org", loop=self._loop, enable_SMTPUTF8=True)

    def _do(self, work: Any) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        done.result(_PATIENCE)


def _hang_up(server: SMTP) -> None:
    cast(asyncio.WriteTransport, server.transport).abort()


class SmtpMailerContract(MailerContract):
    """The whole port over a real SMTP inbox. The one fixture: `mailer`, which sends to `server.host`, `server.port`."""

    @pytest.fixture
    def server(self) -> Iterator[SmtpInbox]:
        """Give a mail server that listens."""
        with SmtpInbox().running() as inbox:
            yield inbox
