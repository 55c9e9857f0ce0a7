"""A researcher's week: hours and time off are drawn, tried and saved, and every time is explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.integration.instance import Instance, running_instance
from tests.integration.page.conftest import DESKTOP, PHONE, Visitors
from tests.integration.page.steps import FREE_OF_CHARGE, violations

ARAUJO, WOJCIK, LINDQVIST, TREMBLAY = (f"researcher-{name}" for name in ("araujo", "wojcik", "lindqvist", "tremblay"))
AVAILABILITY = "/api/researcher/availability"
MARCH, OCTOBER = 3, 10
"""On the last Sundays of these Berlin's clocks change."""

SATURDAY, SUNDAY = 5, 6

Json = dict[str, Any]


@pytest.fixture(scope="module")
def instance(module_home: Path, module_database_url: str, chromium: str) -> Iterator[Instance]:
    settings = {"CONSULTING_PROCESSES": "1", "CONSULTING_DATABASE_URL": module_database_url}
    with running_instance(module_home, **settings) as running:
        yield running


def week_after(days: int) -> str:
    return str(datetime.now(UTC).date() + timedelta(days=days))


def monday_after(days: int) -> date:
    day = datetime.now(UTC).date() + timedelta(days=days)
    return day + timedelta(days=-day.weekday() % 7)


def last_sunday(month: int) -> date:
    """Give the last Sunday of the next such month that is some weeks ahead."""
    soonest = datetime.now(UTC).date() + timedelta(days=30)
    ends = (date(year, month, 31) for year in (soonest.year, soonest.year + 1))
    return next(day for end in ends if (day := end - timedelta(days=(end.weekday() - SUNDAY) % 7)) >= soonest)


def cell(page: Page, *, day: int, at: str, again: bool = False) -> Locator:
    """Find half an hour of the grid, as assistive technology names it."""
    there = page.get_by_role("gridcell", name=re.compile(f", 0?{at}{' for the second time' if again else ''}:"))
    return there.and_(page.locator(f"[data-day='{day}']"))


def opened(visitors: Visitors, person: str, of: str, **how: Any) -> Page:
    page = visitors.visit(f"/week?of={of}", person=person, **how)
    expect(page.get_by_role("heading", name="Weekly hours")).to_be_visible()
    return page


def told(instance: Instance, user: str, what: str) -> list[Json]:
    with instance.client(user) as client:
        found: list[Json] = client.get(f"{AVAILABILITY}/{what}").json()[what]
        return found


def preview(page: Page) -> Locator:
    page.get_by_role("button", name="Preview").click()
    effect = page.locator("dialog").get_by_role("status")
    expect(effect).to_contain_text("Nothing is saved yet.")
    return effect


def booked(instance: Instance, *, question: str) -> Json:
    """Book something that is free of charge, so that it is confirmed at once."""
    query = {"researcher_id": FREE_OF_CHARGE, "from": week_after(6), "to": week_after(20)}
    with instance.client("counter") as client:
        slots = client.get("/api/time-slots", params=query).json()["time_slots"]
    slot = next(each for each in slots if each["available"])
    with instance.client("curious") as client:
        answer = client.post("/api/sessions", json={"time_slot_id": slot["id"], "questions": question})
        assert answer.status_code == 201
        return {**answer.json()}


def place_in_week(session: Json) -> tuple[str, int, str]:
    """Give the date, the weekday and the hour that the researcher's clock shows."""
    start = datetime.fromisoformat(session["start_time"]).astimezone(ZoneInfo("America/Sao_Paulo"))
    return str(start.date()), start.weekday(), f"{start:%-H:%M}"


def test_hours_are_added_by_dragging_but_only_after_a_look_at_what_that_changes(
    visitors: Visitors, instance: Instance
) -> None:
    before = told(instance, WOJCIK, "patterns")
    page = opened(visitors, WOJCIK, week_after(9))

    cell(page, day=SATURDAY, at="14:00").drag_to(cell(page, day=SATURDAY, at="15:30"))
    expect(page.get_by_role("dialog")).to_contain_text("No hours are open.")
    page.get_by_role("button", name="Add hours here").click()
    expect(preview(page)).to_contain_text(re.compile(r"\d+ times appear"))
    assert told(instance, WOJCIK, "patterns") == before
    page.get_by_role("button", name="Save").click()

    expect(page.locator("week-view > .note-good")).to_have_text(re.compile(r"Saved\. \d+ times appeared"))
    expect(cell(page, day=SATURDAY, at="14:30")).to_have_accessible_name(re.compile("Free to book"))
    (added,) = [each for each in told(instance, WOJCIK, "patterns") if each not in before]
    assert (added["weekday"], added["start"], added["end"]) == (5, "14:00", "16:00")

    page.get_by_role("button", name="Change: Saturday, 14:00 – 16:00").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("vanish")
    page.get_by_role("button", name="Delete for good").click()
    expect(cell(page, day=SATURDAY, at="14:30")).to_have_accessible_name(re.compile("no hours"))
    assert told(instance, WOJCIK, "patterns") == before


def test_by_keys_alone_a_date_gets_hours_of_its_own(visitors: Visitors, instance: Instance) -> None:
    day = monday_after(14)
    page = opened(visitors, LINDQVIST, str(day))

    page.locator("week-grid td[tabindex='0']").focus()
    for key in ("Home", "PageDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    chosen = page.locator("[aria-selected='true']")
    expect(chosen).to_have_count(4)
    start = re.search(r", (\d+):(\d\d):", str(chosen.first.get_attribute("aria-label")))
    assert start is not None
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add hours here").press("Enter")
    page.get_by_role("radio", name="On this date only").press("Space")
    expect(page.get_by_text("instead of the weekly ones")).to_be_visible()
    preview(page)
    page.get_by_role("button", name="Save").press("Enter")

    expect(page.locator("week-view > .note-good")).to_be_visible()
    (added,) = [each for each in told(instance, LINDQVIST, "overrides") if each["date"] == str(day)]
    begin = f"{int(start[1]):02}:{start[2]}"
    assert begin in [window["start"] for window in added["windows"]]
    expect(page.get_by_text("No date has other hours.")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Change: Monday")).nth(-1).click()
    expect(page.get_by_role("heading", name="Change the hours of a date")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_single_time_is_offered_named_and_taken_back(visitors: Visitors, instance: Instance) -> None:
    visitors.expected.append("409")
    page = opened(visitors, WOJCIK, week_after(21))
    free = cell(page, day=SATURDAY, at="19:00")

    free.click()
    page.get_by_role("button", name="Add hours here").click()
    page.get_by_role("radio", name="One time only").check()
    page.get_by_label("To, time").fill("19:45")
    expect(preview(page)).to_contain_text("1 time appears")
    page.get_by_role("button", name="Save").click()

    expect(free).to_have_accessible_name(re.compile("Free to book"))
    expect(page.get_by_role("heading", name="Single times")).to_be_visible()
    (slot,) = told(instance, WOJCIK, "slots")
    assert minutes_of(slot) == 45
    free.click()
    expect(page.get_by_role("dialog")).to_contain_text("You offered this single time.")
    page.get_by_role("button", name="Add hours here").click()
    page.get_by_role("radio", name="One time only").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("alert")).to_contain_text("offered or booked in this time already")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("listitem").filter(has_text="19:45").get_by_role("button").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="Single times")).to_have_count(0)
    assert told(instance, WOJCIK, "slots") == []


def minutes_of(slot: Json) -> float:
    start, end = (datetime.fromisoformat(slot[each]) for each in ("start_time", "end_time"))
    return (end - start) / timedelta(minutes=1)


def test_time_off_over_a_booking_is_blocked_only_once_its_end_is_meant(visitors: Visitors, instance: Instance) -> None:
    visitors.expected.append("409")
    session = booked(instance, question="Will this take place?")
    of, day, at = place_in_week(session)
    page = opened(visitors, ARAUJO, of)

    expect(cell(page, day=day, at=at)).to_have_accessible_name(re.compile("Booked"))
    cell(page, day=day, at=at).click()
    expect(page.get_by_role("dialog")).to_contain_text("Somebody has booked it")
    page.get_by_role("button", name="Block this time").click()
    page.get_by_label("Why, told to clients you cancel").fill("Dentist")
    page.get_by_role("button", name="Preview").click()
    warning = page.get_by_role("alert")
    expect(warning).to_contain_text("1 session is booked in this time")
    expect(warning).to_contain_text("curious@clients.example")
    warning.get_by_label("Cancel this session and give all the money back").check()
    preview(page)
    with instance.client(ARAUJO) as client:
        path = f"/api/researcher/bookings/{session['id']}"
        assert client.get(path).json()["status"] == "scheduled"
        page.get_by_role("button", name="Save").click()
        expect(cell(page, day=day, at=at)).to_have_accessible_name(re.compile("Blocked"))
        assert client.get(path).json()["cancellation"]["reason"] == "canceled_by_researcher"
    (block,) = told(instance, ARAUJO, "blocks")
    assert (block["start_time"], block["reason"]) == (session["start_time"], "Dentist")

    cell(page, day=day, at=at).click()
    page.get_by_role("dialog").get_by_role("listitem").filter(has_text="You blocked it.").get_by_role("button").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Nothing to come is blocked.")).to_be_visible()


def test_where_the_clocks_go_back_the_hour_that_comes_twice_can_be_told_apart(
    visitors: Visitors, instance: Instance
) -> None:
    sunday = last_sunday(OCTOBER)
    page = opened(visitors, WOJCIK, str(sunday))
    expect(page.get_by_text(f"The clocks go back on Sunday {sunday.day} October")).to_be_visible()
    expect(page.locator("week-grid tbody tr")).to_have_count(50)
    expect(cell(page, day=SATURDAY, at="2:00", again=True)).to_have_accessible_name(re.compile("comes once"))

    cell(page, day=SUNDAY, at="2:00", again=True).click()
    page.get_by_role("button", name="Block this time").click()
    preview(page)
    page.get_by_role("button", name="Save").click()

    expect(cell(page, day=SUNDAY, at="2:00", again=True)).to_have_accessible_name(re.compile("Blocked"))
    expect(cell(page, day=SUNDAY, at="2:00")).to_have_accessible_name(re.compile("no hours"))
    (block,) = told(instance, WOJCIK, "blocks")
    assert (block["start_time"], block["end_time"]) == (f"{sunday}T01:00:00Z", f"{sunday}T01:30:00Z")


def test_where_the_clocks_go_forward_the_hour_that_is_skipped_is_no_time(visitors: Visitors) -> None:
    sunday = last_sunday(MARCH)
    week_before = sunday - timedelta(days=7)
    page = opened(visitors, WOJCIK, str(sunday))

    expect(page.get_by_text(f"The clocks go forward on Sunday {sunday.day} March")).to_be_visible()
    expect(page.locator("week-grid td.missing")).to_have_count(2)
    expect(cell(page, day=SUNDAY, at="2:30")).to_have_accessible_name(re.compile("skipped"))
    cell(page, day=SUNDAY, at="2:30").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    cell(page, day=SUNDAY, at="1:30").drag_to(cell(page, day=SUNDAY, at="3:00"))
    expect(page.get_by_role("dialog")).to_contain_text(re.compile("01:30.03:30"))
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Earlier week").click()
    expect(
        page.get_by_role("heading", name=re.compile(f"Sun {week_before.day} Mar {week_before.year}"))
    ).to_be_visible()
    page.go_back()
    expect(page.get_by_text("The clocks go forward")).to_be_visible()


def test_a_booking_is_read_noted_and_canceled_with_a_word(visitors: Visitors, instance: Instance) -> None:
    session = booked(instance, question="Which licence would you choose?")
    page = visitors.visit("/bookings", person=ARAUJO)
    page.get_by_role("link", name=re.compile("Which licence would you choose")).click()
    expect(page.get_by_role("link", name="curious@clients.example")).to_be_visible()

    page.get_by_label("Private notes").fill("Send the comparison beforehand.")
    page.get_by_role("button", name="Save the notes").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Cancel this booking").click()
    expect(page.get_by_text("Nothing was charged")).to_be_visible()
    page.get_by_label("A word to the client").fill("I am ill.")
    page.get_by_role("button", name="Cancel the booking").click()
    expect(page.get_by_text("You canceled it.")).to_be_visible()

    with instance.client(ARAUJO) as client:
        kept = client.get(f"/api/researcher/bookings/{session['id']}").json()
    assert kept["notes"] == "Send the comparison beforehand."
    assert (kept["status"], kept["cancellation"]["note"]) == ("canceled", "I am ill.")


def test_a_profile_is_changed_and_what_is_wrong_is_said_beside_its_field(
    visitors: Visitors, instance: Instance
) -> None:
    visitors.expected.append("400")
    page = visitors.visit("/profile", person=TREMBLAY, size=PHONE)
    horizon = page.get_by_label("Bookable ahead, days")

    horizon.fill("99999")
    page.get_by_label("Affiliation").fill("Université des Marées")
    page.get_by_label("When clients cancel").select_option("strict")
    page.get_by_role("button", name="Save").click()
    expect(horizon).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Affiliation")).to_have_value("Université des Marées")
    horizon.fill("45")
    page.get_by_label("Notice, hours").fill("1.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True).first).to_be_visible()

    with instance.client(TREMBLAY) as client:
        kept = client.get("/api/researcher/profile").json()
    assert (kept["affiliation"], kept["horizon_days"], kept["notice_minutes"]) == ("Université des Marées", 45, 90)
    assert kept["cancellation_policy"]["name"] == "strict"


@pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (DESKTOP, False)])
def test_nobody_is_kept_out_of_a_researchers_views(
    visitors: Visitors, axe: str, size: tuple[int, int], dark: bool
) -> None:
    found: list[tuple[str, str]] = []
    page = opened(visitors, LINDQVIST, week_after(8), size=size, dark=dark)

    def look() -> None:
        expect(page.locator("main .waiting")).to_have_count(0)
        found.extend((page.url, each) for each in violations(page, axe))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url

    look()
    if size == PHONE:
        page.get_by_role("region", name=re.compile("Monday")).get_by_role("button").first.click()
    else:
        cell(page, day=SUNDAY, at="10:00").click()
    expect(page.get_by_role("dialog").get_by_role("listitem").first).to_be_visible()
    look()
    page.get_by_role("button", name="Add hours here").click()
    page.get_by_role("radio", name="On this date only").check()
    look()
    page.get_by_role("button", name="Close").click()
    for path, heading in (("/bookings", "Bookings"), ("/earnings", "Bookings"), ("/profile", "Profile")):
        page.evaluate(f"location.hash = '{path}'")
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        look()

    assert found == []
