"""What visitors do on the page, in the words that they see, and what keeps them out of it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.integration.instance import Instance

IYER = "01932f00-0000-7000-8000-000000000002"
OKAFOR = "01932f00-0000-7000-8000-000000000003"
FREE_OF_CHARGE = "01932f00-0000-7000-8000-00000000000a"
HADDAD = "01932f00-0000-7000-8000-00000000000c"
"""Sample researchers."""

Json = dict[str, Any]


def booking(slot: Json) -> str:
    return f"/researchers/{slot['researcher_id']}/book/{slot['id']}"


def hold(page: Page, *, question: str = "") -> str:
    """Hold the time whose booking is shown; give the session's id."""
    if question:
        page.get_by_label("What would you like to ask?").fill(question)
    page.get_by_role("button", name="Hold this time and pay").click()
    expect(page.get_by_role("heading", name="Pay", exact=True)).to_be_visible()
    return page.url.split("/")[-2]


def pay(page: Page, card: str = "Works") -> None:
    """Choose a test card and pay."""
    page.get_by_role("button", name=card).click()
    page.get_by_role("button", name="Pay US$").click()


def booked(page: Page) -> str:
    """Go the whole way from a time to a confirmed session; give its id."""
    session = hold(page)
    pay(page)
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    return session


def sessions(instance: Instance, user: str) -> list[Json]:
    """Ask the API for somebody's sessions."""
    with instance.client(user) as client:
        found: list[Json] = client.get("/api/sessions", params={"limit": 100}).json()["sessions"]
        return found


def violations(page: Page, axe: str) -> list[str]:
    """Have axe look for what keeps people out."""
    page.evaluate(axe)
    found: list[Json] = page.evaluate("axe.run().then((told) => told.violations)")
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]
