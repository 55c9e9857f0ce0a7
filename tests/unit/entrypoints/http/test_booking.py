from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.entrypoints.http.frontend import NOWHERE, PUBLIC_URL, Frontend, problems, refusal


def test_a_booked_slot_is_held_and_everything_about_it_is_told(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie", rate=12_550)
    slot = frontend.slots(researcher)[0]

    answer = frontend.post(
        "/api/sessions", {"time_slot_id": slot["id"], "questions": "Why?", "paper_id": "p-1"}, by="ada"
    )

    session = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PUBLIC_URL}/api/sessions/{session['id']}"
    assert session == {
        "id": session["id"],
        "user_id": "ada",
        "researcher_id": str(researcher.id),
        "time_slot_id": slot["id"],
        "start_time": slot["start_time"],
        "end_time": slot["end_time"],
        "paper_id": "p-1",
        "questions": "Why?",
        "status": "scheduled",
        "payment_status": "pending",
        "amount": 12550,
        "currency": "usd",
        "expires_at": "2026-12-01T12:15:00Z",
        "zoom_link": None,
        "cancellation": None,
        "refund": None,
        "no_show": False,
        "created_at": "2026-12-01T12:00:00Z",
        "updated_at": "2026-12-01T12:00:00Z",
    }
    assert frontend.get(f"/api/sessions/{session['id']}", by="ada").json() == session


def test_a_free_researchers_session_is_confirmed_at_once(frontend: Frontend) -> None:
    session = frontend.held(frontend.researcher("curie", rate=0))

    assert (session["payment_status"], session["expires_at"], session["amount"]) == ("completed", None, 0)


def test_a_slot_can_be_booked_once_also_by_oneself(frontend: Frontend) -> None:
    session = frontend.held(frontend.researcher("curie"))

    for user in ("ada", "bob"):
        again = frontend.post("/api/sessions", {"time_slot_id": session["time_slot_id"]}, by=user)
        assert refusal(again) == (409, "SLOT_UNAVAILABLE")


@pytest.mark.parametrize("id", ["", "1", "x" * 9999, NOWHERE, NOWHERE.upper()])
def test_a_slot_that_does_not_exist_is_not_found(anybody: Frontend, id: str) -> None:
    assert refusal(anybody.post("/api/sessions", {"time_slot_id": id}, by="ada")) == (404, "SLOT_NOT_FOUND")


def test_ones_own_slot_can_not_be_booked(frontend: Frontend) -> None:
    slot = frontend.slots(frontend.researcher("curie"))[0]

    assert refusal(frontend.post("/api/sessions", {"time_slot_id": slot["id"]}, by="researcher-curie")) == (
        403,
        "OWN_SLOT",
    )


def test_booking_needs_an_address(frontend: Frontend) -> None:
    slot = frontend.slots(frontend.researcher("curie"))[0]

    assert refusal(frontend.post("/api/sessions", {"time_slot_id": slot["id"]}, by="nameless")) == (
        400,
        "EMAIL_REQUIRED",
    )


def test_a_few_unpaid_sessions_are_allowed_but_the_slots_own_state_is_judged_first(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie")
    taken = [frontend.held(researcher) for _ in range(5)]
    free = frontend.slots(researcher)[0]["id"]

    assert refusal(frontend.post("/api/sessions", {"time_slot_id": free}, by="ada")) == (409, "HOLD_LIMIT_REACHED")
    assert refusal(frontend.post("/api/sessions", {"time_slot_id": taken[0]["time_slot_id"]}, by="ada")) == (
        409,
        "SLOT_UNAVAILABLE",
    )


def test_a_free_researchers_calendar_can_not_be_booked_out_by_one_user(frontend: Frontend) -> None:
    bohr, noether = frontend.researcher("bohr", rate=0), frontend.researcher("noether", rate=0)
    taken = [frontend.held(researcher) for researcher in (bohr, noether) for _ in range(10)]
    free = frontend.slots(noether)[0]["id"]

    refused = frontend.post("/api/sessions", {"time_slot_id": free}, by="ada")
    assert refusal(refused) == (409, "FREE_SESSION_LIMIT_REACHED")
    assert refusal(frontend.post("/api/sessions", {"time_slot_id": taken[0]["time_slot_id"]}, by="ada")) == (
        409,
        "SLOT_UNAVAILABLE",
    )
    assert frontend.post("/api/sessions", {"time_slot_id": free}, by="bea").status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "time_slot_id"),
        ({"time_slot_id": 7}, "time_slot_id"),
        ({"time_slot_id": None}, "time_slot_id"),
        ({"time_slot_id": ["a"]}, "time_slot_id"),
        ({"time_slot_id": "a\x00"}, "time_slot_id"),
        ({"time_slot_id": "a", "questions": "x" * 5001}, "questions"),
        ({"time_slot_id": "a", "questions": {"a": 1}}, "questions"),
        ({"time_slot_id": "a", "questions": "\x00"}, "questions"),
        ({"time_slot_id": "a", "paper_id": "x" * 256}, "paper_id"),
        ({"time_slot_id": "a", "price": 1}, "price"),
        ({"time_slot_id": "a", "status": "completed"}, "status"),
        ([], "body"),
        ("time_slot_id", "body"),
        (None, "body"),
    ],
)
def test_a_body_that_is_not_right_is_refused_by_field(anybody: Frontend, body: Any, field: str) -> None:
    assert list(problems(anybody.post("/api/sessions", body, by="ada"))) == [field]


def test_sessions_are_listed_the_newest_first_and_page_by_page(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie")
    booked = [frontend.held(researcher)["id"] for _ in range(3)]
    frontend.held(researcher, by="bob")

    first = frontend.get("/api/sessions", by="ada", limit=2).json()
    second = frontend.get("/api/sessions", by="ada", limit=2, cursor=first["next_cursor"]).json()

    assert [each["id"] for each in first["sessions"] + second["sessions"]] == booked[::-1]
    assert second["next_cursor"] is None


def test_sessions_are_filtered_by_how_they_stand_now_and_by_day(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie")
    expired = frontend.held(researcher)
    frontend.market.clock.advance(timedelta(minutes=16))
    live = frontend.held(researcher)

    def listed(**params: str) -> list[str]:
        found = frontend.get("/api/sessions", by="ada", **params).json()["sessions"]
        return [each["id"] for each in found]

    assert listed(status="scheduled") == [live["id"]]
    assert listed(status="canceled") == [expired["id"]]
    assert listed(**{"from": "2026-12-02", "to": "2026-12-02"}) == [live["id"], expired["id"]]
    assert listed(**{"from": "2026-12-03"}) == []
    assert listed(to="2026-12-01") == []
    assert listed(to="2026-12-01", timezone="Pacific/Pago_Pago") == [live["id"], expired["id"]]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"status": "held"}, "status"),
        ({"status": "SCHEDULED"}, "status"),
        ({"from": "2026-12-02", "to": "2026-12-01"}, "to"),
        ({"from": "1700-01-01"}, "from"),
        ({"to": "9999-01-01"}, "to"),
        ({"from": "null"}, "from"),
        ({"cursor": "x"}, "cursor"),
        ({"timezone": "Nowhere"}, "timezone"),
        ({"user_id": "bob"}, "user_id"),
        ({"limit": "many"}, "limit"),
    ],
)
def test_a_parameter_of_the_list_that_is_not_right_is_named(
    anybody: Frontend, params: dict[str, str], field: str
) -> None:
    assert list(problems(anybody.get("/api/sessions", by="ada", **params))) == [field]


def test_a_status_that_there_is_not_is_answered_with_those_that_there_are(anybody: Frontend) -> None:
    found = problems(anybody.get("/api/sessions", by="ada", status="x"))

    assert found == {"status": "give one of scheduled, completed, canceled"}


def test_a_session_canceled_by_its_client_says_so_however_often(frontend: Frontend) -> None:
    session = frontend.held(frontend.researcher("curie"))
    path = f"/api/sessions/{session['id']}/cancel"

    first = frontend.call("PATCH", path, by="ada", json={"reason": "Ill"})
    frontend.market.clock.advance(timedelta(minutes=1))
    again = frontend.call("PATCH", path, by="ada")

    assert first.json()["status"] == "canceled"
    assert first.json()["cancellation"] == {
        "by": "client",
        "reason": "canceled_by_client",
        "note": "Ill",
        "at": "2026-12-01T12:00:00Z",
    }
    assert again.json() == first.json()


@pytest.mark.parametrize(
    "sent",
    [{}, {"json": {}}, {"json": {"reason": None}}, {"json": None, "headers": {"Content-Type": "application/json"}}],
)
def test_a_cancellation_needs_no_body(frontend: Frontend, sent: dict[str, Any]) -> None:
    session = frontend.held(frontend.researcher("curie"))

    answer = frontend.call("PATCH", f"/api/sessions/{session['id']}/cancel", by="ada", **sent)

    assert answer.status_code == 200
    assert answer.json()["cancellation"]["note"] is None


def test_a_session_that_has_begun_or_is_over_can_not_be_canceled(frontend: Frontend) -> None:
    session = frontend.held(frontend.researcher("curie", rate=0))
    path = f"/api/sessions/{session['id']}/cancel"

    frontend.market.clock.advance(timedelta(hours=20, minutes=30))
    assert refusal(frontend.call("PATCH", path, by="ada")) == (409, "SESSION_STARTED")
    frontend.market.clock.advance(timedelta(hours=1))
    assert refusal(frontend.call("PATCH", path, by="ada")) == (409, "SESSION_COMPLETED")


def test_what_canceling_would_give_back_is_quoted(frontend: Frontend) -> None:
    session = frontend.paid(frontend.held(frontend.researcher("curie")))

    quote = frontend.get(f"/api/sessions/{session['id']}/cancellation", by="ada").json()

    assert quote == {
        "session_id": session["id"],
        "percent": 50,
        "refund": {"amount": 6000, "currency": "usd"},
        "quoted_at": "2026-12-01T12:00:00Z",
    }


def test_a_canceled_session_tells_of_its_refund_and_whether_it_has_arrived(frontend: Frontend) -> None:
    session = frontend.paid(frontend.held(frontend.researcher("curie")))

    canceled = frontend.call("PATCH", f"/api/sessions/{session['id']}/cancel", by="ada").json()
    frontend.market.work()
    later = frontend.get("/api/sessions", by="ada").json()["sessions"][0]

    assert canceled["refund"] == {"amount": 6000, "currency": "usd", "status": "requested"}
    assert later["refund"] == {"amount": 6000, "currency": "usd", "status": "succeeded"}
    assert (later["status"], later["payment_status"]) == ("canceled", "refunded")


def test_a_confirmed_session_is_a_calendar_entry_until_it_is_canceled(frontend: Frontend) -> None:
    session = frontend.held(frontend.researcher("curie"))
    path = f"/api/sessions/{session['id']}"

    assert refusal(frontend.get(f"{path}/calendar.ics", by="ada")) == (409, "SESSION_NOT_CONFIRMED")
    frontend.paid(session)
    confirmed = frontend.get(f"{path}/calendar.ics", by="ada")
    frontend.call("PATCH", f"{path}/cancel", by="ada")
    canceled = frontend.get(f"{path}/calendar.ics", by="ada")

    assert confirmed.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "METHOD:REQUEST" in confirmed.text
    assert canceled.status_code == 200
    assert "METHOD:CANCEL" in canceled.text


def test_each_of_the_two_gets_their_own_calendar_entry_and_an_admin_the_clients(frontend: Frontend) -> None:
    curie = frontend.researcher("curie")
    session = frontend.paid(frontend.held(curie))
    path = f"/api/sessions/{session['id']}/calendar.ics"

    shown = {by: frontend.get(path, by=by).text for by in ("ada", str(curie.user_id), "admin")}

    assert "SUMMARY:Consultation with Curie\r\n" in shown["ada"]
    assert "SUMMARY:Consultation with a client\r\n" in shown[str(curie.user_id)]
    assert shown["admin"] == shown["ada"]
