"""The tour's way from a paid session to its end: meeting, mails, cancellation, refund."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from typing import Any, Final

from consulting.entrypoints.demo import telling
from consulting.entrypoints.demo.booking_steps import Json, ok
from consulting.entrypoints.demo.people import Person, Providers
from consulting.entrypoints.demo.promises import expect, wait_for

LONGEST_WAIT_FOR_A_HOLD: Final = 60.0


def wait_for_link(client: Person, session: Json) -> str:
    """Wait until the worker has made the meeting, and give the client's link."""
    telling.heading("Wait for the meeting")
    path = f"/api/sessions/{session['id']}"
    link: str = wait_for(
        lambda: ok(client.get(path, quietly=True)).get("zoom_link"), what="the meeting's link in the session"
    )
    ok(client.get(path))
    telling.promise_kept(f"the session shows the link: {link}")
    return link


def expect_confirmation(client: Person, providers: Providers, *, link: str, paid: bool) -> None:
    """Look into the client's inbox: the confirmation brings the link and an invitation; a receipt if money moved."""
    telling.heading(f"Look into the inbox of {client.email}")
    mail = wait_for(lambda: _with_calendar(providers, client, "REQUEST"), what="the confirmation with an .ics")
    _show(mail)
    expect(link in mail["text"] and link in mail["html"], "the confirmation brings the link")
    expect(link in calendar_of(mail), "and an invitation (METHOD:REQUEST) with the link for the calendar")
    if paid:
        wait_for(lambda: len(providers.mails(client.email)) >= 2 or None, what="the receipt")
        telling.promise_kept("a receipt for the payment is there, too")


def cancel(client: Person, session: Json, *, paid: bool) -> Json:
    """Ask what canceling gives back, cancel, and check that this is what is given back."""
    telling.heading("Ask what canceling would give back")
    quote = ok(client.get(f"/api/sessions/{session['id']}/cancellation"))
    telling.heading("Cancel")
    canceled = ok(client.patch(f"/api/sessions/{session['id']}/cancel", {"reason": "My plans have changed."}))
    expect(canceled["status"] == "canceled", "the session is canceled")
    if not paid:
        expect(canceled["refund"] is None, "nothing was paid, so nothing is given back")
        return canceled
    expect(canceled["payment_status"] == "refunded", "its payment is refunded")
    expect(canceled["refund"]["amount"] == quote["refund"]["amount"], "as much as was quoted")
    expect(canceled["refund"]["amount"] == session["amount"], "and this early, that is everything")
    return canceled


def expect_refunded(client: Person, providers: Providers, session: Json, intent: Json) -> None:
    """Look for the money at Stripe, and for its arrival in the session."""
    telling.heading("Look for the refund at Stripe")
    refunds = wait_for(lambda: providers.refunds(intent["payment_intent_id"]) or None, what="the refund at Stripe")
    expect(sum(each["amount"] for each in refunds) == session["amount"], "Stripe has given back the whole price, once")
    path = f"/api/sessions/{session['id']}"
    wait_for(
        lambda: ok(client.get(path, quietly=True))["refund"]["status"] == "succeeded" or None,
        what="the refund's success in the session",
    )
    telling.promise_kept("the session shows that the refund succeeded")


def expect_meeting_deleted(providers: Providers, link: str) -> None:
    """Look for the meeting at Zoom."""
    telling.heading("Look for the meeting at Zoom")
    wait_for(lambda: _deleted(providers, link) or None, what="the meeting's deletion at Zoom")
    telling.promise_kept("the meeting is deleted")


def expect_cancellation_mail(client: Person, providers: Providers) -> None:
    """Look for the cancellation in the client's inbox."""
    telling.heading(f"Look into the inbox of {client.email} again")
    mail = wait_for(lambda: _with_calendar(providers, client, "CANCEL"), what="the cancellation mail with an .ics")
    _show(mail)
    telling.promise_kept("the cancellation mail takes the event out of the calendar (METHOD:CANCEL)")


def wait_for_expiry(client: Person, session: Json, slot: Json, *, deadline: datetime) -> bool:
    """Pay nothing until the deadline, and look at slot and session right after it; False if that is too far off."""
    telling.heading("Leave a hold unpaid")
    left = _seconds_until(deadline)
    if left > LONGEST_WAIT_FOR_A_HOLD:
        telling.remark(f"SKIPPED: this instance holds a slot for another {left / 60:.0f} minutes.")
        telling.remark("To see it freed, start the instance with CONSULTING_HOLD_MINUTES=0.1 and play this again.")
        ok(client.patch(f"/api/sessions/{session['id']}/cancel", {}))
        return False
    telling.remark(f"waiting {max(0.0, left):.1f} s for the deadline")
    time.sleep(max(0.0, left) + 0.05)
    shown = ok(client.get(f"/api/time-slots/{slot['id']}"))
    expect(shown["available"], "the slot is free again at once, by itself")
    expired = ok(client.get(f"/api/sessions/{session['id']}"))
    expect(expired["cancellation"]["reason"] == "hold_expired", "the session is canceled, because nobody paid in time")
    return True


def calendar_of(mail: Any) -> str:
    """Give the text of a mail's calendar file, its folded lines joined; empty if it has none."""
    for part in mail["attachments"]:
        if part["filename"].endswith(".ics") or part["content_type"].startswith(("text/calendar", "application/ics")):
            return base64.b64decode(part["content"]).decode().replace("\r\n ", "")
    return ""


def _with_calendar(providers: Providers, person: Person, method: str) -> Any | None:
    mails = providers.mails(person.email)
    return next((mail for mail in mails if f"METHOD:{method}" in calendar_of(mail)), None)


def _deleted(providers: Providers, link: str) -> bool:
    meeting = providers.meeting(link)
    return meeting is not None and bool(meeting["deleted"])


def _show(mail: Any) -> None:
    telling.remark(f"From:    {mail['from']}")
    telling.remark(f"To:      {', '.join(mail['to'])}")
    telling.remark(f"Subject: {mail['subject']}")
    for line in mail["text"].splitlines()[:12]:
        telling.remark(f"  {line}")
    telling.remark(f"Files:   {', '.join(each['filename'] or each['content_type'] for each in mail['attachments'])}")


def _seconds_until(deadline: datetime) -> float:
    return (deadline - datetime.now(UTC)).total_seconds()  # noqa: TID251 -- the client's own clock
