"""A conversation with a mail server that ends in time, and knows how far it came."""

from __future__ import annotations

import io
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, Final

_FIRST_DOT: Final = re.compile(rb"(?m)^\.")
_GO_AHEAD: Final = 354
_UNREADABLE: Final = -1
"""What smtplib makes of a reply that has no code."""


class AnswerLost(smtplib.SMTPException):
    """The whole mail was handed over, and the server's answer never came: it may have taken it."""


class Conversation(smtplib.SMTP):
    """One connection, from its first byte on encrypted where a context is given.

    No single wait is longer than `timeout` (in seconds), and none goes beyond `deadline`, an instant of the monotonic
    clock: a server that sends a byte now and then holds nobody up. Asking for the server's address isn't counted.
    """

    def __init__(
        self, *, host: str, port: int, name: str, tls: ssl.SSLContext | None, timeout: float, deadline: float
    ) -> None:
        """Connect, and hear the greeting. Raises SMTPException and OSError."""
        self._until = deadline
        self._tls = tls
        self.mails = 0
        # Our name is given: smtplib would otherwise ask the resolver, which can take longer than the mail.
        super().__init__(host, port, local_hostname=name, timeout=timeout)

    def go_on(self, *, deadline: float) -> None:
        """Give the conversation more time."""
        self._until = deadline

    def getreply(self) -> tuple[int, bytes]:
        """Hear what the server says. Raises SMTPException."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Heard(self.sock, self._wait))
        return super().getreply()

    def send(self, s: Any) -> None:
        """Say something. Raises SMTPException, and TimeoutError after the deadline."""
        if self.sock is not None:
            self.sock.settimeout(self._wait())
        super().send(s)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Hand over the mail, which is bytes that end a line. Raises SMTPException; AnswerLost is one of them."""
        self.putcmd("data")
        code, answer = self.getreply()
        if code != _GO_AHEAD:
            raise smtplib.SMTPDataError(code, answer)
        self.send(_FIRST_DOT.sub(b"..", msg) + b".\r\n")
        try:
            code, answer = self.getreply()
        except (smtplib.SMTPException, OSError) as lost:
            raise AnswerLost from lost
        if code == _UNREADABLE:
            raise AnswerLost
        self.mails += 1
        return code, answer

    def _wait(self) -> float:
        """Give how long the next wait may be. Raises TimeoutError."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the conversation took too long")
        return min(left, float(self.timeout))

    def _get_socket(self, host: str, port: int, _timeout: float) -> socket.socket:
        failure = OSError("the server has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            plain = socket.socket(family, kind, protocol)
            try:
                plain.settimeout(self._wait())
                plain.connect(address)
                return plain if self._tls is None else self._tls.wrap_socket(plain, server_hostname=host)
            except OSError as refused:
                plain.close()
                failure = refused
        raise failure


class _Heard(io.RawIOBase):
    """What comes over a socket; each piece may take as long as `wait` says at that moment."""

    def __init__(self, sock: socket.socket, wait: Callable[[], float]) -> None:
        self._sock = sock
        self._wait = wait

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._wait())
        return self._sock.recv_into(buffer)
