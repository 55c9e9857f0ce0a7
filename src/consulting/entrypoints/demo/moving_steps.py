"""The tour's way from one time to another."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from consulting.entrypoints.demo import telling
from consulting.entrypoints.demo.booking_steps import CHOICES, Json, code_of, expect_availability, instant, ok
from consulting.entrypoints.demo.ending_steps import calendar_of
from consulting.entrypoints.demo.people import Person, Providers
from consulting.entrypoints.demo.promises import NotAsPromised, expect, wait_for

REACH: Final = timedelta(days=20)


def move(client: Person, other: Person, session: Json) -> Json:
    """Move a paid session to the first later slot that nobody else takes meanwhile, and see the old one free again."""
    telling.heading("Move the session to another time")
    for slot in _later_slots(client, session):
        response = client.patch(f"/api/sessions/{session['id']}/reschedule", {"time_slot_id": slot["id"]})
        if response.status_code == 409 and code_of(response) == "SLOT_UNAVAILABLE":
            telling.remark("somebody else was quicker, so another slot is tried")
            continue
        moved: Json = ok(response)
        expect(moved["start_time"] == slot["start_time"], f"it is at {slot['local_start_time']} now")
        expect(moved["payment_status"] == "completed", "what was paid for it stays paid")
        expect_availability(other, {"id": session["time_slot_id"]}, available=True)
        return moved
    raise NotAsPromised("There was no other slot to move the session to.")


def expect_told(client: Person, providers: Providers, moved: Json) -> None:
    """Look into the client's inbox: the calendar entry follows."""
    telling.heading(f"Look into the inbox of {client.email}")
    start = f"{instant(moved['start_time']):%Y%m%dT%H%M%SZ}"
    wait_for(lambda: _entry_at(providers, client, start), what="the mail that moves the calendar entry")
    telling.promise_kept(f"a mail moves the entry in the calendar, to {start}")


def _later_slots(client: Person, session: Json) -> list[Json]:
    """Give some free slots after the session's own that are as long."""
    start, end = instant(session["start_time"]), instant(session["end_time"])
    asked = {"researcher_id": session["researcher_id"], "from": str(start.date()), "to": str(start.date() + REACH)}
    slots: list[Json] = ok(client.get("/api/time-slots", asked))["time_slots"]
    later = [each for each in slots if each["available"] and instant(each["start_time"]) > start]
    return [each for each in later if instant(each["end_time"]) - instant(each["start_time"]) == end - start][:CHOICES]


def _entry_at(providers: Providers, person: Person, start: str) -> Json | None:
    mails = providers.mails(person.email)
    return next((mail for mail in mails if f"DTSTART:{start}" in calendar_of(mail)), None)
