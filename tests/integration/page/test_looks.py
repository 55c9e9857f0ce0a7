"""What holds for every view, on a phone and on a desktop, in light and in dark."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.integration.instance import Instance
from tests.integration.page.conftest import DESKTOP, PHONE, Counter, Visitors
from tests.integration.page.steps import FREE_OF_CHARGE, IYER, booking, hold, pay, violations

AMARA = "client-amara"
MOST_AT_FIRST = 120_000
"""Bytes of the first view as the program has them, unpacked."""

Json = dict[str, Any]


def too_wide(page: Page) -> list[str]:
    """List what reaches out of the window."""
    return list(
        page.evaluate(
            "[...document.querySelectorAll('body *')].filter((each) => !each.closest('.unseen, .skip') && "
            "each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML.slice(0, 120))"
        )
    )


@pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (DESKTOP, False)])
def test_nobody_is_kept_out_of_any_view(
    visitors: Visitors, counter: Counter, axe: str, size: tuple[int, int], dark: bool
) -> None:
    visitors.expected.append("402")
    found: list[tuple[str, str]] = []
    page = visitors.visit(size=size, dark=dark)

    def look(heading: str | re.Pattern[str]) -> None:
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        expect(page.locator("main .waiting")).to_have_count(0)
        found.extend((page.url, each) for each in [*violations(page, axe), *too_wide(page)])

    look("Find an expert")
    page.evaluate("location.hash = '/nowhere'")
    look("There is nothing here")
    page.evaluate("location.hash = '/sessions'")
    look("Sign in to go on")
    page.get_by_role("button", name="Amara Osei").click()
    look("My sessions")
    page.evaluate(f"location.hash = '/researchers/{IYER}'")
    look("Dr. Ananya Iyer")
    page.evaluate(f"location.hash = '{booking(counter.take(IYER, days=12))}'")
    look("Your session")
    hold(page)
    pay(page, "Is declined")
    expect(page.get_by_role("alert")).to_be_visible()
    look("Pay")
    pay(page)
    look("You are booked")
    page.get_by_text("Amara Osei").first.click()
    look("You are booked")
    page.get_by_role("link", name="Move to another time").click()
    look("Move to another time")
    page.go_back()
    page.get_by_role("link", name="Cancel this session").click()
    look("Cancel this session?")
    page.get_by_role("button", name="Cancel the session").click()
    look("Canceled session")

    assert not found, "\n".join(f"{url}: {each}" for url, each in found)


def test_the_first_view_is_there_before_any_data_and_is_small(visitors: Visitors) -> None:
    page = visitors.visit()
    expect(page.locator(".expert").first).to_be_visible()
    sizes: list[int] = page.evaluate(
        "performance.getEntriesByType('resource').filter((each) => each.name.includes('/page/'))"
        ".map((each) => each.decodedBodySize)"
    )
    assert 0 < sum(sizes) < MOST_AT_FIRST

    page.route("**/api/**", lambda _: None)  # data never comes
    page.reload()
    expect(page.get_by_role("heading", name="Find an expert")).to_be_visible()
    expect(page.get_by_label("Name, field or institution")).to_be_editable()


def answered(status: int, code: str, **details: Any) -> str:
    return json.dumps({"error": {"code": code, "message": f"as the API says it: {code}", "details": details}})


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (409, "HOLD_LIMIT_REACHED", "You hold as many unpaid times as you may."),
        (400, "EMAIL_REQUIRED", "Booking needs a mail address"),
        (403, "OWN_SLOT", "This is your own time"),
        (429, "TOO_MANY_REQUESTS", "Wait 30 seconds."),
        (503, "STORAGE_UNAVAILABLE", "Look whether it was done, and try again."),
        (409, "A_CODE_OF_THE_FUTURE", "as the API says it: A_CODE_OF_THE_FUTURE"),
        (500, "INTERNAL_ERROR", "Something went wrong on our side."),
    ],
)
def test_every_refusal_is_a_sentence_that_helps(
    visitors: Visitors, counter: Counter, status: int, code: str, said: str
) -> None:
    visitors.expected.append(str(status))
    page = visitors.visit(booking(counter.free(IYER)[0]), person=AMARA)

    def refuse(route: Route) -> None:
        headers = {"Retry-After": "30"} if status in {429, 503} else {}
        route.fulfill(status=status, body=answered(status, code), headers=headers, content_type="application/json")

    page.route("**/api/sessions", refuse)
    page.get_by_role("button", name="Hold this time and pay").click()

    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_role("button", name="Hold this time and pay")).to_be_enabled()


def test_what_is_wrong_with_a_field_is_said_beside_it(visitors: Visitors, counter: Counter) -> None:
    visitors.expected.append("400")
    page = visitors.visit(booking(counter.free(IYER)[0]), person=AMARA)
    fields = [{"field": "paper_id", "problem": "give at most 255 characters"}]
    page.route(
        "**/api/sessions",
        lambda route: route.fulfill(
            status=400, body=answered(400, "VALIDATION_FAILED", fields=fields), content_type="application/json"
        ),
    )

    page.get_by_role("button", name="Hold this time and pay").click()

    paper = page.get_by_label("Paper, if it is about one")
    expect(paper).to_have_attribute("aria-invalid", "true")
    expect(paper).to_have_accessible_description(re.compile("give at most 255 characters"))


def test_an_expired_token_is_renewed_without_a_word(visitors: Visitors, counter: Counter) -> None:
    visitors.expected.append("401")
    page = visitors.visit(booking(counter.take(IYER)), person=AMARA)
    refused: list[str] = []

    def once(route: Route) -> None:
        if refused:
            route.continue_()
            return
        refused.append(route.request.url)
        route.fulfill(status=401, body=answered(401, "TOKEN_INVALID"), content_type="application/json")

    page.route("**/api/sessions", once)
    hold(page)

    assert len(refused) == 1


def test_what_is_no_id_in_the_address_never_gets_into_a_path_of_the_api(visitors: Visitors) -> None:
    page = visitors.visit()
    expect(page.locator(".expert").first).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    for path in (
        "/researchers/..%2F..%2Fpage%2Fpeople",
        "/researchers/a%3Fb=c",
        "/researchers/%2e%2e",
        "/researchers/..",
    ):
        page.evaluate("(path) => { location.hash = path; }", path)
        expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        page.evaluate("() => { location.hash = '/'; }")
        expect(page.locator(".expert").first).to_be_visible()

    paths = {urlsplit(url).path for url in asked}
    asked_of_the_api = {path for path in paths if path.startswith("/api/") or path.endswith("/people")}
    assert asked_of_the_api == {"/api/researchers", "/api/expertise"}


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_words_that_never_end_do_not_make_the_page_wider(
    visitors: Visitors, instance: Instance, counter: Counter, size: tuple[int, int]
) -> None:
    with instance.client(AMARA) as client:
        asked = {"time_slot_id": counter.take(FREE_OF_CHARGE)["id"], "questions": "W" * 400, "paper_id": "P" * 250}
        session = client.post("/api/sessions", json=asked).raise_for_status().json()
    page = visitors.visit(f"/sessions/{session['id']}", person=AMARA, size=size)
    expect(page.get_by_text("W" * 400)).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    def unending(route: Route) -> None:
        told = route.fetch().json()
        told["researchers"][0] |= {"name": "N" * 100, "affiliation": "A" * 150, "expertise": ["E" * 80]}
        route.fulfill(json=told)

    page.route("**/api/researchers?*", unending)
    page.evaluate("() => { location.hash = '/'; }")
    expect(page.get_by_text("A" * 150)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_unknown_paths_of_the_server_stay_errors_in_json(visitors: Visitors, instance: Instance) -> None:
    visitors.expected.append("404")
    page = visitors.visit()

    answer = page.request.get(f"{instance.url}/sessions")

    assert answer.status == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"
