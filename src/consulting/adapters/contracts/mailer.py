"""What a mail server's adapter has to do: subclass MailerContract, and provide `mailer` and `server`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from functools import partial
from typing import Any, Protocol

import pytest

from consulting.adapters.contracts.contract import Contract, missing
from consulting.adapters.contracts.outside import in_time
from consulting.adapters.contracts.turns import at_once
from consulting.application.ports.mailer import Mail, Mailer, MailRefused, MailUnavailable, MailUncertain

_LINES = ("BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT", "SUMMARY:Zoë 王", "END:VEVENT", "END:VCALENDAR")
CALENDAR = "".join(f"{line}\r\n" for line in _LINES).encode()
NO_ADDRESS = ("", "nobody", "two words@example.org", "a@b@example.org", "kim@example.org\r\nBcc: eve@example.org", "<>")


class MailServer(Protocol):
    """The mail server behind the adapter, and the inboxes behind that; each trouble lasts as long as its block."""

    def received(self) -> Sequence[Mail]:
        """Give every mail that arrived, the oldest first; `read_mail` makes one of raw bytes."""

    def refusing(self) -> AbstractContextManager[None]:
        """Let the server refuse every mail for good (in SMTP: 5xx)."""

    def busy(self) -> AbstractContextManager[None]:
        """Let the server take no mail at the moment (in SMTP: 4xx)."""

    def unreachable(self) -> AbstractContextManager[None]:
        """Let nobody listen there."""

    def silent(self) -> AbstractContextManager[None]:
        """Let the server take connections and never answer."""

    def answer_lost(self) -> AbstractContextManager[None]:
        """Let the server take every mail, and its answer get lost on the way back."""


def letter(number: int = 1, **changes: Any) -> Mail:
    """Give a mail."""
    told = Mail(
        message_id=f"<confirmation.client.{number}@consulting.example>",
        to_name="Kim Park",
        to_address="kim@example.org",
        subject=f"Your session {number}",
        text=f"Your session {number} is confirmed.\n",
        html=f"<p>Your session <b>{number}</b> is confirmed.</p>\n",
    )
    return replace(told, **changes)


def read_mail(raw: bytes) -> Mail:
    """Read a mail as it came over the wire (RFC 5322) as a mail program would."""
    message = message_from_bytes(raw, policy=policy.default)
    name, address = parseaddr(str(message["To"]))
    calendar = _part(message, "text/calendar")
    return Mail(
        message_id=str(message["Message-ID"]),
        to_name=name or None,
        to_address=address,
        subject=str(message["Subject"]),
        text=_content(message, "text/plain"),
        html=_content(message, "text/html"),
        calendar=None if calendar is None else calendar.get_content().encode(),
        calendar_method=None if calendar is None else str(calendar.get_param("method")),
    )


def _part(message: EmailMessage, kind: str) -> EmailMessage | None:
    return next((part for part in message.walk() if part.get_content_type() == kind), None)


def _content(message: EmailMessage, kind: str) -> str:
    part = _part(message, kind)
    return "" if part is None else str(part.get_content())


class MailerContract(Contract):
    """A mail arrives as it was written, once for each time it was sent, or the sender hears why it didn't."""

    @pytest.fixture
    def mailer(self) -> Mailer:
        """Give the adapter."""
        missing("mailer", gives="the Mailer to judge")

    @pytest.fixture
    def server(self) -> MailServer:
        """Give the server behind the adapter, its inboxes empty."""
        missing("server", gives="a MailServer: received, refusing, busy, unreachable, silent, answer_lost")

    def test_a_mail_arrives_as_it_was_written(self, mailer: Mailer, server: MailServer) -> None:
        mail = letter()
        mailer.send(mail)
        received = _only(server)
        assert received.message_id == mail.message_id, "the mail lost the Message-ID by which a repeat is known"
        assert received.to_address == mail.to_address, "the mail went to somebody else"
        assert (received.to_name, received.subject) == (mail.to_name, mail.subject)
        assert _same_lines(received.text, mail.text)
        assert _same_lines(received.html, mail.html)
        assert (received.calendar, received.calendar_method) == (None, None)

    def test_any_letters_arrive(self, mailer: Mailer, server: MailServer) -> None:
        words = "Zoë Ångström 王小明 «œ» 👩🏽‍🔬 " * 20
        mail = letter(to_name="Zoë Ångström", subject=words.strip(), text=f"{words}\n", html=f"<p>{words}</p>\n")
        mailer.send(mail)
        received = _only(server)
        assert (received.to_name, received.subject) == (mail.to_name, mail.subject)
        assert _same_lines(received.text, mail.text)
        assert _same_lines(received.html, mail.html)

    def test_an_invitation_arrives_with_its_method(self, mailer: Mailer, server: MailServer) -> None:
        mailer.send(letter(calendar=CALENDAR, calendar_method="REQUEST"))
        received = _only(server)
        assert received.calendar is not None
        assert received.calendar.split() == CALENDAR.split()
        assert received.calendar_method == "REQUEST"

    def test_a_mail_to_nobody_by_name_arrives(self, mailer: Mailer, server: MailServer) -> None:
        mailer.send(letter(to_name=None))
        assert [mail.to_address for mail in server.received()] == ["kim@example.org"]

    @pytest.mark.parametrize("text", [".\n..\n.\n", "From me\n>From you\n", "x" * 5000 + "\n", "a\n\n\n\nb\n"])
    def test_awkward_lines_arrive(self, mailer: Mailer, server: MailServer, text: str) -> None:
        mailer.send(letter(text=text))
        received = _only(server)
        assert _same_lines(received.text, text)

    def test_a_repeated_mail_has_the_same_name(self, mailer: Mailer, server: MailServer) -> None:
        mailer.send(letter())
        mailer.send(letter())
        names = [mail.message_id for mail in server.received()]
        assert names == [letter().message_id] * 2, "a repeat has another Message-ID: readers would see two mails"

    def test_mails_sent_at_once_all_arrive_once(self, mailer: Mailer, server: MailServer) -> None:
        outcomes = at_once(*(partial(mailer.send, letter(number)) for number in range(4)))
        assert [outcome.raised for outcome in outcomes] == [None] * 4, "threads were in each other's way"
        assert sorted(mail.message_id for mail in server.received()) == [letter(n).message_id for n in range(4)]

    @pytest.mark.parametrize("field", ["subject", "to_name"])
    def test_a_line_break_adds_no_header(self, mailer: Mailer, server: MailServer, field: str) -> None:
        changed: dict[str, Any] = {field: "Hello\r\nBcc: eve@example.org\r\n\r\nBody"}
        mailer.send(letter(**changed))
        received = _only(server)
        assert received.to_address == "kim@example.org", "a line break in a name or subject wrote a header"
        assert _same_lines(received.text, letter().text), "a line break in a name or subject wrote into the text"

    @pytest.mark.parametrize("address", NO_ADDRESS)
    def test_what_is_no_address_is_refused_for_good(self, mailer: Mailer, server: MailServer, address: str) -> None:
        with pytest.raises(MailRefused):
            mailer.send(letter(to_address=address))
        _require_nothing(server)

    def test_a_refusal_for_good_is_told_as_such(self, mailer: Mailer, server: MailServer) -> None:
        with server.refusing(), pytest.raises(MailRefused):
            mailer.send(letter())
        _require_nothing(server)

    def test_a_busy_server_is_told_as_unavailable(self, mailer: Mailer, server: MailServer) -> None:
        with server.busy(), pytest.raises(MailUnavailable):
            mailer.send(letter())
        _require_nothing(server)

    def test_an_unreachable_server_is_told_as_unavailable(self, mailer: Mailer, server: MailServer) -> None:
        with server.unreachable(), in_time(), pytest.raises(MailUnavailable):
            mailer.send(letter())
        _require_nothing(server)

    def test_a_silent_server_is_given_up_within_seconds(self, mailer: Mailer, server: MailServer) -> None:
        with server.silent(), in_time(), pytest.raises(MailUnavailable):
            mailer.send(letter())
        _require_nothing(server)

    def test_a_lost_answer_is_told_as_uncertain(self, mailer: Mailer, server: MailServer) -> None:
        with server.answer_lost(), in_time(), pytest.raises(MailUncertain):
            mailer.send(letter())
        assert [mail.message_id for mail in server.received()] == [letter().message_id]

    def test_the_adapter_goes_on_after_trouble(self, mailer: Mailer, server: MailServer) -> None:
        for trouble in (server.refusing, server.busy, server.unreachable):
            with trouble(), pytest.raises((MailRefused, MailUnavailable)):
                mailer.send(letter(1))
            mailer.send(letter(2))
        assert [mail.message_id for mail in server.received()] == [letter(2).message_id] * 3


def _only(server: MailServer) -> Mail:
    """Give the one mail that arrived; fail unless it is one."""
    received = list(server.received())
    assert received, "a mail is lost: it was sent without a word, and nothing arrived"
    assert len(received) == 1, "one mail was sent, and more than one arrived"
    return received[0]


def _require_nothing(server: MailServer) -> None:
    assert list(server.received()) == [], "the sender was told that the mail wasn't taken, and it arrived"


def _same_lines(received: str, sent: str) -> bool:
    return received.rstrip().splitlines() == sent.rstrip().splitlines()
