"""What was booked with a researcher, and what they may do about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from consulting.domain.researchers import Researcher
from tests.unit.entrypoints.http.frontend import Frontend, problems, refusal

CURIE = "researcher-curie"
BOOKINGS = "/api/researcher/bookings"


@pytest.fixture
def curie(frontend: Frontend) -> Researcher:
    return frontend.researcher("curie")


def listed(frontend: Frontend, **params: Any) -> list[str]:
    answer = frontend.get(BOOKINGS, by=CURIE, **params)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["bookings"]]


def act(frontend: Frontend, session: dict[str, Any], deed: str, *, by: str = CURIE, **body: Any) -> Any:
    return frontend.call("PATCH", f"{BOOKINGS}/{session['id']}/{deed}", by=by, json=body)


def go_to(frontend: Frontend, instant: str) -> None:
    frontend.market.clock.set(datetime.fromisoformat(instant))


def test_bookings_are_listed_by_time_client_and_state(frontend: Frontend, curie: Researcher) -> None:
    frontend.researcher("noether")
    first, second = (frontend.paid(frontend.held(curie, by=user), by=user)["id"] for user in ("ada", "bob"))
    third = frontend.held(curie)
    act(frontend, third, "cancel")
    go_to(frontend, "2026-12-02T09:00:00Z")

    assert listed(frontend) == [third["id"], second, first]
    assert listed(frontend, when="upcoming") == [second, third["id"]]
    assert listed(frontend, when="past") == [first]
    assert listed(frontend, status="completed") == [first]
    assert listed(frontend, status="canceled") == [third["id"]]
    assert listed(frontend, user_id="bob") == [second]
    assert listed(frontend, **{"from": "2026-12-03"}) == []
    assert frontend.get(BOOKINGS, by="researcher-noether").json() == {"bookings": [], "next_cursor": None}


@pytest.mark.parametrize("params", [{}, {"when": "upcoming"}])
def test_pages_of_bookings_join_without_gap_or_repeat(
    frontend: Frontend, curie: Researcher, params: dict[str, str]
) -> None:
    for _ in range(5):
        frontend.held(curie)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while cursor != {"cursor": None}:
        page = frontend.get(BOOKINGS, by=CURIE, limit=2, **params, **cursor).json()
        seen += [each["id"] for each in page["bookings"]]
        cursor = {"cursor": page["next_cursor"]}

    assert seen == listed(frontend, **params)
    assert len(seen) == 5


def test_a_cursor_may_stand_in_an_address_as_it_is(frontend: Frontend, curie: Researcher) -> None:
    for _ in range(2):
        frontend.held(curie)
    cursor = frontend.get(BOOKINGS, by=CURIE, limit=1).json()["next_cursor"]

    followed = frontend.call("GET", f"{BOOKINGS}?limit=1&cursor={cursor}", by=CURIE)
    assert followed.status_code == 200, followed.text
    assert len(followed.json()["bookings"]) == 1


@pytest.mark.parametrize(
    "cursor", ["", "x", "2026-12-01T00:00:00_x", "2026-12-01T00:00:00Z", "0001-01-01T00:00:00+14:00_"]
)
def test_a_cursor_that_no_page_gave_is_refused(frontend: Frontend, curie: Researcher, cursor: str) -> None:
    assert list(problems(frontend.get(BOOKINGS, by=CURIE, cursor=cursor))) == ["cursor"]


def test_one_booking_shows_the_client_their_questions_and_the_paper(frontend: Frontend, curie: Researcher) -> None:
    slot = frontend.slots(curie)[0]["id"]
    body = {"time_slot_id": slot, "questions": "Why?", "paper_id": "p-1"}
    session = frontend.post("/api/sessions", body, by="ada").json()

    booking = frontend.get(f"{BOOKINGS}/{session['id']}", by=CURIE).json()

    assert booking == session | {
        "client": {"name": None, "email": "ada@example.org", "timezone": "UTC"},
        "notes": None,
    }


def test_another_researchers_booking_does_not_exist(frontend: Frontend, curie: Researcher) -> None:
    frontend.researcher("noether")
    session = frontend.paid(frontend.held(curie))
    path = f"{BOOKINGS}/{session['id']}"
    other = "researcher-noether"

    for answer in (
        frontend.get(path, by=other),
        frontend.get(f"{path}/start-link", by=other),
        act(frontend, session, "cancel", by=other),
        act(frontend, session, "notes", by=other, notes="x"),
        frontend.call("PATCH", f"{path}/no-show", by=other),
    ):
        assert refusal(answer) == (404, "SESSION_NOT_FOUND")


def test_a_researcher_cancels_with_everything_given_back_whatever_the_policy(
    frontend: Frontend, curie: Researcher
) -> None:
    session = frontend.paid(frontend.held(curie))
    go_to(frontend, "2026-12-02T07:50:00Z")

    canceled = act(frontend, session, "cancel", reason="Ill").json()
    again = act(frontend, session, "cancel", reason="Other", reopen_slot=True).json()
    frontend.market.work()

    assert canceled["refund"] == {"amount": session["amount"], "currency": "usd", "status": "requested"}
    assert canceled["cancellation"]["by"] == "researcher"
    assert canceled["cancellation"]["note"] == "Ill"
    assert again == canceled
    assert "ada@example.org" in {mail.to_address for mail in frontend.market.mailer.delivered}


@pytest.mark.parametrize("reopen", [False, True])
def test_a_canceled_slot_is_offered_again_only_if_reopened(
    frontend: Frontend, curie: Researcher, *, reopen: bool
) -> None:
    session = frontend.held(curie)

    act(frontend, session, "cancel", reopen_slot=reopen)
    frontend.market.top_up()

    assert (session["time_slot_id"] in {slot["id"] for slot in frontend.slots(curie)}) is reopen


def test_a_reopened_slot_comes_back_only_where_the_hours_still_give_it(frontend: Frontend, curie: Researcher) -> None:
    session = frontend.held(curie)
    frontend.post("/api/researcher/availability/overrides", {"date": "2026-12-02"}, by=CURIE)

    act(frontend, session, "cancel", reopen_slot=True)

    assert session["time_slot_id"] not in {slot["id"] for slot in frontend.slots(curie)}


def test_a_session_that_is_over_can_not_be_canceled(frontend: Frontend, curie: Researcher) -> None:
    session = frontend.paid(frontend.held(curie))
    go_to(frontend, session["end_time"])

    assert refusal(act(frontend, session, "cancel")) == (409, "SESSION_COMPLETED")


def test_a_no_show_is_noted_from_the_start_on(frontend: Frontend, curie: Researcher) -> None:
    session = frontend.paid(frontend.held(curie))
    path = f"{BOOKINGS}/{session['id']}/no-show"

    early = frontend.call("PATCH", path, by=CURIE)
    go_to(frontend, session["start_time"])
    noted = frontend.call("PATCH", path, by=CURIE).json()

    assert refusal(early) == (409, "SESSION_NOT_STARTED")
    assert (noted["status"], noted["payment_status"], noted["no_show"]) == ("completed", "completed", True)
    assert noted["refund"] is None
    assert frontend.call("PATCH", path, by=CURIE).json() == noted


def test_a_no_show_needs_a_confirmed_session(frontend: Frontend, curie: Researcher) -> None:
    session = frontend.held(curie)
    go_to(frontend, session["start_time"])

    answer = frontend.call("PATCH", f"{BOOKINGS}/{session['id']}/no-show", by=CURIE)
    assert refusal(answer) == (409, "SESSION_NOT_CONFIRMED")


def test_notes_are_the_researchers_alone(
    frontend: Frontend, curie: Researcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    session = frontend.paid(frontend.held(curie))

    written = act(frontend, session, "notes", notes="SECRET-THOUGHT").json()
    shown = frontend.get(f"{BOOKINGS}/{session['id']}", by=CURIE).json()
    act(frontend, session, "cancel")
    frontend.market.work()

    assert written["notes"] == shown["notes"] == "SECRET-THOUGHT"
    for by in ("ada", "admin", CURIE):
        assert "SECRET-THOUGHT" not in frontend.get(f"/api/sessions/{session['id']}", by=by).text
    assert "SECRET-THOUGHT" not in frontend.get("/api/sessions", by="ada").text
    assert "SECRET-THOUGHT" not in frontend.get(BOOKINGS, by=CURIE).text
    assert "SECRET-THOUGHT" not in repr(frontend.market.mailer.delivered)
    assert "SECRET-THOUGHT" not in caplog.text
    assert act(frontend, session, "notes", notes=None).json()["notes"] is None


@pytest.mark.parametrize("body", [{}, {"notes": "\x00"}, {"notes": "x" * 5001}, {"notes": 7}])
def test_notes_that_are_not_right_are_refused(frontend: Frontend, curie: Researcher, body: dict[str, Any]) -> None:
    session = frontend.held(curie)

    assert list(problems(act(frontend, session, "notes", **body))) == ["notes"]


def test_the_start_link_is_fetched_for_the_researcher_alone(frontend: Frontend, curie: Researcher) -> None:
    session = frontend.paid(frontend.held(curie))
    path = f"{BOOKINGS}/{session['id']}/start-link"

    early = frontend.get(path, by=CURIE)
    frontend.market.work()
    link = frontend.get(path, by=CURIE)

    assert refusal(early)[0] == 503
    assert link.json()["start_link"].startswith("http")
    assert link.headers["Cache-Control"] == "no-store"
    assert refusal(frontend.get(path, by="ada")) == (403, "NOT_A_RESEARCHER")
    assert link.json()["start_link"] not in frontend.get(f"/api/sessions/{session['id']}", by="ada").text


def test_a_session_that_is_not_confirmed_has_no_start_link(frontend: Frontend, curie: Researcher) -> None:
    session = frontend.held(curie)

    answer = frontend.get(f"{BOOKINGS}/{session['id']}/start-link", by=CURIE)
    assert refusal(answer) == (409, "SESSION_NOT_CONFIRMED")
