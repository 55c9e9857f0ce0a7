"""Mails as bytes, read back as a mail program reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr

import pytest

from consulting.adapters.smtp.addresses import AddressRefused, deliverable, display_name, needs_utf8
from consulting.adapters.smtp.message import write_message
from consulting.application.ports.mailer import Mail

AT = datetime(2026, 11, 1, 14, 0, tzinfo=UTC)
SENDER = Address("Consulting", "sessions", "consulting.example")
ICS = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Ångström\r\nEND:VCALENDAR\r\n".encode()


def mail(**changes: str | bytes | None) -> Mail:
    plain = {
        "message_id": "<confirmation.client.1@consulting.example>",
        "to_name": "Kim Park",
        "to_address": "kim@example.net",
        "subject": "Confirmed",
        "text": "Your session is confirmed.\n",
        "html": "<p>Your session is confirmed.</p>",
    }
    return Mail(**{**plain, **changes})  # type: ignore[arg-type] # fields by name


def written(one: Mail) -> tuple[bytes, EmailMessage]:
    recipient = deliverable(one.to_address)
    raw = write_message(one, sender=SENDER, recipient=recipient, at=AT)
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return raw, message


def display_name_in(raw: bytes) -> str:
    """Read it by RFC 2047's rules; the newer of Python's parsers puts spaces between the parts of a long name."""
    header = message_from_bytes(raw, policy=policy.compat32)["To"]
    encoded, _ = parseaddr(header.replace("\r\n", ""))
    return str(make_header(decode_header(encoded)))


def test_text_html_and_invitation_stand_side_by_side_and_the_file_beside_them() -> None:
    _, message = written(mail(calendar=ICS, calendar_method="CANCEL"))
    assert message.get_content_type() == "multipart/mixed"
    inner, attached = message.iter_parts()
    assert [part.get_content_type() for part in inner.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    invitation = list(inner.iter_parts())[2]
    assert invitation.get_param("method") == "CANCEL"
    assert invitation.get_content().encode().replace(b"\r\n", b"\n") == ICS.replace(b"\r\n", b"\n")
    assert (attached.get_content_type(), attached.get_filename()) == ("application/ics", "invite.ics")
    assert attached.get_content() == ICS


def test_a_mail_without_a_calendar_has_just_its_two_forms() -> None:
    _, message = written(mail())
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_same_mail_is_the_same_but_for_its_boundaries() -> None:
    _, message = written(mail())
    assert message["Message-ID"] == "<confirmation.client.1@consulting.example>"
    assert message["Date"].datetime == AT
    assert message["From"].addresses == (SENDER,)
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("text", ["Grüße", "👩‍🔬" * 200, "x" * 5000, "a\nb\r\nc", ".\n.\n", "From me"])
def test_bodies_travel_in_seven_bits_and_short_lines(text: str) -> None:
    raw, message = written(mail(text=text, html=f"<p>{text}</p>", calendar=ICS))
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n").rstrip("\n") == text.replace("\r\n", "\n").rstrip("\n")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Kim Park", "Kim Park"),
        ("O'Brien, Conor", "O'Brien, Conor"),
        ('Conor "Con" O\'Brien', 'Conor "Con" O\'Brien'),
        ("محمد بن سلمان", "محمد بن سلمان"),
        ("👩‍🔬 Zoë", "👩‍🔬 Zoë"),
        ("Müller, Jürgen", "Müller, Jürgen"),
        ("Ünal <evil@example.com>", "Ünal <evil@example.com>"),
        ("=?utf-8?q?evil?=", "=?utf-8?q?evil?="),
        ("a\\b", "a\\b"),
        ("x" * 300, "x" * 120),
        ("李小龍" * 60, ("李小龍" * 60)[:120]),
        ("Ünal, " * 30, ("Ünal, " * 30)[:120].rstrip()),
        ("Kim\r\nBcc: everybody@example.com", "KimBcc: everybody@example.com"),
        ("Kim\x00\x07", "Kim"),
        ("kim@example.net", "kim@example.net"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_name_is_shown_as_it_is_and_never_becomes_a_second_person(name: str | None, shown: str) -> None:
    raw, message = written(mail(to_name=name))
    assert raw.isascii()
    (address,) = message["To"].addresses
    assert address.addr_spec == "kim@example.net"
    assert display_name_in(raw) == shown
    assert message["Bcc"] is None
    assert display_name(name) == shown


@pytest.mark.parametrize(
    ("subject", "read"),
    [
        ("Confirmed\r\nBcc: everybody@example.com", "Confirmed  Bcc: everybody@example.com"),
        ("Bestätigt: محمد 👩‍🔬", "Bestätigt: محمد 👩‍🔬"),
        ("ü" * 300, "ü" * 300),
        ("Zoë 王小明 «œ» 👩🏽‍🔬 " * 20 + "end", "Zoë 王小明 «œ» 👩🏽‍🔬 " * 20 + "end"),
        ("plain words " * 30 + "end", "plain words " * 30 + "end"),
        ("x" * 2000, "x" * 2000),
        ("=?utf-8?q?evil?=", "=?utf-8?q?evil?="),
        ("", ""),
        ("a\x00b", "ab"),
    ],
)
def test_a_subject_can_add_no_header(subject: str, read: str) -> None:
    raw, message = written(mail(subject=subject))
    assert message["Subject"] == read
    assert message["Bcc"] is None
    assert max(len(line) for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n")) <= 78


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("kim@example.net", "kim@example.net"),
        (" kim@example.net ", "kim@example.net"),
        ("kim+a.b@EXAMPLE.net", "kim+a.b@EXAMPLE.net"),
        ("kim@bücher.example", "kim@xn--bcher-kva.example"),
        ("kim@straße.example", "kim@xn--strae-oqa.example"),
        ("kim@例え.テスト", "kim@xn--r8jz45g.xn--zckzah"),
        ("kim@sub_domain.example", "kim@sub_domain.example"),
        ("küm@bücher.example", "küm@xn--bcher-kva.example"),
    ],
)
def test_domains_are_written_in_ascii(address: str, sent: str) -> None:
    assert deliverable(address).addr_spec == sent
    assert needs_utf8(deliverable(address)) is address.startswith("kü")


@pytest.mark.parametrize(
    "address",
    [
        "", "kim", "@example.net", "kim@", "kim@exa mple.net", "a@b.example,c@d.example", "<kim@example.net>",
        "kim@example.net\r\nRCPT TO:<x@y>", f"{'k' * 250}@example.net", "kim@\u202eexample.net", "kim\x00@example.net",
        "kim@ex..ample.\u00fc", "a@b@example.net",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_quoting_it(address: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        deliverable(address)
    assert not address or address not in str(refused.value)


def test_an_address_outside_ascii_is_written_as_it_is_for_servers_that_take_it() -> None:
    raw, message = written(mail(to_address="küm@example.net"))
    assert "küm@example.net".encode() in raw
    assert message["Subject"] == "Confirmed"
