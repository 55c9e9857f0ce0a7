"""A researcher makes one week like another."""

from __future__ import annotations

from typing import Any

import pytest

from consulting.domain.researchers import Researcher
from tests.unit.entrypoints.http.frontend import Frontend, problems, refusal

CURIE = "researcher-curie"
RULES = "/api/researcher/availability"
WEEKS = {"from_week": "2026-12-01", "to_week": "2026-12-08"}
THURSDAY_OFF = {"start_time": "2026-12-03T00:00:00Z", "end_time": "2026-12-04T00:00:00Z", "reason": "Away"}


@pytest.fixture
def curie(frontend: Frontend) -> Researcher:
    """Somebody in Berlin with hours from nine to noon every day, of whom it is Tuesday the first at noon."""
    return frontend.researcher("curie")


def copy(frontend: Frontend, **more: Any) -> Any:
    return frontend.post(f"{RULES}/copy-week", WEEKS | more, by=CURIE)


def test_a_copied_week_says_what_it_keeps_and_did_to_the_slots(frontend: Frontend, curie: Researcher) -> None:
    frontend.post(f"{RULES}/overrides", {"date": "2026-12-04"}, by=CURIE)
    frontend.post(f"{RULES}/blocks", THURSDAY_OFF, by=CURIE)
    before = frontend.market.transactions.snapshot()

    tried = copy(frontend, preview=True)
    unchanged = frontend.market.transactions.snapshot()
    done = copy(frontend)

    assert tried.status_code == done.status_code == 200, done.text
    assert unchanged == before
    assert tried.json()["slots"] == done.json()["slots"] == {"added": 0, "removed": 6, "kept_booked": 0}
    assert [each["date"] for each in done.json()["overrides"]] == ["2026-12-11"]
    assert [each["start_time"] for each in done.json()["blocks"]] == ["2026-12-10T00:00:00Z"]
    again = copy(frontend).json()
    assert again == {
        "overrides": [],
        "removed_overrides": [],
        "one_off_slots": [],
        "blocks": [],
        "slots": {"added": 0, "removed": 0, "kept_booked": 0},
    }


def test_time_off_copied_over_a_session_names_it_or_cancels_it_in_full(frontend: Frontend, curie: Researcher) -> None:
    off = {"start_time": "2026-12-09T00:00:00Z", "end_time": "2026-12-10T00:00:00Z"}
    session = frontend.paid(frontend.held(curie))
    frontend.post(f"{RULES}/blocks", off, by=CURIE)
    weeks = {"from_week": "2026-12-08", "to_week": "2026-12-01"}

    refused = copy(frontend, **weeks)
    still = frontend.get(f"/api/sessions/{session['id']}", by="ada").json()
    done = copy(frontend, **weeks, cancel_sessions=True)
    canceled = frontend.get(f"/api/sessions/{session['id']}", by="ada").json()

    assert refusal(refused) == (409, "TIME_IS_BOOKED")
    assert refused.json()["error"]["details"] == {"sessions": [session["id"]]}
    assert still["status"] == "scheduled"
    assert done.json()["slots"]["kept_booked"] == 0
    assert (canceled["status"], canceled["refund"]["amount"]) == ("canceled", session["amount"])


def test_a_one_off_slot_is_copied_and_offered(frontend: Frontend, curie: Researcher) -> None:
    once = {"start_time": "2026-12-04T14:00:00Z", "end_time": "2026-12-04T15:00:00Z"}
    frontend.post(f"{RULES}/slots", once, by=CURIE)

    done = copy(frontend).json()

    assert [each["start_time"] for each in done["one_off_slots"]] == ["2026-12-11T14:00:00Z"]
    assert done["slots"] == {"added": 1, "removed": 0, "kept_booked": 0}
    assert copy(frontend).json()["one_off_slots"] == []


def test_time_off_and_other_hours_may_be_told_of_the_past(frontend: Frontend, curie: Researcher) -> None:
    """On purpose: whoever was ill notes it afterwards. Nothing of the past can be booked, so nothing comes of it."""
    ill = {"start_time": "2026-11-23T00:00:00Z", "end_time": "2026-11-24T00:00:00Z", "reason": "Ill"}

    noted = [
        frontend.post(f"{RULES}/blocks", ill, by=CURIE),
        frontend.post(f"{RULES}/overrides", {"date": "2026-11-24"}, by=CURIE),
    ]

    assert [answer.status_code for answer in noted] == [201, 201]
    assert [answer.json()["slots"]["removed"] for answer in noted] == [0, 0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"to_week": "2026-12-06"}, "to_week"),
        ({"to_week": "2026-11-29"}, "to_week"),
        ({"to_week": "1950-01-01"}, "to_week"),
        ({"to_week": None}, "to_week"),
        ({"from_week": "2026-13-01"}, "from_week"),
        ({"from_week": "0001-01-01"}, "from_week"),
        ({"to_week": "9999-12-31"}, "to_week"),
        ({"week": 1}, "week"),
    ],
)
def test_weeks_that_make_no_sense_are_refused_by_field(
    frontend: Frontend, curie: Researcher, body: dict[str, Any], field: str
) -> None:
    assert list(problems(copy(frontend, **body))) == [field]
