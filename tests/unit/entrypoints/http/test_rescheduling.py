from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from consulting.application.ports.outbox import Errand
from consulting.domain.money import Money
from consulting.domain.researchers import Researcher
from tests.unit.entrypoints.http.frontend import NOWHERE, Frontend, problems, refusal


@pytest.fixture
def researcher(frontend: Frontend) -> Researcher:
    return frontend.researcher("curie")


def booked(frontend: Frontend, researcher: Researcher, *, slot: int = 3) -> dict[str, Any]:
    """Book and pay a slot that is more than a day ahead, so that the policy gives everything back."""
    chosen = frontend.slots(researcher)[slot]
    session = frontend.post("/api/sessions", {"time_slot_id": chosen["id"]}, by="ada").json()
    return frontend.paid(session)


def move(frontend: Frontend, session: dict[str, Any], slot: str, *, by: str = "ada") -> httpx.Response:
    return frontend.call("PATCH", f"/api/sessions/{session['id']}/reschedule", by=by, json={"time_slot_id": slot})


def test_a_client_moves_a_paid_session_to_another_slot(frontend: Frontend, researcher: Researcher) -> None:
    session = booked(frontend, researcher)
    other = frontend.slots(researcher)[-1]

    answer = move(frontend, session, other["id"])

    assert answer.status_code == 200
    assert answer.json() == session | {
        "time_slot_id": other["id"],
        "start_time": other["start_time"],
        "end_time": other["end_time"],
    }
    assert frontend.get(f"/api/sessions/{session['id']}", by="ada").json() == answer.json()
    shown = {slot["id"] for slot in frontend.slots(researcher)}
    assert session["time_slot_id"] in shown
    assert other["id"] not in shown


def test_meeting_calendars_and_mails_follow(frontend: Frontend, researcher: Researcher) -> None:
    session = booked(frontend, researcher)
    frontend.market.work()
    before = frontend.get(f"/api/sessions/{session['id']}/calendar.ics", by="ada").text
    other = frontend.slots(researcher)[-1]

    move(frontend, session, other["id"])

    assert waiting(frontend) == {Errand.MOVE_MEETING, Errand.NOTIFY}
    frontend.market.work()
    after = frontend.get(f"/api/sessions/{session['id']}/calendar.ics", by="ada").text
    assert sequence(before) < sequence(after)
    assert [each.period.start for each in frontend.market.rooms.open_meetings] == [
        datetime.fromisoformat(other["start_time"])
    ]


def sequence(calendar: str) -> int:
    return int(calendar.partition("SEQUENCE:")[2].split()[0])


def waiting(frontend: Frontend) -> set[Errand]:
    with frontend.market.transactions.begin() as tx:
        leased = tx.outbox.lease(worker="test", limit=50, lease=timedelta(0), at=frontend.market.clock.now())
    return {each.entry.errand for each in leased}


def test_asking_twice_moves_it_once(frontend: Frontend, researcher: Researcher) -> None:
    session = booked(frontend, researcher)
    soon = frontend.slots(researcher)[0]

    first = move(frontend, session, soon["id"])
    frontend.market.clock.advance(timedelta(minutes=5))
    again = move(frontend, session, soon["id"])

    assert (again.status_code, again.json()) == (200, first.json())


def test_once_a_part_of_the_price_would_be_kept_it_is_too_late(frontend: Frontend, researcher: Researcher) -> None:
    session = booked(frontend, researcher, slot=0)

    assert refusal(move(frontend, session, frontend.slots(researcher)[-1]["id"])) == (409, "RESCHEDULE_TOO_LATE")
    assert frontend.get(f"/api/sessions/{session['id']}", by="ada").json() == session


def test_what_is_not_paid_or_canceled_or_over_can_not_be_moved(frontend: Frontend, researcher: Researcher) -> None:
    other = frontend.slots(researcher)[-1]["id"]
    held = frontend.post("/api/sessions", {"time_slot_id": frontend.slots(researcher)[4]["id"]}, by="ada").json()
    canceled = booked(frontend, researcher)
    frontend.call("PATCH", f"/api/sessions/{canceled['id']}/cancel", by="ada")
    over = booked(frontend, researcher, slot=0)

    assert refusal(move(frontend, held, other)) == (409, "SESSION_NOT_CONFIRMED")
    assert refusal(move(frontend, canceled, other)) == (409, "SESSION_NOT_CONFIRMED")
    frontend.market.clock.advance(timedelta(days=1))
    assert refusal(move(frontend, over, other)) == (409, "SESSION_NOT_CONFIRMED")


def test_a_slot_of_another_researcher_has_another_price(frontend: Frontend, researcher: Researcher) -> None:
    session = booked(frontend, researcher)
    elsewhere = frontend.slots(frontend.researcher("bohr"))[-1]

    assert refusal(move(frontend, session, elsewhere["id"])) == (409, "PRICE_DIFFERS")


def test_a_new_rate_does_not_make_another_price_of_a_booked_session(frontend: Frontend, researcher: Researcher) -> None:
    session = booked(frontend, researcher)
    with frontend.market.transactions.begin() as tx:
        found = tx.researchers.get(researcher.id)
        assert found is not None
        tx.researchers.save(replace(found, rate=Money(99_900, "usd")))

    moved = move(frontend, session, frontend.slots(researcher)[-1]["id"])

    assert (moved.status_code, moved.json()["amount"]) == (200, session["amount"])


def test_a_slot_that_is_taken_or_unknown_is_no_place_to_go(frontend: Frontend, researcher: Researcher) -> None:
    session = booked(frontend, researcher)
    taken = frontend.held(researcher, by="bob")["time_slot_id"]

    assert refusal(move(frontend, session, taken)) == (409, "SLOT_UNAVAILABLE")
    assert refusal(move(frontend, session, NOWHERE)) == (404, "SLOT_NOT_FOUND")
    assert refusal(move(frontend, session, "nonsense")) == (404, "SLOT_NOT_FOUND")
    assert frontend.get(f"/api/sessions/{session['id']}", by="ada").json() == session


@pytest.mark.parametrize("change", [{"notice_minutes": 3 * 24 * 60}, {"horizon_days": 2}, {"timezone": "Asia/Tokyo"}])
def test_a_slot_that_could_not_be_booked_is_no_place_to_go(
    frontend: Frontend, researcher: Researcher, change: dict[str, Any]
) -> None:
    session = booked(frontend, researcher)
    near, far = frontend.slots(researcher)[0], frontend.slots(researcher)[-1]
    frontend.call("PATCH", "/api/researcher/profile", by="researcher-curie", json=change)
    target = near if "notice_minutes" in change else far

    assert refusal(move(frontend, session, target["id"])) == (409, "SLOT_UNAVAILABLE")
    assert frontend.get(f"/api/sessions/{session['id']}", by="ada").json() == session


def test_only_its_client_moves_a_session(frontend: Frontend, researcher: Researcher) -> None:
    session = booked(frontend, researcher)
    other = frontend.slots(researcher)[-1]["id"]

    assert refusal(move(frontend, session, other, by="bob")) == (404, "SESSION_NOT_FOUND")
    for sees_it in ("researcher-curie", "admin"):
        assert refusal(move(frontend, session, other, by=sees_it)) == (403, "NOT_YOUR_SESSION")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "time_slot_id"),
        ({"time_slot_id": None}, "time_slot_id"),
        ({"time_slot_id": "a", "start_time": "2026-12-04T08:00:00Z"}, "start_time"),
        (None, "body"),
    ],
)
def test_a_move_without_a_slot_is_refused_by_field(anybody: Frontend, body: Any, field: str) -> None:
    answer = anybody.call("PATCH", f"/api/sessions/{NOWHERE}/reschedule", by="ada", json=body)

    assert list(problems(answer)) == [field]
