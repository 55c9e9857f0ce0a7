"""The tour's way from a search to a paid session."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from consulting.entrypoints.demo import telling
from consulting.entrypoints.demo.people import Person, Providers
from consulting.entrypoints.demo.promises import NotAsPromised, expect

Json = dict[str, Any]
FIELD: Final = "machine learning"
AHEAD: Final = timedelta(days=2)
"""Far enough ahead for every researcher's policy but the strict one to give everything back."""

CHOICES: Final = 5


def find_researcher(client: Person) -> Json:
    """List researchers, search for a field, and look at one who charges something."""
    telling.heading("List the researchers")
    page = ok(client.get("/api/researchers", {"limit": "3"}))
    expect(page["researchers"], "there are researchers to choose from")
    expect(page["next_cursor"], "the list is paged")

    telling.heading(f"Search for {FIELD}")
    found: list[Json] = ok(client.get("/api/researchers/search", {"query": FIELD}))["researchers"]
    expect(len(found) >= 2, f"the search finds two, {' and '.join(each['name'] for each in found[:2])}")
    expect(all(FIELD in each["expertise"] for each in found[:2]), f"{FIELD} is what they are experts in")

    telling.heading(f"Look at {found[0]['name']}")
    researcher: Json = ok(client.get(f"/api/researchers/{found[0]['id']}"))
    expect(researcher["rate"] > 0, f"an hour costs {researcher['rate']} {researcher['currency'].upper()}")
    return researcher


def find_free_researcher(client: Person) -> Json:
    """Find a researcher who takes nothing."""
    telling.heading("Find a researcher whose sessions are free of charge")
    found: list[Json] = ok(client.get("/api/researchers", {"max_rate": "0"}))["researchers"]
    expect(found and all(each["rate"] == 0 for each in found), "there is one")
    return found[0]


def choose_slots(client: Person, researcher: Json) -> list[Json]:
    """Show the slots of a day on which some can be booked, in the client's zone, and give a few of those at random."""
    telling.heading(f"See when {researcher['name']} has time")
    today = datetime.now(UTC).astimezone(ZoneInfo(client.zone)).date()  # noqa: TID251 -- the client's own clock
    first, last = today + AHEAD, today + timedelta(days=55)
    listed = ok(client.get("/api/time-slots", {"researcher_id": researcher["id"], "from": str(first), "to": str(last)}))
    days = sorted({_day(each) for each in listed["time_slots"] if each["available"]})
    expect(days, f"there are slots to book, the first on {days[0] if days else 'no day'}")
    return _slots_of(client, researcher, secrets.choice(days))


def _slots_of(client: Person, researcher: Json, day: date) -> list[Json]:
    slots = ok(client.get("/api/time-slots", {"researcher_id": researcher["id"], "date": str(day)}))["time_slots"]
    in_zone = all(each["timezone"] == client.zone and _day(each) == day for each in slots)
    expect(in_zone, f"all slots of {day} are shown in the caller's zone, {client.zone}")
    free = [each for each in slots if each["available"]]
    secrets.SystemRandom().shuffle(free)
    return free[:CHOICES]


def hold(client: Person, slots: list[Json]) -> tuple[Json, Json]:
    """Book the first of these slots that nobody else takes meanwhile; give the slot and the session."""
    telling.heading("Book a slot")
    for slot in slots:
        booking = {"time_slot_id": slot["id"], "questions": "Would you look at my evaluation with me?"}
        response = client.post("/api/sessions", booking)
        if response.status_code != 409:
            session: Json = ok(response, status=201)
            expect(response.headers.get("location"), f"it can be found at {response.headers.get('location')}")
            expect(session["status"] == "scheduled", "the session is scheduled")
            return slot, session
        telling.remark("somebody else was quicker, so another slot is tried")
    raise NotAsPromised("Every slot that was shown as available had been taken.")


def expect_held(session: Json) -> datetime:
    """Check that it is a hold, and give its deadline."""
    expect(session["payment_status"] == "pending", "it is still to be paid")
    deadline = instant(session["expires_at"])
    expect(deadline > datetime.now(UTC), f"the slot is held until {deadline:%H:%M:%S} UTC")  # noqa: TID251 -- as above
    return deadline


def expect_confirmed_at_once(client: Person, session: Json) -> None:
    """Check that nothing is to be paid."""
    expect(session["payment_status"] == "completed", "and confirmed at once")
    expect(session.get("expires_at") is None, "without a deadline")
    response = client.post("/api/payment/intent", {"session_id": session["id"]})
    expect(response.status_code == 409 and code_of(response) == "NOTHING_TO_PAY", "there is nothing to pay")


def expect_availability(client: Person, slot: Json, *, available: bool) -> None:
    """Check how the slot is shown to everybody."""
    shown = ok(client.get(f"/api/time-slots/{slot['id']}"))
    wanted = "available again" if available else "no longer available"
    expect(shown["available"] is available, f"the slot is shown as {wanted}")


def expect_refused(other: Person, slot: Json) -> None:
    """Have another client try to book the same slot."""
    telling.heading(f"{other.name} tries to book the same slot")
    response = other.post("/api/sessions", {"time_slot_id": slot["id"]})
    expect(response.status_code == 409 and code_of(response) == "SLOT_UNAVAILABLE", "it is refused: SLOT_UNAVAILABLE")


def open_intent(client: Person, session: Json) -> Json:
    """Open the payment of a hold."""
    telling.heading("Open the payment")
    intent: Json = ok(client.post("/api/payment/intent", {"session_id": session["id"]}))
    expect(intent["client_secret"], "the browser gets a client secret to pay with")
    expect(
        (intent["amount"], intent["currency"]) == (session["amount"], session["currency"]),
        "the amount is the session's frozen price",
    )
    return intent


def pay_with_declined_card(client: Person, providers: Providers, session: Json, intent: Json) -> None:
    """Try a card that is declined: nothing is confirmed by it, and the hold lives on."""
    telling.heading("Pay with a card that is declined")
    response = providers.pay(intent, card="pm_card_chargeDeclined", who=client.name)
    expect(response.status_code == 402, "Stripe declines the card")
    confirmed = client.post("/api/payment/confirm", _both(session, intent))
    refused = confirmed.status_code == 409 and code_of(confirmed) == "PAYMENT_INCOMPLETE"
    expect(refused, "the session isn't confirmed by it: PAYMENT_INCOMPLETE")
    shown = ok(client.get(f"/api/sessions/{session['id']}"))
    failed = (shown["status"], shown["payment_status"]) == ("scheduled", "failed")
    expect(failed, "the slot stays held, and the payment can be tried again")


def pay(client: Person, providers: Providers, session: Json, intent: Json) -> Json:
    """Pay with a good card, and tell the API; give the session afterwards."""
    telling.heading("Pay with a card that works")
    response = providers.pay(intent, card="pm_card_visa", who=client.name)
    expect(response.is_success and response.json()["status"] == "succeeded", "Stripe charges the card")
    telling.heading("Tell the API that the browser has paid")
    paid: Json = ok(client.post("/api/payment/confirm", _both(session, intent)))
    expect((paid["status"], paid["payment_status"]) == ("scheduled", "completed"), "the session is confirmed")
    return paid


def code_of(response: Any) -> str:
    """Give the code of an error answer."""
    return str(response.json()["error"]["code"])


def instant(text: str) -> datetime:
    """Read an instant of the wire."""
    return datetime.fromisoformat(text)


def _both(session: Json, intent: Json) -> Json:
    return {"session_id": session["id"], "payment_intent_id": intent["payment_intent_id"]}


def _day(slot: Json) -> date:
    return instant(slot["local_start_time"]).date()


def ok(response: Any, *, status: int = 200) -> Json:
    """Give the answer's body; raise NotAsPromised for another status."""
    if response.status_code != status:
        asked = f"{response.request.method} {response.request.url.path}"
        raise NotAsPromised(f"{asked} should be answered with {status}, and was with {response.status_code}.")
    answered: Json = response.json()
    return answered
