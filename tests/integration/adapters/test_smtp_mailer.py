"""The SMTP adapter over real sockets: the sandbox's inbox with its faults."""

from __future__ import annotations

import base64
import logging
import time
from typing import Any

import pytest

from consulting.adapters.smtp import SmtpMailer
from consulting.application.ports.mailer import MailRefused, MailUnavailable, MailUncertain, SenderRefused
from consulting.entrypoints.supervisor.ports import free_port
from tests.integration.adapters.mail_servers import ICS, MAIL, arrived, mailer_at, replaced


@pytest.fixture
def mailer(outside: Any) -> SmtpMailer:
    return mailer_at(outside.sandbox.smtp_port)


def test_a_mail_arrives_whole(mailer: SmtpMailer, outside: Any) -> None:
    mailer.send(MAIL)
    (mail,) = arrived(outside)
    assert (mail["from"], mail["to"]) == ("sessions@consulting.example", ["kim@example.net"])
    assert mail["subject"] == "Bestätigt"
    assert mail["text"].strip() == "Grüße"
    assert mail["html"].strip() == "<p>Grüße</p>"
    assert [each["content_type"] for each in mail["attachments"]] == ["text/calendar", "application/ics"]
    assert base64.b64decode(mail["attachments"][1]["content"]) == ICS
    assert mail["headers"]["message-id"] == MAIL.message_id
    assert mail["headers"]["date"] == "Sun, 01 Nov 2026 14:00:00 +0000"


def test_an_international_domain_is_reached_in_ascii(mailer: SmtpMailer, outside: Any) -> None:
    mailer.send(replaced(to_address="kim@bücher.example"))
    assert arrived(outside)[0]["to"] == ["kim@xn--bcher-kva.example"]


def test_an_address_outside_ascii_is_reached_where_the_server_takes_it(mailer: SmtpMailer, outside: Any) -> None:
    mailer.send(replaced(to_address="küm@example.net"))
    assert arrived(outside)[0]["to"] == ["küm@example.net"]


def test_what_is_no_address_is_refused_without_asking(mailer: SmtpMailer, outside: Any) -> None:
    for address in ("nobody", "kim@example.net\r\nRCPT TO:<evil@example.com>", "a@b.example, c@d.example"):
        with pytest.raises(MailRefused):
            mailer.send(replaced(to_address=address))
    assert arrived(outside) == []


@pytest.mark.parametrize(
    ("operation", "code", "outcome"),
    [
        ("rcpt", 550, MailRefused),
        ("rcpt", 450, MailUnavailable),
        ("data", 554, MailRefused),
        ("data", 451, MailUnavailable),
        ("connect", 421, MailUnavailable),
        ("connect", 554, SenderRefused),
    ],
)
def test_what_the_server_says_decides_whether_to_try_again(
    mailer: SmtpMailer, outside: Any, operation: str, code: int, outcome: type[Exception]
) -> None:
    outside.fault("smtp", "refuse", operation, value=code)
    with pytest.raises(outcome):
        mailer.send(MAIL)
    mailer.send(MAIL)
    assert len(arrived(outside)) == 1


def test_a_hanging_server_is_given_up_within_seconds(outside: Any) -> None:
    outside.fault("smtp", "hang", "data", value=120)
    began = time.monotonic()
    with pytest.raises(MailUncertain):
        mailer_at(outside.sandbox.smtp_port, timeout_seconds=2.0).send(MAIL)
    assert time.monotonic() - began < 60


def test_a_lost_answer_is_uncertain_and_the_repeat_has_the_same_name(mailer: SmtpMailer, outside: Any) -> None:
    outside.fault("smtp", "drop_answer", "data")
    with pytest.raises(MailUncertain):
        mailer.send(MAIL)
    mailer.send(MAIL)
    assert [mail["headers"]["message-id"] for mail in arrived(outside)] == [MAIL.message_id] * 2


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(MailUnavailable):
        mailer_at(free_port(host="127.0.0.1")).send(MAIL)
    with pytest.raises(MailUnavailable):
        mailer_at(25, host="nobody.invalid").send(MAIL)


def test_no_address_and_no_password_reaches_the_log(
    mailer: SmtpMailer, outside: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outside.fault("smtp", "refuse", "rcpt", value=550)
    with pytest.raises(MailRefused) as refused:
        mailer.send(MAIL)
    logged = "\n".join(each.getMessage() for each in caplog.records if each.name.startswith("consulting.adapters"))
    assert "kim@example.net" not in f"{logged} {refused.value!r} {refused.value.__cause__!r}"
    assert "550" in logged
    assert "hush" not in repr(mailer_at(25, username="u", password="hush"))


def test_a_sender_that_is_no_address_is_found_at_the_start() -> None:
    with pytest.raises(ValueError, match="not a mail address"):
        mailer_at(25, sender="Consulting")
