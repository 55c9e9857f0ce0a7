"""The SMTP inbox as smtplib fills it, for programs and for people."""

from __future__ import annotations

import base64
import smtplib
from email.message import EmailMessage
from email.policy import SMTP

import httpx
import pytest

from consulting.entrypoints.sandbox import RunningSandbox
from tests.integration.instance import PATIENCE

ICS = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


def invitation(*, to: str = "client@home.example", subject: str = "Your session") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Consulting <desk@consulting.example>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = "<session-7@consulting.example>"
    message.set_content("See you, Zoë 🌍\n")
    message.add_alternative("<p>See you, <b>Zoë</b></p><script>alert(1)</script>", subtype="html")
    message.add_alternative(ICS, subtype="calendar", params={"method": "REQUEST"})
    message.add_attachment(ICS.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return message


@pytest.fixture(autouse=True)
def empty_inbox(web: httpx.Client) -> None:
    assert web.delete("/mail").status_code == 204


def send(sandbox: RunningSandbox, message: EmailMessage, *, to: list[str] | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=PATIENCE) as smtp:
        smtp.send_message(message, to_addrs=to)


def test_a_mail_is_listed_with_its_texts_and_all_other_parts(sandbox: RunningSandbox, web: httpx.Client) -> None:
    send(sandbox, invitation())

    (mail,) = web.get("/mail").json()["mails"]
    assert (mail["from"], mail["to"]) == ("desk@consulting.example", ["client@home.example"])
    assert (mail["subject"], mail["text"]) == ("Your session", "See you, Zoë 🌍\n")
    assert "<b>Zoë</b>" in mail["html"]
    assert [(part["content_type"], part["filename"]) for part in mail["attachments"]] == [
        ("text/calendar", ""),
        ("application/ics", "invite.ics"),
    ]
    assert base64.b64decode(mail["attachments"][1]["content"]).decode() == ICS
    assert base64.b64decode(mail["attachments"][0]["content"]).decode().split() == ICS.split()
    assert mail["headers"]["message-id"] == "<session-7@consulting.example>"
    assert mail["received_at"].endswith("Z")
    assert web.get(f"/mail/{mail['id']}").json() == mail


def test_mails_come_newest_first_and_can_be_asked_for_by_recipient(sandbox: RunningSandbox, web: httpx.Client) -> None:
    for subject, to in (("1", "a@home.example"), ("2", "b@home.example"), ("3", "A@home.example")):
        send(sandbox, invitation(subject=subject, to=to))

    everyone = [mail["subject"] for mail in web.get("/mail").json()["mails"]]
    one = [mail["subject"] for mail in web.get("/mail", params={"to": "a@home.example"}).json()["mails"]]
    assert (everyone, one) == (["3", "2", "1"], ["3", "1"])


def test_hidden_recipients_count_as_recipients(sandbox: RunningSandbox, web: httpx.Client) -> None:
    send(sandbox, invitation(), to=["client@home.example", "hidden@home.example"])

    assert web.get("/mail").json()["mails"][0]["to"] == ["client@home.example", "hidden@home.example"]


def test_names_and_addresses_in_any_script_arrive(sandbox: RunningSandbox, web: httpx.Client) -> None:
    message = invitation(to="مرحبا <zoë@bücher.example>", subject="שלום 🎓")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=PATIENCE) as smtp:
        smtp.send_message(message)

    (mail,) = web.get("/mail").json()["mails"]
    assert (mail["to"], mail["subject"]) == (["zoë@bücher.example"], "שלום 🎓")


def test_a_plain_mail_and_a_broken_one_are_kept(sandbox: RunningSandbox, web: httpx.Client) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=PATIENCE) as smtp:
        smtp.sendmail("x@a.example", ["y@b.example"], b"Subject: plain\r\n\r\nhello\r\n")
        smtp.sendmail(
            "x@a.example", ["y@b.example"], b"Content-Type: multipart/mixed; boundary=z\r\n\r\n\xff\xfe broken"
        )
        smtp.sendmail(
            "x@a.example", ["y@b.example"], b"Subject: \xff\r\nContent-Type: text/plain; charset=x\r\n\r\n\xff"
        )

    odd, broken, plain = web.get("/mail").json()["mails"]
    assert (plain["text"], plain["from"]) == ("hello\n", "x@a.example")
    assert broken["to"] == odd["to"] == ["y@b.example"]
    assert web.get("/").status_code == 200


def test_a_login_is_accepted(sandbox: RunningSandbox) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=PATIENCE) as smtp:
        assert smtp.login("anyone", "anything")[0] == 235


def test_a_person_reads_mails_in_a_page_where_nothing_of_a_mail_can_run(
    sandbox: RunningSandbox, web: httpx.Client
) -> None:
    send(sandbox, invitation(subject="<img src=x onerror=alert(1)>"))
    key = web.get("/mail").json()["mails"][0]["id"]

    inbox, page, framed = web.get("/"), web.get(f"/inbox/{key}"), web.get(f"/inbox/{key}/html")

    for answer in (inbox, page):
        assert "<img" not in answer.text
        assert "&lt;img src=x" in answer.text
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "See you, Zoë" in page.text
    assert 'sandbox="allow-popups' in page.text
    assert framed.headers["content-security-policy"].startswith("sandbox allow-popups")
    assert "allow-scripts" not in framed.headers["content-security-policy"]


def test_attachments_and_the_source_can_be_downloaded(sandbox: RunningSandbox, web: httpx.Client) -> None:
    send(sandbox, invitation())
    key = web.get("/mail").json()["mails"][0]["id"]

    attachment = web.get(f"/inbox/{key}/attachments/1")
    assert (attachment.text, attachment.headers["content-disposition"][:10]) == (ICS, "attachment")
    assert b"Message-ID: <session-7@consulting.example>" in web.get(f"/inbox/{key}/source").content
    assert web.get(f"/inbox/{key}/attachments/9").status_code == 404
    assert web.get("/inbox/mail_nobody").status_code == 404


def test_health_says_where_mails_are_taken(sandbox: RunningSandbox, web: httpx.Client) -> None:
    assert web.get("/health").json() == {"status": "ok", "smtp_port": sandbox.smtp_port}
