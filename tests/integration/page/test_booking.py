"""A client's whole way through the page, and everything that can come in between."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import icalendar
import psycopg
import pytest
from playwright.sync_api import Page, Route, expect

from consulting.entrypoints.supervisor.ports import free_port
from tests.integration.instance import COMMAND, PATIENCE, Instance, eventually
from tests.integration.page.conftest import PHONE, Counter, Visitors
from tests.integration.page.steps import (
    FREE_OF_CHARGE,
    HADDAD,
    IYER,
    OKAFOR,
    booked,
    booking,
    hold,
    pay,
    sessions,
)

BOOKING = "**/api/sessions"
AMARA, KENJI, ROHAN = "client-amara", "client-kenji", "client-rohan"


def test_a_client_finds_somebody_holds_pays_and_joins(visitors: Visitors, instance: Instance) -> None:
    page = visitors.visit()
    page.get_by_label("Name, field or institution").press_sequentially("mashine lerning", delay=15)
    expect(page.get_by_text("2 experts", exact=True).first).to_be_visible()
    page.get_by_role("link", name="Dr. Ananya Iyer").click()
    expect(page.get_by_role("heading", name="Dr. Ananya Iyer")).to_be_focused()
    expect(page.locator(".slot").first).to_be_visible()
    page.locator(".day-free").last.click()  # of this month, which may have no more than one
    page.locator(".slot").first.click()
    page.get_by_role("button", name="Amara Osei").click()
    session = hold(page, question="Is my test set too easy?")
    expect(page.get_by_role("timer")).to_contain_text(re.compile(r"1[0-4]:\d\d"))
    pay(page)

    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    join = page.get_by_role("link", name="Join the meeting")
    expect(join).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download .ics").click()
    entry = icalendar.Calendar.from_ical(Path(saved.value.path()).read_bytes()).walk("VEVENT")[0]
    (booked_one,) = [each for each in sessions(instance, AMARA) if each["id"] == session]
    assert (booked_one["payment_status"], booked_one["questions"]) == ("completed", "Is my test set too easy?")
    assert join.get_attribute("href") == booked_one["zoom_link"]
    assert entry.decoded("DTSTART") == datetime.fromisoformat(booked_one["start_time"])
    for name in ("Google Calendar", "Outlook"):
        assert "Ananya" in str(page.get_by_role("link", name=name).get_attribute("href"))
    page.get_by_role("link", name="My sessions").first.click()
    expect(page.locator("a.session")).to_have_count(1)


def test_a_declined_card_costs_nothing_and_another_one_may_be_tried(visitors: Visitors, counter: Counter) -> None:
    visitors.expected.append("402")
    page = visitors.visit(booking(counter.take(IYER)), person=AMARA, size=PHONE)
    hold(page)

    page.get_by_role("button", name="Pay US$").click()
    expect(page.get_by_text("This is not a card number")).to_be_visible()
    pay(page, "Has too little money")
    expect(page.get_by_role("alert")).to_contain_text(
        "insufficient funds. Nothing was charged, and your time is still held"
    )
    pay(page, "Bank asks")
    page.get_by_role("button", name="Refuse it").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged")
    pay(page, "Bank asks")
    page.get_by_role("button", name="Approve the payment").click()

    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()


def test_what_is_free_of_charge_is_booked_without_paying(visitors: Visitors, counter: Counter) -> None:
    page = visitors.visit(booking(counter.take(FREE_OF_CHARGE)), person=AMARA)

    page.get_by_role("button", name="Book this time").click()

    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    expect(page.get_by_text("Free of charge")).to_be_visible()


def test_a_time_that_somebody_else_took_leads_back_to_the_fresh_list(
    visitors: Visitors, counter: Counter, instance: Instance
) -> None:
    visitors.expected.append("409")
    slot = counter.take(IYER)
    page = visitors.visit(booking(slot), person=AMARA)
    page.get_by_label("What would you like to ask?").fill("Will I be too late?")
    with instance.client("quicker") as other:
        assert other.post("/api/sessions", json={"time_slot_id": slot["id"]}).status_code == 201

    page.get_by_role("button", name="Hold this time and pay").click()

    expect(page.get_by_text("Somebody else has just taken this time")).to_be_visible()
    expect(page.locator(".slot").first).to_be_visible()
    assert page.locator(f"[data-slot='{slot['id']}']").count() == 0


def test_of_two_browsers_that_race_for_a_time_one_gets_it(
    visitors: Visitors, counter: Counter, instance: Instance
) -> None:
    visitors.expected.append("409")
    slot = counter.take(OKAFOR)
    pages = [visitors.visit(booking(slot), person=person) for person in (AMARA, KENJI)]
    for page in pages:
        expect(page.get_by_role("button", name="Hold this time and pay")).to_be_visible()

    for page in pages:  # neither waits for what the other's click led to
        page.evaluate("setTimeout(() => document.querySelector('book-view form').requestSubmit(), 100)")

    for page in pages:
        page.wait_for_url(re.compile("/pay$|gone=1"))
    won = [page for page in pages if page.url.endswith("/pay")]
    assert len(won) == 1
    held = [each for user in (AMARA, KENJI) for each in sessions(instance, user) if each["time_slot_id"] == slot["id"]]
    assert [each["id"] for each in held] == [won[0].url.split("/")[-2]]


def test_clicking_twice_losing_the_answer_and_reloading_book_once(
    visitors: Visitors, counter: Counter, instance: Instance
) -> None:
    visitors.expected.append("ERR_FAILED")
    slot = counter.take(OKAFOR)
    page = visitors.visit(booking(slot), person=ROHAN)
    keys: list[str | None] = []

    def lost_on_its_way(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        route.abort()

    def lost_on_its_way_back(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        route.fetch()
        route.abort()

    page.route(BOOKING, lost_on_its_way)
    page.get_by_label("What would you like to ask?").fill("Did you get this?")
    page.get_by_role("button", name="Hold this time and pay").dblclick()
    expect(page.get_by_role("alert")).to_contain_text("nothing is done twice")
    page.reload()
    expect(page.get_by_label("What would you like to ask?")).to_have_value("Did you get this?")
    page.unroute(BOOKING)
    page.route(BOOKING, lost_on_its_way_back)
    page.get_by_role("button", name="Hold this time and pay").dblclick()
    expect(page.get_by_role("alert")).to_contain_text("nothing is done twice")
    page.reload()
    expect(page.get_by_role("heading", name="Pay", exact=True)).to_be_visible()

    assert len(keys) == 6
    assert len(set(keys)) == 1
    assert None not in keys
    (held,) = [each for each in sessions(instance, ROHAN) if each["time_slot_id"] == slot["id"]]
    assert held["questions"] == "Did you get this?"
    assert page.url.endswith(f"/sessions/{held['id']}/pay")


def test_paying_twice_or_reloading_in_the_middle_charges_once(
    visitors: Visitors, counter: Counter, instance: Instance
) -> None:
    visitors.expected.append("ERR_FAILED")
    page = visitors.visit(booking(counter.take(OKAFOR)), person=AMARA)
    session = hold(page)
    page.route("**/api/payment/confirm", lambda route: route.abort())
    page.get_by_role("button", name="Works").click()
    page.get_by_role("button", name="Pay US$").dblclick()
    expect(page.get_by_role("alert")).to_be_visible()
    page.unroute("**/api/payment/confirm")

    page.reload()

    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    charges = httpx.get(
        f"{instance.sandbox_url}/stripe/v1/charges",
        params={"limit": 100},
        auth=("sk_test_sandbox", ""),
        trust_env=False,
        timeout=PATIENCE,
    )
    ours = [each for each in charges.json()["data"] if each["metadata"].get("session_id") == session]
    assert [each["paid"] for each in ours] == [True]


def test_the_back_button_leads_to_the_times_and_not_to_a_form_that_was_sent(
    visitors: Visitors, counter: Counter
) -> None:
    slot = counter.take(IYER)
    page = visitors.visit(person=AMARA)
    page.get_by_label("Up to, an hour").select_option(label="up to US$100")
    page.get_by_role("link", name="Dr. Ananya Iyer").click()
    expect(page.get_by_role("heading", name="Choose a time")).to_be_visible()
    page.evaluate(f"location.hash = '{booking(slot)}'")
    hold(page)

    page.go_back()
    expect(page.get_by_role("heading", name="Choose a time")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Up to, an hour")).to_have_value("100")
    expect(page.get_by_role("link", name="Prof. Åsa Lindqvist")).to_have_count(0)
    page.go_forward()
    expect(page.get_by_role("heading", name="Dr. Ananya Iyer")).to_be_visible()


def test_a_session_is_moved_to_another_time_of_the_same_price(
    visitors: Visitors, counter: Counter, instance: Instance
) -> None:
    slot = counter.take(IYER, days=10)
    page = visitors.visit(booking(slot), person=AMARA)
    session = booked(page)

    page.get_by_role("link", name="Move to another time").click()
    page.locator(".slot").last.click()
    page.get_by_role("button", name="Move to").dblclick()

    expect(page.locator("main").get_by_text("The session was moved.")).to_be_visible()
    (moved,) = [each for each in sessions(instance, AMARA) if each["id"] == session]
    assert moved["start_time"] != slot["start_time"]
    assert page.locator(".when time").first.get_attribute("datetime") == moved["start_time"]


def test_canceling_shows_first_what_comes_back_and_then_it_comes(
    visitors: Visitors, counter: Counter, instance: Instance
) -> None:
    page = visitors.visit(booking(counter.take(IYER)), person=AMARA, size=PHONE)
    session = booked(page)
    (price,) = [f"US${each['amount'] / 100:.2f}" for each in sessions(instance, AMARA) if each["id"] == session]

    page.get_by_role("link", name="Cancel this session").click()
    expect(page.get_by_role("status")).to_contain_text(f"You get everything back: {price}.")
    page.get_by_label("A word to the researcher").fill("I have the flu.")
    page.get_by_role("button", name="Cancel the session").click()

    expect(page.get_by_role("heading", name="Canceled session")).to_be_visible()
    expect(page.get_by_text(f"{price} was returned to your card.")).to_be_visible()
    expect(page.get_by_text("I have the flu.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Canceled session")).to_be_visible()


def test_a_session_that_is_over_is_reviewed_and_the_review_can_be_changed(
    visitors: Visitors, counter: Counter, page_database_url: str
) -> None:
    visitors.expected.append("404")  # there is no review yet
    page = visitors.visit(booking(counter.take(HADDAD)), person=KENJI)
    session = booked(page)
    with psycopg.connect(page_database_url, autocommit=True) as connection:
        connection.execute(BEGAN_EARLIER, {"session": session})
    page.get_by_role("link", name="My sessions").first.click()
    page.get_by_role("link", name="Past").click()
    page.locator("a.session").first.click()

    page.get_by_role("link", name="Write a review").click()
    page.get_by_role("button", name="Publish the review").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose one to five stars")
    page.get_by_text("5 stars").locator("..").click()
    page.get_by_label("What would help others to know?").fill("Clear, patient, and right.")
    page.get_by_role("button", name="Publish the review").click()
    page.get_by_role("link", name="Change your review").click()
    page.get_by_text("4 stars").locator("..").click()
    page.get_by_role("button", name="Save the changes").click()

    expect(page.get_by_role("img", name="4 stars")).to_be_visible()
    page.get_by_role("link", name="Dr. Leïla Haddad").click()
    expect(page.get_by_text("Clear, patient, and right.")).to_be_visible()
    expect(page.get_by_text("4.0 of 5, 1 review")).to_be_attached()


BEGAN_EARLIER = """
WITH moved AS (
    INSERT INTO time_slots (id, researcher_id, start_time, end_time, withdrawn)
    SELECT gen_random_uuid(), researcher_id, start_time - interval '40 days', end_time - interval '40 days', true
    FROM sessions WHERE id = %(session)s RETURNING *
)
UPDATE sessions SET time_slot_id = moved.id, start_time = moved.start_time, end_time = moved.end_time
FROM moved WHERE sessions.id = %(session)s
"""


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata", "Europe/Berlin", "Pacific/Auckland"])
def test_visitors_everywhere_see_the_same_instant_in_their_own_zone(
    visitors: Visitors, counter: Counter, zone: str
) -> None:
    slot = counter.free(IYER, days=5)[0]
    page = visitors.visit(f"/researchers/{IYER}?at={slot['start_time']}", zone=zone)
    link = page.locator(f"[data-slot='{slot['id']}']")

    expect(link).to_be_visible()
    here = datetime.fromisoformat(slot["start_time"]).astimezone(ZoneInfo(zone))
    assert link.locator("time").get_attribute("datetime") == slot["start_time"]
    expect(link).to_contain_text(f"{here:%H:%M}")
    expect(page.get_by_role("heading", name="Times on")).to_contain_text(f"{here:%A} {here.day} {here:%B}")
    expect(page.locator("slot-picker zone-select")).to_contain_text(zone.split("/")[1].replace("_", " "))
    link.click()
    expect(page.locator(".when")).to_contain_text(f"{here.day} {here:%B %Y}")
    expect(page.locator(".when")).to_contain_text(f"{here:%H:%M}")


def test_another_zone_can_be_chosen_and_stays(visitors: Visitors, counter: Counter) -> None:
    slot = counter.free(IYER, days=5)[0]
    page = visitors.visit(f"/researchers/{IYER}?at={slot['start_time']}")
    expect(page.locator(f"[data-slot='{slot['id']}']")).to_be_visible()

    page.locator("slot-picker select").focus()
    page.locator("slot-picker select").select_option("Asia/Tokyo")

    there = datetime.fromisoformat(slot["start_time"]).astimezone(ZoneInfo("Asia/Tokyo"))
    expect(page.locator(f"[data-slot='{slot['id']}']")).to_contain_text(f"{there:%H:%M}")
    page.reload()
    expect(page.locator(f"[data-slot='{slot['id']}']")).to_contain_text(f"{there:%H:%M}")


def test_a_time_is_chosen_and_held_by_keyboard_alone(visitors: Visitors) -> None:
    page = visitors.visit(f"/researchers/{OKAFOR}", person=AMARA)
    expect(page.locator(".slot").first).to_be_visible()
    page.locator("[tabindex='0'].day").focus()
    before = page.evaluate("document.activeElement.dataset.day")

    month = page.locator("#month").inner_text()
    page.keyboard.press("PageDown")
    expect(page.locator("#month")).not_to_have_text(month)
    expect(page.locator(".day-free").first).to_be_visible()
    for key in ("ArrowRight", "ArrowDown"):
        step(page, key)
    for _ in range(7):  # in a week something is free
        if page.locator(".slot").count():
            break
        step(page, "ArrowRight")
    expect(page.locator(".slot").first).to_be_visible()
    after = page.evaluate("document.activeElement.dataset.day")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "slot"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your session")).to_be_focused()
    page.get_by_label("Paper, if it is about one").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Pay", exact=True)).to_be_focused()
    assert after > before


def step(page: Page, key: str) -> None:
    """Go to another day of the month that is shown."""
    page.keyboard.press(key)
    expect(page.locator(".day[tabindex='0']")).to_be_focused()


@pytest.fixture
def hasty(instance: Instance, tmp_path: Path) -> Iterator[str]:
    """Another API process of the same instance, which gives people a few seconds to pay."""
    port = free_port(host="127.0.0.1")
    environ = {
        **instance.environ,
        "CONSULTING_MODE": "sandbox",
        "CONSULTING_PORT": str(port),
        "CONSULTING_SANDBOX_PORT": instance.sandbox_url.rpartition(":")[2],
        "CONSULTING_SANDBOX_SMTP_PORT": "1",
        "CONSULTING_HOLD_MINUTES": "0.1",
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*COMMAND, "serve"], env=environ, stdout=log, stderr=log)
        try:
            eventually(lambda: _answers(port), told=(tmp_path / "log").read_text)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live", trust_env=False, timeout=PATIENCE).is_success
    except httpx.HTTPError:
        return False


def test_a_hold_that_nobody_pays_ends_before_ones_eyes(
    visitors: Visitors, counter: Counter, instance: Instance, hasty: str
) -> None:
    slot = counter.take(OKAFOR)
    page: Page = visitors.visit(booking(slot), person=KENJI, url=hasty)
    visitors.hosts.clear()
    page.get_by_role("button", name="Hold this time and pay").click()

    expect(page.get_by_role("heading", name="The time to pay is over")).to_be_visible()
    page.get_by_role("link", name="See free times").click()
    expect(page.locator(f"[data-slot='{slot['id']}']")).to_be_visible()
    visitors.hosts.discard(hasty.removeprefix("http://"))
