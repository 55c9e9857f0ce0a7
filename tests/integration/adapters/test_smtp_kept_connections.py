"""The SMTP adapter that keeps a connection for the next mail, and servers that end it at any point."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest

from consulting.adapters.smtp import SmtpMailer, kept
from consulting.application.ports.mailer import MailRefused, MailUnavailable, MailUncertain
from tests.integration.adapters.mail_servers import MAIL, POLITE, hear_content, hear_line, mailer_at
from tests.integration.instance import PATIENCE

Script = Callable[["Line"], None]


@dataclass
class Host:
    """A mail server: how each of its connections goes, and what it has heard on which."""

    port: int
    heard: list[list[str]] = field(default_factory=list)

    @property
    def mails(self) -> int:
        return sum(line.startswith("mail") for lines in self.heard for line in lines)


@dataclass
class Line:
    """One connection, from the server's side."""

    caller: socket.socket
    heard: list[str]

    def until(self, *words: str) -> str:
        """Answer politely until one of these is said."""
        while True:
            word = hear_line(self.caller).split()[0].split(b":")[0].lower()
            self.heard.append(word.decode())
            if word.decode() in words:
                return word.decode()
            self.say(POLITE.get(word, b"250 ok\r\n"))

    def take_mail(self, answer: bytes = b"250 taken\r\n") -> None:
        self.until("data")
        hear_content(self.caller)
        self.say(answer)

    def say(self, answer: bytes) -> None:
        self.caller.sendall(answer)


def take_all(line: Line) -> None:
    while line.until("data", "quit") == "data":
        hear_content(line.caller)
        line.say(b"250 taken\r\n")
    line.say(b"221 bye\r\n")


@contextmanager
def host(*scripts: Script) -> Iterator[Host]:
    """Run a server whose connections go by these scripts, one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        running = Host(listening.getsockname()[1])
        threads = [threading.Thread(target=_accept, args=(listening, running, scripts))]
        threads[0].start()
        try:
            yield running
        finally:
            threads[0].join(PATIENCE)


def _accept(listening: socket.socket, running: Host, scripts: tuple[Script, ...]) -> None:
    for script in scripts:
        with suppress(TimeoutError):
            caller, _ = listening.accept()
            line = Line(caller, [])
            running.heard.append(line.heard)
            with caller, suppress(OSError):
                caller.settimeout(PATIENCE)
                caller.sendall(b"220 here\r\n")
                script(line)


@contextmanager
def keeping(port: int) -> Iterator[SmtpMailer]:
    """Give a mailer that keeps a connection for as long as the block lasts, and then ends it as its timer does."""
    mailer = mailer_at(port).keeping_connections(seconds=PATIENCE)
    yield mailer
    mailer._kept._idle = [(time.monotonic(), conversation) for _, conversation in mailer._kept._idle]
    mailer._kept._end_old_ones()


def test_mails_share_a_connection_which_ends_politely() -> None:
    with host(take_all) as running, keeping(running.port) as mailer:
        for _ in range(3):
            mailer.send(MAIL)

    assert running.heard == [["ehlo", *["mail", "rcpt", "data"] * 3, "quit"]]


def test_a_connection_ends_by_itself_a_moment_after_the_last_mail() -> None:
    with host(take_all) as running:
        mailer_at(running.port).keeping_connections(seconds=0.2).send(MAIL)

    assert running.heard == [["ehlo", "mail", "rcpt", "data", "quit"]]


def test_after_many_mails_a_connection_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_MAILS", 2)
    with host(take_all, take_all) as running, keeping(running.port) as mailer:
        for _ in range(3):
            mailer.send(MAIL)

    assert [lines.count("mail") for lines in running.heard] == [2, 1]
    assert [lines[-1] for lines in running.heard] == ["quit", "quit"]


def ended_meanwhile(line: Line) -> None:
    line.take_mail()


def ended_at_the_next(line: Line) -> None:
    line.take_mail()
    line.until("mail")


def ended_at_its_content(line: Line) -> None:
    line.take_mail()
    line.until("data")


def says_good_bye(line: Line) -> None:
    line.take_mail()
    line.until("mail")
    line.say(b"421 enough for now\r\n")


def says_good_bye_late(line: Line) -> None:
    line.take_mail()
    line.until("rcpt")
    line.say(b"421 enough for now\r\n")


def takes_no_more(line: Line) -> None:
    line.take_mail()
    line.until("mail")
    line.say(b"452 too many mails in one connection\r\n")
    line.until("never said")


@pytest.mark.parametrize(
    "script",
    [ended_meanwhile, ended_at_the_next, ended_at_its_content, says_good_bye, says_good_bye_late, takes_no_more],
)
def test_what_the_server_ended_before_it_took_the_mail_is_begun_anew(script: Script) -> None:
    with host(script, take_all) as running, keeping(running.port) as mailer:
        mailer.send(MAIL)
        mailer.send(MAIL)

    assert len(running.heard) == 2
    assert running.heard[1] == ["ehlo", "mail", "rcpt", "data", "quit"]


def test_a_lost_answer_is_uncertain_and_nothing_is_sent_again_by_itself() -> None:
    def lose(line: Line) -> None:
        line.take_mail()
        line.take_mail(answer=b"")

    with host(lose) as running, keeping(running.port) as mailer:
        mailer.send(MAIL)
        with pytest.raises(MailUncertain):
            mailer.send(MAIL)

    assert (len(running.heard), running.mails) == (1, 2)


def test_a_refusal_is_about_the_mail_and_not_about_the_connection() -> None:
    def refuse(line: Line) -> None:
        line.take_mail()
        line.until("rcpt")
        line.say(b"550 nobody here\r\n")
        line.until("never said")

    with host(refuse, take_all) as running, keeping(running.port) as mailer:
        mailer.send(MAIL)
        with pytest.raises(MailRefused):
            mailer.send(MAIL)
        mailer.send(MAIL)

    assert [lines.count("mail") for lines in running.heard] == [2, 1]


def test_a_server_that_falls_silent_is_given_up_at_the_deadline_of_the_one_mail() -> None:
    given_up = threading.Event()

    def fall_silent(line: Line) -> None:
        line.take_mail()
        line.until("mail")
        given_up.wait(PATIENCE)

    with host(fall_silent) as running, keeping(running.port) as mailer:
        mailer.send(MAIL)
        began = time.monotonic()
        with pytest.raises(MailUnavailable):
            replace(mailer, deadline_seconds=1.5).send(MAIL)
        assert time.monotonic() - began < PATIENCE / 2
        given_up.set()


def test_two_at_once_have_a_connection_each() -> None:
    both = threading.Barrier(2, timeout=PATIENCE)

    def take_slowly(line: Line) -> None:
        both.wait()
        take_all(line)

    with host_of_two(take_slowly) as running, keeping(running.port) as mailer:
        senders = [threading.Thread(target=mailer.send, args=[MAIL]) for _ in range(2)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(PATIENCE)

    assert [lines.count("mail") for lines in running.heard] == [1, 1]


@contextmanager
def host_of_two(script: Script) -> Iterator[Host]:
    """Run a server with two connections at the same time."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        running = Host(listening.getsockname()[1])
        threads = [threading.Thread(target=_accept, args=(listening, running, (script,))) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield running
        finally:
            for thread in threads:
                thread.join(PATIENCE)
