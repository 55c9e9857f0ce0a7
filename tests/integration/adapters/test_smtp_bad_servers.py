"""The SMTP adapter against servers that drip, hang up, talk nonsense or turn us away."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from consulting.adapters.smtp.mailer import LONGEST_SEND
from consulting.application.errands import LEASE, LONGEST_ERRAND
from consulting.application.ports.mailer import MailUnavailable, MailUncertain, SenderRefused
from tests.integration.adapters.mail_servers import MAIL, POLITE, hear_content, hear_line, mailer_at
from tests.integration.instance import PATIENCE


@contextmanager
def badly(behave: Callable[[socket.socket], object]) -> Iterator[int]:
    """Run a server that behaves like this towards one caller, and give its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)

        def serve() -> None:
            caller, _ = listening.accept()
            with caller, suppress(OSError):
                caller.settimeout(PATIENCE)
                behave(caller)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            thread.join(PATIENCE)


def drip(caller: socket.socket, *, first: bytes = b"220-", seconds: float = PATIENCE / 2) -> None:
    """Say one byte after the other, each well before anybody would give up, and never end the line.

    That ends with the connection.
    """
    caller.sendall(first)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.3)
        caller.sendall(b"x")


def converse(caller: socket.socket, answers: Mapping[bytes, bytes]) -> bytes:
    """Answer what is said by its first word, until something else is said, and give that."""
    caller.sendall(b"220 here\r\n")
    while True:
        line = hear_line(caller)
        answer = answers.get(line.split()[0].split(b":")[0].lower())
        if answer is None:
            return line
        caller.sendall(answer)


def test_a_server_that_drips_is_given_up_at_the_deadline() -> None:
    began = time.monotonic()
    with badly(drip) as port, pytest.raises(MailUnavailable):
        replace(mailer_at(port), deadline_seconds=1.5).send(MAIL)
    assert time.monotonic() - began > 1.4  # it was no single wait that ended it

    with badly(drip) as port:
        began = time.monotonic()
        with pytest.raises(MailUnavailable):
            replace(mailer_at(port), deadline_seconds=1.5).send(MAIL)
        assert time.monotonic() - began < PATIENCE / 4


def test_what_drips_in_after_the_mail_was_handed_over_leaves_it_uncertain() -> None:
    def behave(caller: socket.socket) -> None:
        converse(caller, POLITE)
        hear_content(caller)
        drip(caller, first=b"250-")

    with badly(behave) as port, pytest.raises(MailUncertain):
        replace(mailer_at(port), deadline_seconds=5.0).send(MAIL)  # some of it for handing it over


def test_a_connection_that_ends_before_the_mail_was_handed_over_leaves_no_doubt() -> None:
    hang_up: Callable[[socket.socket], object] = lambda _: None  # noqa: E731 -- one of several
    for behave in (hang_up, lambda caller: converse(caller, POLITE)):
        with badly(behave) as port, pytest.raises(MailUnavailable):
            mailer_at(port).send(MAIL)


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n"])
def test_a_connection_that_ends_after_the_mail_was_handed_over_leaves_doubt(answer: bytes) -> None:
    def behave(caller: socket.socket) -> None:
        converse(caller, POLITE)
        hear_content(caller)
        caller.sendall(answer)

    with badly(behave) as port, pytest.raises(MailUncertain):
        mailer_at(port).send(MAIL)


def test_a_sender_that_is_refused_is_for_us_to_mend_and_no_mail_is_buried_for_it() -> None:
    refusing = {**POLITE, b"mail": b"553 we don't know you\r\n", b"rset": b"250 ok\r\n", b"quit": b"221 bye\r\n"}
    refused = pytest.raises(SenderRefused, match="553")
    with badly(lambda caller: converse(caller, refusing)) as port, refused:
        mailer_at(port).send(MAIL)


def test_no_mail_takes_as_long_as_its_errand_may() -> None:
    assert LONGEST_SEND < LONGEST_ERRAND.total_seconds() < LEASE.total_seconds()
