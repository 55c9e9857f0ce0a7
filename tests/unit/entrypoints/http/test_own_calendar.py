"""A researcher's own hours: added, changed, tried, taken back, and explained."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from consulting.domain import availability
from consulting.domain.researchers import Researcher
from tests.unit.entrypoints.http.frontend import NOWHERE, PUBLIC_URL, Frontend, problems, refusal

CURIE = "researcher-curie"
RULES = "/api/researcher/availability"
MONDAY = {"weekday": 0, "start": "13:00", "end": "15:00", "slot_minutes": 60}
SUNDAY = {"date": "2026-12-06", "windows": [{"start": "20:00", "end": "22:00"}]}
THURSDAY_OFF = {"start_time": "2026-12-03T00:00:00Z", "end_time": "2026-12-04T00:00:00Z", "reason": "Away"}
FRIDAY_ONCE = {"start_time": "2026-12-04T14:00:00Z", "end_time": "2026-12-04T15:00:00Z"}
CHRISTMAS_OFF = {"start_time": "2026-12-24T00:00:00Z", "end_time": "2026-12-27T00:00:00Z"}
NEW = {"patterns": MONDAY, "overrides": SUNDAY, "slots": FRIDAY_ONCE, "blocks": THURSDAY_OFF}
CHANGES: dict[str, dict[str, Any]] = {
    "patterns": {"end": "16:00"},
    "overrides": {"windows": []},
    "slots": {"end_time": "2026-12-04T15:30:00Z"},
    "blocks": {"reason": None},
}


@pytest.fixture
def curie(frontend: Frontend) -> Researcher:
    """Somebody in Berlin with hours from nine to noon every day, of whom it is Tuesday the first at noon."""
    return frontend.researcher("curie")


def change(frontend: Frontend, path: str, body: dict[str, Any], *, by: str = CURIE) -> Any:
    return frontend.call("PATCH", path, by=by, json=body)


@pytest.mark.parametrize("kind", NEW)
def test_a_rule_is_added_shown_changed_and_taken_back(frontend: Frontend, curie: Researcher, kind: str) -> None:
    added = frontend.post(f"{RULES}/{kind}", NEW[kind], by=CURIE)
    rule = added.json()
    path = f"{RULES}/{kind}/{rule['id']}"
    slots = rule.pop("slots")

    assert added.status_code == 201
    assert added.headers["Location"] == f"{PUBLIC_URL}{path}"
    assert set(slots) == {"added", "removed", "kept_booked"}
    assert frontend.get(path, by=CURIE).json() == rule
    assert rule in frontend.get(f"{RULES}/{kind}", by=CURIE).json()[kind]
    changed = change(frontend, path, CHANGES[kind]).json()
    assert changed == rule | CHANGES[kind] | {"slots": changed["slots"]}
    gone = frontend.call("DELETE", path, by=CURIE)
    assert gone.status_code == 200
    assert gone.json()["id"] == rule["id"]
    assert refusal(frontend.get(path, by=CURIE)) == (404, "RULE_NOT_FOUND")
    assert refusal(frontend.call("DELETE", path, by=CURIE)) == (404, "RULE_NOT_FOUND")


def test_a_change_says_what_it_did_to_the_slots(frontend: Frontend, curie: Researcher) -> None:
    frontend.paid(frontend.held(curie))

    sunday = frontend.post(f"{RULES}/overrides", SUNDAY, by=CURIE).json()
    thursday = frontend.post(f"{RULES}/blocks", THURSDAY_OFF, by=CURIE).json()
    back = frontend.call("DELETE", f"{RULES}/blocks/{thursday['id']}", by=CURIE).json()

    assert thursday["slots"] == {"added": 0, "removed": 3, "kept_booked": 1}
    assert back["slots"] == {"added": 3, "removed": 0, "kept_booked": 1}
    assert sunday["slots"]["kept_booked"] == 1


def test_a_new_pattern_takes_zone_gap_and_first_day_from_the_profile(frontend: Frontend, curie: Researcher) -> None:
    change(frontend, "/api/researcher/profile", {"gap_minutes": 15})

    rule = frontend.post(f"{RULES}/patterns", MONDAY, by=CURIE).json()

    assert (rule["timezone"], rule["gap_minutes"], rule["valid_from"]) == ("Europe/Berlin", 15, "2026-12-01")


@pytest.mark.parametrize("kind", ["pattern", "override", "slot", "block"])
def test_a_preview_answers_as_the_change_and_keeps_nothing(frontend: Frontend, curie: Researcher, kind: str) -> None:
    new = NEW[f"{kind}s"]
    before = frontend.market.transactions.snapshot()

    tried = frontend.post(f"{RULES}/preview", {kind: new}, by=CURIE)
    after = frontend.market.transactions.snapshot()
    done = frontend.post(f"{RULES}/{kind}s", new, by=CURIE).json()

    assert tried.status_code == 200
    assert tried.json() | {"id": done["id"]} == done
    assert after == before


def test_taking_back_and_replacing_are_previewed_too(frontend: Frontend, curie: Researcher) -> None:
    rule = frontend.get(f"{RULES}/patterns", by=CURIE).json()["patterns"][3]
    before = frontend.market.transactions.snapshot()

    removed = frontend.post(f"{RULES}/preview", {"remove": rule["id"]}, by=CURIE).json()
    replaced = frontend.post(f"{RULES}/preview", {"pattern": MONDAY, "replaces": rule["id"]}, by=CURIE).json()

    assert removed["slots"]["removed"] > 0
    assert replaced["id"] == rule["id"]
    assert frontend.market.transactions.snapshot() == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"pattern": MONDAY, "block": THURSDAY_OFF},
        {"slot": FRIDAY_ONCE, "block": THURSDAY_OFF},
        {"remove": NOWHERE, "replaces": NOWHERE},
    ],
)
def test_a_preview_tries_one_thing(frontend: Frontend, curie: Researcher, body: dict[str, Any]) -> None:
    assert list(problems(frontend.post(f"{RULES}/preview", body, by=CURIE))) == ["body"]


@pytest.mark.parametrize("body", [{"remove": NOWHERE}, {"block": THURSDAY_OFF, "replaces": NOWHERE}])
def test_a_preview_of_a_rule_that_is_not_there_is_refused(
    frontend: Frontend, curie: Researcher, body: dict[str, Any]
) -> None:
    assert refusal(frontend.post(f"{RULES}/preview", body, by=CURIE)) == (404, "RULE_NOT_FOUND")


def test_time_off_over_a_session_names_it_or_cancels_it_in_full(frontend: Frontend, curie: Researcher) -> None:
    session = frontend.paid(frontend.held(curie))
    off = {"start_time": "2026-12-02T00:00:00Z", "end_time": "2026-12-03T00:00:00Z"}
    frontend.post(f"{RULES}/overrides", SUNDAY, by=CURIE)

    refused = frontend.post(f"{RULES}/blocks", off, by=CURIE)
    tried = frontend.post(f"{RULES}/preview", {"block": off | {"cancel_sessions": True}}, by=CURIE)
    still = frontend.get(f"/api/sessions/{session['id']}", by="ada").json()
    done = frontend.post(f"{RULES}/blocks", off | {"cancel_sessions": True, "reason": "Ill"}, by=CURIE)
    canceled = frontend.get(f"/api/sessions/{session['id']}", by="ada").json()
    frontend.market.work()

    assert refusal(refused) == (409, "TIME_IS_BOOKED")
    assert refused.json()["error"]["details"] == {"sessions": [session["id"]]}
    assert still["status"] == "scheduled"
    assert tried.json()["slots"] == done.json()["slots"] == {"added": 0, "removed": 3, "kept_booked": 0}
    assert canceled["cancellation"]["by"] == "researcher"
    assert canceled["cancellation"]["note"] == "Ill"
    assert canceled["refund"] == {"amount": session["amount"], "currency": "usd", "status": "requested"}
    assert "ada@example.org" in {mail.to_address for mail in frontend.market.mailer.delivered}


def test_nobody_posts_rules_without_end(frontend: Frontend, curie: Researcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(availability.MOST, availability.Block, 2)
    made = [frontend.post(f"{RULES}/blocks", THURSDAY_OFF, by=CURIE) for _ in range(3)]

    assert [answer.status_code for answer in made] == [201, 201, 409]
    assert refusal(made[2]) == (409, "TOO_MANY_RULES")
    assert made[2].json()["error"]["details"] == {"most": 2}
    assert change(frontend, f"{RULES}/blocks/{made[0].json()['id']}", {"reason": "x"}).status_code == 200


def test_what_is_over_makes_room_the_oldest_first(
    frontend: Frontend, curie: Researcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(availability.MOST, availability.Block, 2)
    later = {"start_time": "2026-12-04T00:00:00Z", "end_time": "2026-12-05T00:00:00Z"}
    oldest, old = (frontend.post(f"{RULES}/blocks", body, by=CURIE).json() for body in (THURSDAY_OFF, later))
    frontend.market.clock.advance(timedelta(days=10))

    tried = frontend.post(f"{RULES}/preview", {"block": CHRISTMAS_OFF}, by=CURIE)
    before = frontend.get(f"{RULES}/blocks", by=CURIE).json()["blocks"]
    new = frontend.post(f"{RULES}/blocks", CHRISTMAS_OFF, by=CURIE).json()
    shown = frontend.get(f"{RULES}/blocks", by=CURIE).json()["blocks"]
    more = [frontend.post(f"{RULES}/blocks", CHRISTMAS_OFF, by=CURIE).status_code for _ in range(2)]

    assert tried.status_code == 200
    assert {each["id"] for each in before} == {oldest["id"], old["id"]}
    assert {each["id"] for each in shown} == {old["id"], new["id"]}
    assert more == [201, 409]


def test_a_date_has_one_override(frontend: Frontend, curie: Researcher) -> None:
    first = frontend.post(f"{RULES}/overrides", SUNDAY, by=CURIE).json()
    again = frontend.post(f"{RULES}/overrides", SUNDAY, by=CURIE)

    assert refusal(again) == (409, "OVERRIDE_EXISTS")
    assert again.json()["error"]["details"] == {"id": first["id"]}


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("patterns", MONDAY | {"weekday": 7}, "weekday"),
        ("patterns", MONDAY | {"start": "9:00"}, "start"),
        ("patterns", MONDAY | {"end": "13:00"}, "end"),
        ("patterns", MONDAY | {"slot_minutes": 4}, "slot_minutes"),
        ("patterns", MONDAY | {"slot_minutes": 10**30}, "slot_minutes"),
        ("patterns", MONDAY | {"gap_minutes": -1}, "gap_minutes"),
        ("patterns", MONDAY | {"timezone": "Mars"}, "timezone"),
        ("patterns", MONDAY | {"timezone": ""}, "timezone"),
        ("patterns", MONDAY | {"valid_from": "2026-13-01"}, "valid_from"),
        ("patterns", MONDAY | {"valid_until": "2020-01-01"}, "valid_until"),
        ("patterns", MONDAY | {"every_weeks": 0}, "every_weeks"),
        ("patterns", MONDAY | {"researcher_id": NOWHERE}, "researcher_id"),
        ("overrides", SUNDAY | {"windows": [{"start": "x", "end": "10:00"}]}, "windows[0].start"),
        ("overrides", SUNDAY | {"windows": [{"start": "09:00", "end": "12:00"}] * 2}, "windows"),
        ("overrides", {"windows": []}, "date"),
        ("slots", FRIDAY_ONCE | {"end_time": "2026-12-04T14:00:00Z"}, "end_time"),
        ("slots", FRIDAY_ONCE | {"end_time": "2026-12-04T14:04:00Z"}, "end_time"),
        ("slots", FRIDAY_ONCE | {"end_time": "2026-12-04T22:01:00Z"}, "end_time"),
        ("slots", FRIDAY_ONCE | {"end_time": "2026-12-04T15:00:00.5Z"}, "end_time"),
        ("slots", FRIDAY_ONCE | {"start_time": "2026-12-04T14:00:30Z"}, "start_time"),
        ("slots", FRIDAY_ONCE | {"start_time": "2026-12-04T14:00:00"}, "start_time"),
        ("slots", FRIDAY_ONCE | {"start_time": "9999-12-31T23:00:00Z"}, "start_time"),
        ("slots", FRIDAY_ONCE | {"reason": "x"}, "reason"),
        ("slots", {"start_time": "2026-12-01T12:00:00Z", "end_time": "2026-12-01T13:00:00Z"}, "start_time"),
        ("blocks", THURSDAY_OFF | {"end_time": "2026-12-01T00:00:00Z"}, "end_time"),
        ("blocks", THURSDAY_OFF | {"start_time": "2026-12-01T00:00:00"}, "start_time"),
        ("blocks", THURSDAY_OFF | {"start_time": "0001-01-01T00:00:00+14:00"}, "start_time"),
        ("blocks", THURSDAY_OFF | {"end_time": "9999-12-31T23:59:59-12:00"}, "end_time"),
        ("blocks", THURSDAY_OFF | {"reason": "\x00"}, "reason"),
        ("blocks", THURSDAY_OFF | {"reason": "x" * 1001}, "reason"),
    ],
)
def test_a_rule_that_is_not_right_is_refused_by_field(
    frontend: Frontend, curie: Researcher, kind: str, body: dict[str, Any], field: str
) -> None:
    assert field in problems(frontend.post(f"{RULES}/{kind}", body, by=CURIE))


def test_hours_whose_slots_could_not_be_charged_are_refused(frontend: Frontend) -> None:
    frontend.researcher("curie", rate=100)

    assert list(problems(frontend.post(f"{RULES}/patterns", MONDAY | {"slot_minutes": 5}, by=CURIE))) == ["rate"]


def test_a_one_off_slot_is_offered_priced_and_explained_as_any_other(frontend: Frontend, curie: Researcher) -> None:
    change(frontend, "/api/researcher/profile", {"bio": "Publishes all hours as far ahead as the API does."})
    rule = frontend.post(f"{RULES}/slots", FRIDAY_ONCE, by=CURIE).json()

    day = frontend.get("/api/time-slots", researcher_id=str(curie.id), date="2026-12-04").json()["time_slots"]
    (slot,) = [each for each in day if each["start_time"] == FRIDAY_ONCE["start_time"]]
    held = frontend.post("/api/sessions", {"time_slot_id": slot["id"]}, by="ada")

    assert rule["slots"] == {"added": 1, "removed": 0, "kept_booked": 0}
    assert (slot["end_time"], slot["available"]) == (FRIDAY_ONCE["end_time"], True)
    assert held.status_code == 201
    assert explained(frontend, "2026-12-04T14:30:00Z") == (
        False,
        {"one_off": rule["id"], "booking": held.json()["id"]},
    )


def test_a_one_off_slot_needs_free_time_and_a_charge_that_can_be_made(frontend: Frontend, curie: Researcher) -> None:
    session = frontend.paid(frontend.held(curie))
    first = frontend.post(f"{RULES}/slots", FRIDAY_ONCE, by=CURIE).json()
    weekly = frontend.get(f"{RULES}/patterns", by=CURIE).json()["patterns"]

    again = frontend.post(f"{RULES}/slots", FRIDAY_ONCE, by=CURIE)
    offered = frontend.post(
        f"{RULES}/slots", {"start_time": "2026-12-03T10:30:00Z", "end_time": "2026-12-03T11:30:00Z"}, by=CURIE
    )
    booked = frontend.post(f"{RULES}/slots", {key: session[key] for key in ("start_time", "end_time")}, by=CURIE)
    change(frontend, "/api/researcher/profile", {"rate": 1})
    short = FRIDAY_ONCE | {"start_time": "2026-12-04T16:00:00Z", "end_time": "2026-12-04T16:05:00Z"}
    cheap = frontend.post(f"{RULES}/slots", short, by=CURIE)

    assert refusal(again) == refusal(offered) == refusal(booked) == (409, "TIME_IS_TAKEN")
    assert again.json()["error"]["details"] == {"rules": [first["id"]], "sessions": []}
    assert offered.json()["error"]["details"] == {"rules": [weekly[3]["id"]], "sessions": []}
    assert booked.json()["error"]["details"]["sessions"] == [session["id"]]
    assert list(problems(cheap)) == ["rate"]


@pytest.mark.parametrize(
    ("kind", "hours"),
    [
        ("overrides", {"date": "2026-12-03", "windows": [{"start": "09:00", "end": "10:00"}], "slot_minutes": 5}),
        (
            "patterns",
            {"weekday": 3, "start": "09:00", "end": "10:00", "slot_minutes": 5, "valid_until": "2026-12-03"},
        ),
    ],
)
def test_a_new_rate_is_not_held_against_hours_that_are_over(
    frontend: Frontend, curie: Researcher, kind: str, hours: dict[str, Any]
) -> None:
    assert frontend.post(f"{RULES}/{kind}", hours, by=CURIE).status_code == 201

    before = change(frontend, "/api/researcher/profile", {"rate": 1})
    frontend.market.clock.advance(timedelta(days=6))
    after = change(frontend, "/api/researcher/profile", {"rate": 1})

    assert list(problems(before)) == ["rate"]
    assert after.json()["rate"] == 1


def test_a_new_rate_is_held_against_one_off_slots_to_come(frontend: Frontend, curie: Researcher) -> None:
    short = {"start_time": "2026-12-01T14:00:00Z", "end_time": "2026-12-01T14:05:00Z"}
    frontend.post(f"{RULES}/slots", short, by=CURIE)

    before = change(frontend, "/api/researcher/profile", {"rate": 1})
    frontend.market.clock.advance(timedelta(hours=3))
    after = change(frontend, "/api/researcher/profile", {"rate": 1})

    assert list(problems(before)) == ["rate"]
    assert after.json()["rate"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        *[("GET", f"{RULES}/{kind}", None) for kind in NEW],
        *[("POST", f"{RULES}/{kind}", NEW[kind]) for kind in NEW],
        *[("GET", f"{RULES}/{kind}/{NOWHERE}", None) for kind in NEW],
        *[("PATCH", f"{RULES}/{kind}/{NOWHERE}", {}) for kind in NEW],
        *[("DELETE", f"{RULES}/{kind}/{NOWHERE}", None) for kind in NEW],
        ("POST", f"{RULES}/preview", {"block": THURSDAY_OFF}),
        ("POST", f"{RULES}/copy-week", {"from_week": "2026-12-01", "to_week": "2026-12-08"}),
        ("GET", f"{RULES}/explain?at=2026-12-02T08:30:00Z", None),
        ("GET", "/api/researcher/profile", None),
        ("PATCH", "/api/researcher/profile", {"bio": "x"}),
        ("GET", "/api/researcher/bookings", None),
        ("GET", f"/api/researcher/bookings/{NOWHERE}", None),
        ("PATCH", f"/api/researcher/bookings/{NOWHERE}/cancel", {}),
        ("PATCH", f"/api/researcher/bookings/{NOWHERE}/no-show", None),
        ("PATCH", f"/api/researcher/bookings/{NOWHERE}/notes", {"notes": None}),
        ("GET", f"/api/researcher/bookings/{NOWHERE}/start-link", None),
    ],
)
def test_only_researchers_may(anybody: Frontend, method: str, path: str, body: Any) -> None:
    sent = {} if body is None else {"json": body}

    for user in ("ada", "admin"):
        assert refusal(anybody.call(method, path, by=user, **sent)) == (403, "NOT_A_RESEARCHER")
    assert refusal(anybody.call(method, path, **sent))[0] == 401


@pytest.mark.parametrize("kind", NEW)
def test_another_researchers_rule_does_not_exist(frontend: Frontend, curie: Researcher, kind: str) -> None:
    frontend.researcher("noether")
    rule = frontend.post(f"{RULES}/{kind}", NEW[kind], by=CURIE).json()
    path = f"{RULES}/{kind}/{rule['id']}"

    for answer in (
        frontend.get(path, by="researcher-noether"),
        change(frontend, path, CHANGES[kind], by="researcher-noether"),
        frontend.call("DELETE", path, by="researcher-noether"),
    ):
        assert refusal(answer) == (404, "RULE_NOT_FOUND")


def test_a_rule_is_found_under_its_own_kind_only(frontend: Frontend, curie: Researcher) -> None:
    rule = frontend.post(f"{RULES}/blocks", THURSDAY_OFF, by=CURIE).json()

    assert refusal(frontend.call("DELETE", f"{RULES}/patterns/{rule['id']}", by=CURIE)) == (404, "RULE_NOT_FOUND")


def explained(frontend: Frontend, at: str) -> tuple[bool, dict[str, Any]]:
    answer = frontend.get(f"{RULES}/explain", by=CURIE, at=at)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    return said["offered"], {each["reason"]: each["rule_id"] or each["session_id"] for each in said["reasons"]}


def test_a_time_on_offer_names_the_hours_that_give_it(frontend: Frontend, curie: Researcher) -> None:
    wednesday = frontend.get(f"{RULES}/patterns", by=CURIE).json()["patterns"][2]

    assert explained(frontend, "2026-12-02T08:30:00Z") == (True, {"pattern": wednesday["id"]})


def test_every_reason_against_a_time_is_named(frontend: Frontend, curie: Researcher) -> None:
    session = frontend.held(curie)
    block = frontend.post(f"{RULES}/blocks", THURSDAY_OFF, by=CURIE).json()["id"]
    sunday = frontend.post(f"{RULES}/overrides", SUNDAY, by=CURIE).json()["id"]
    change(frontend, "/api/researcher/profile", {"horizon_days": 3, "notice_minutes": 24 * 60})

    def reasons(at: str) -> dict[str, Any]:
        offered, found = explained(frontend, at)
        assert not offered
        return found

    assert reasons("2026-12-02T08:30:00Z")["booking"] == session["id"]
    assert "notice" in reasons("2026-12-02T09:30:00Z")
    assert reasons("2026-12-03T09:30:00Z")["block"] == block
    assert {"replaced", "no_hours"} <= set(reasons("2026-12-06T08:30:00Z"))
    assert reasons("2026-12-06T19:30:00Z")["override"] == sunday
    assert "horizon" in reasons("2026-12-06T19:30:00Z")
    assert {"past", "no_hours"} <= set(reasons("2026-12-01T11:30:00Z"))
    assert "no_hours" in reasons("2026-12-04T20:00:00Z")


def test_time_between_slots_is_called_a_gap(frontend: Frontend) -> None:
    frontend.market.add_researcher("curie")
    frontend.post(f"{RULES}/patterns", MONDAY | {"gap_minutes": 30, "end": "16:00"}, by=CURIE)

    assert "gap" in explained(frontend, "2026-12-07T13:15:00Z")[1]
    assert "gap" in explained(frontend, "2026-12-07T14:45:00Z")[1]


@pytest.mark.parametrize("at", ["", "now", "2026-12-01", "2026-12-01T09:00:00", "0001-01-01T00:00:00Z"])
def test_an_instant_that_is_none_is_refused(frontend: Frontend, curie: Researcher, at: str) -> None:
    assert list(problems(frontend.get(f"{RULES}/explain", by=CURIE, at=at))) == ["at"]
