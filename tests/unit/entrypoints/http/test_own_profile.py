"""A researcher's own profile, and what follows from changing it."""

from __future__ import annotations

from typing import Any

import pytest

from consulting.domain.researchers import Researcher
from tests.unit.entrypoints.http.frontend import Frontend, problems

CURIE = "researcher-curie"
PROFILE = "/api/researcher/profile"


@pytest.fixture
def curie(frontend: Frontend) -> Researcher:
    return frontend.researcher("curie")


def edit(frontend: Frontend, **changes: Any) -> Any:
    return frontend.call("PATCH", PROFILE, by=CURIE, json=changes)


def test_what_researchers_say_about_themselves_is_kept_and_shown(frontend: Frontend, curie: Researcher) -> None:
    told = {
        "rate": 99.5,
        "bio": "Radium.",
        "expertise": ["physics", "chemistry"],
        "achievements": ["Two prizes"],
        "affiliation": "Sorbonne",
        "avatar_url": "https://example.org/curie.png",
        "notice_minutes": 90,
        "gap_minutes": 10,
        "horizon_days": 30,
    }

    answer = edit(frontend, **told)

    assert answer.status_code == 200, answer.text
    assert answer.json().items() >= told.items()
    shown = frontend.get(PROFILE, by=CURIE).json()
    assert shown.items() >= told.items()
    assert "slots" not in shown
    assert frontend.get(f"/api/researchers/{curie.id}").json()["rate"] == 99.5


def test_null_empties_what_may_be_empty(frontend: Frontend, curie: Researcher) -> None:
    edit(frontend, bio="x", affiliation="y", avatar_url="https://example.org/z")
    emptied = edit(frontend, bio=None, affiliation=None, avatar_url=None).json()

    assert (emptied["bio"], emptied["affiliation"], emptied["avatar_url"]) == (None, None, None)


def test_an_empty_text_is_none(frontend: Frontend, curie: Researcher) -> None:
    emptied = edit(frontend, bio="", affiliation="").json()

    assert (emptied["bio"], emptied["affiliation"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"verified": True}, "verified"),
        ({"user_id": "ada"}, "user_id"),
        ({"name": "x"}, "name"),
        ({"rating": 5}, "rating"),
        ({"rate": -1}, "rate"),
        ({"rate": 1.234}, "rate"),
        ({"rate": 0.2}, "rate"),
        ({"rate": None}, "rate"),
        ({"avatar_url": "http://example.org/a.png"}, "avatar_url"),
        ({"avatar_url": "javascript:alert(1)"}, "avatar_url"),
        ({"avatar_url": "https://"}, "avatar_url"),
        ({"avatar_url": "https://a b/"}, "avatar_url"),
        ({"avatar_url": "https://user@example.org/"}, "avatar_url"),
        ({"avatar_url": "https://example.org/" + "x" * 2000}, "avatar_url"),
        ({"expertise": ["a", "A"]}, "expertise"),
        ({"expertise": [""]}, "expertise"),
        ({"expertise": ["x"] * 31}, "expertise"),
        ({"achievements": ["x" * 501]}, "achievements"),
        ({"timezone": "Mars"}, "timezone"),
        ({"notice_minutes": -1}, "notice_minutes"),
        ({"notice_minutes": 10**9}, "notice_minutes"),
        ({"gap_minutes": 241}, "gap_minutes"),
        ({"horizon_days": 0}, "horizon_days"),
        ({"horizon_days": 366}, "horizon_days"),
        ({"cancellation_policy": "never"}, "cancellation_policy"),
        ({"cancellation_policy": {"tiers": []}}, "cancellation_policy"),
        ({"bio": "x" * 5001}, "bio"),
        ({"bio": "turned \u202earound"}, "bio"),
        ({"affiliation": "bell\x07"}, "affiliation"),
        ({"affiliation": "x" * 201}, "affiliation"),
        ({"expertise": ["ma\u2066chine"]}, "expertise"),
        ({"achievements": ["c1\x85"]}, "achievements"),
    ],
)
def test_what_a_profile_can_not_be_is_refused_by_field(
    frontend: Frontend, curie: Researcher, changes: dict[str, Any], field: str
) -> None:
    before = frontend.market.transactions.snapshot()

    assert field in problems(edit(frontend, **changes))
    assert frontend.market.transactions.snapshot() == before


@pytest.mark.parametrize("name", ["flexible", "moderate", "strict"])
def test_a_policy_is_chosen_by_name_and_shown_with_its_tiers(frontend: Frontend, curie: Researcher, name: str) -> None:
    policy = edit(frontend, cancellation_policy=name).json()["cancellation_policy"]

    assert policy["name"] == name
    assert policy["tiers"][0]["percent"] == 100


def test_a_new_rate_or_policy_leaves_sessions_and_holds_as_they_are(frontend: Frontend, curie: Researcher) -> None:
    held = frontend.held(curie)
    paid = frontend.paid(frontend.held(curie, by="bob"), by="bob")

    edit(frontend, rate=1, cancellation_policy="strict")
    confirmed = frontend.paid(held)
    quote = frontend.get(f"/api/sessions/{paid['id']}/cancellation", by="bob").json()

    assert confirmed["payment_status"] == "completed"
    assert confirmed["amount"] == held["amount"]
    assert quote["percent"] == 50
    assert frontend.slots(curie)[0]["price"] == {"amount": 100, "currency": "usd"}


def test_a_new_zone_moves_the_hours_with_it(frontend: Frontend, curie: Researcher) -> None:
    other = {"weekday": 0, "start": "20:00", "end": "21:00", "slot_minutes": 60, "timezone": "Asia/Tokyo"}
    frontend.post("/api/researcher/availability/patterns", other, by=CURIE)
    before = {slot["start_time"] for slot in frontend.slots(curie)}

    moved = edit(frontend, timezone="America/New_York").json()
    after = {slot["start_time"] for slot in frontend.slots(curie)}
    rules = frontend.get("/api/researcher/availability/patterns", by=CURIE).json()["patterns"]

    assert "2026-12-02T08:00:00Z" in before
    assert "2026-12-02T14:00:00Z" in after
    assert moved["slots"]["removed"] > 0
    assert {rule["timezone"] for rule in rules} == {"America/New_York", "Asia/Tokyo"}


def test_a_new_gap_is_that_of_the_hours_that_had_the_old_one(frontend: Frontend, curie: Researcher) -> None:
    edit(frontend, gap_minutes=30)

    starts = [slot["start_time"] for slot in frontend.slots(curie)]
    assert starts[:2] == ["2026-12-02T08:00:00Z", "2026-12-02T09:30:00Z"]


def test_notice_and_horizon_hold_at_once(frontend: Frontend, curie: Researcher) -> None:
    edit(frontend, notice_minutes=48 * 60, horizon_days=3)

    starts = [slot["start_time"] for slot in frontend.slots(curie)]
    assert (starts[0], starts[-1]) == ("2026-12-04T08:00:00Z", "2026-12-04T10:00:00Z")
