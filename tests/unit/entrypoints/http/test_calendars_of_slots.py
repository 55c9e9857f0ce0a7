from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from consulting.domain.researchers import Researcher
from tests.unit.entrypoints.http.frontend import NOWHERE, PUBLIC_URL, Frontend, problems, refusal, signed_in


@pytest.fixture
def researcher(frontend: Frontend) -> Researcher:
    return frontend.researcher("curie")


def slots(frontend: Frontend, researcher: Researcher, **asked: str) -> dict[str, Any]:
    found: dict[str, Any] = frontend.get("/api/time-slots", researcher_id=str(researcher.id), **asked).json()
    return found


def followed(frontend: Frontend, link: str) -> dict[str, Any]:
    assert link.startswith(f"{PUBLIC_URL}/api/")
    answer = frontend.call("GET", link.removeprefix(PUBLIC_URL))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_slots_are_grouped_by_local_day_and_empty_days_are_there_too(
    frontend: Frontend, researcher: Researcher
) -> None:
    asked = {"from": "2026-11-30", "to": "2026-12-03", "timezone": "Pacific/Auckland"}

    grouped = slots(frontend, researcher, group_by="day", **asked)
    plain = slots(frontend, researcher, **asked)["time_slots"]

    assert [day["date"] for day in grouped["days"]] == ["2026-11-30", "2026-12-01", "2026-12-02", "2026-12-03"]
    assert [len(day["time_slots"]) for day in grouped["days"]] == [0, 0, 3, 3]
    assert [slot for day in grouped["days"] for slot in day["time_slots"]] == plain
    for day in grouped["days"]:
        assert all(slot["local_start_time"].startswith(day["date"]) for slot in day["time_slots"])


def test_a_day_is_a_group_of_its_own(frontend: Frontend, researcher: Researcher) -> None:
    days = slots(frontend, researcher, date="2026-12-02", group_by="day")["days"]

    assert [(day["date"], len(day["time_slots"])) for day in days] == [("2026-12-02", 3)]


def test_links_lead_to_as_many_days_before_and_after_and_back(frontend: Frontend, researcher: Researcher) -> None:
    week = {"from": "2026-12-02", "to": "2026-12-04", "timezone": "America/New_York", "group_by": "day"}
    here = slots(frontend, researcher, **week)

    later = followed(frontend, here["links"]["later"])
    earlier = followed(frontend, here["links"]["earlier"])

    assert [day["date"] for day in later["days"]] == ["2026-12-05", "2026-12-06", "2026-12-07"]
    assert [day["date"] for day in earlier["days"]] == ["2026-11-29", "2026-11-30", "2026-12-01"]
    assert later["days"][0]["time_slots"][0]["timezone"] == "America/New_York"
    assert followed(frontend, later["links"]["earlier"]) == here


def test_links_of_a_day_lead_to_the_days_beside_it(frontend: Frontend, researcher: Researcher) -> None:
    here = slots(frontend, researcher, date="2026-12-02")

    assert here["links"]["later"].endswith("&date=2026-12-03")
    assert followed(frontend, followed(frontend, here["links"]["later"])["links"]["earlier"]) == here


def test_at_the_ends_of_the_calendar_there_is_nothing_further(frontend: Frontend, researcher: Researcher) -> None:
    assert slots(frontend, researcher, date="1900-01-01")["links"]["earlier"] is None
    assert slots(frontend, researcher, date="9000-01-01")["links"]["later"] is None


def test_the_next_slots_are_the_soonest_that_can_be_booked(frontend: Frontend, researcher: Researcher) -> None:
    frontend.held(researcher)
    path = f"/api/researchers/{researcher.id}/next-slots"

    few = frontend.get(path, limit=2, timezone="Asia/Tokyo").json()["time_slots"]

    assert [slot["id"] for slot in few] == [slot["id"] for slot in frontend.slots(researcher)[:2]]
    assert few[0]["local_start_time"] == "2026-12-02T18:00:00+09:00"
    assert all(slot["available"] for slot in few)
    assert few[0] == frontend.get(f"/api/time-slots/{few[0]['id']}", timezone="Asia/Tokyo").json()
    assert len(frontend.get(path).json()["time_slots"]) == 5


@pytest.mark.parametrize("limit", ["0", "21", "x"])
def test_between_one_and_twenty_next_slots_are_given(frontend: Frontend, limit: str) -> None:
    assert list(problems(frontend.get(f"/api/researchers/{NOWHERE}/next-slots", limit=limit))) == ["limit"]
    assert refusal(frontend.get(f"/api/researchers/{NOWHERE}/next-slots")) == (404, "RESEARCHER_NOT_FOUND")


def again(frontend: Frontend, path: str, tag: str, **headers: str) -> httpx.Response:
    return frontend.call("GET", path, headers={"If-None-Match": tag, **headers})


@pytest.fixture(
    params=[
        "time-slots/{slot}",
        "researchers/{id}/next-slots",
        "researchers/{id}",
        "researchers",
        "researchers/search?query=curie",
        "time-slots?researcher_id={id}&date=2026-12-02",
    ]
)
def path(request: pytest.FixtureRequest, frontend: Frontend, researcher: Researcher) -> str:
    slot = frontend.slots(researcher)[0]["id"]
    return "/api/" + str(request.param).format(slot=slot, id=researcher.id)


def test_who_has_the_answer_already_gets_nothing_until_it_changes(
    frontend: Frontend, researcher: Researcher, path: str
) -> None:
    first = frontend.call("GET", path)
    tag = first.headers["ETag"]

    same = again(frontend, path, tag)
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == tag
    assert same.headers["Cache-Control"] == first.headers["Cache-Control"] == "no-cache"
    assert same.headers["Vary"] == first.headers["Vary"]
    assert "Authorization" in same.headers["Vary"]
    assert "Content-Type" not in same.headers

    frontend.held(researcher)
    changed = again(frontend, path, tag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_what_is_free_changes_by_time_alone(frontend: Frontend, researcher: Researcher) -> None:
    path = f"/api/time-slots/{frontend.held(researcher)['time_slot_id']}"
    tag = frontend.get(path).headers["ETag"]

    assert again(frontend, path, tag).status_code == 304
    frontend.market.clock.advance(timedelta(minutes=15))
    assert again(frontend, path, tag).json()["available"] is True


def test_tags_come_in_lists_weak_or_strong_and_a_star_is_any(frontend: Frontend, researcher: Researcher) -> None:
    path = f"/api/researchers/{researcher.id}"
    tag = frontend.get(path).headers["ETag"]

    for known in (f'"other", {tag}', f"W/{tag}", f'W/"a,b",W/{tag} , "c"', "*", " * "):
        assert again(frontend, path, known).status_code == 304
    for unknown in ('"other"', tag.strip('"'), "", '"', 'W/"x"', f"x{tag[1:]}", '"*"'):
        assert again(frontend, path, unknown).status_code == 200


def test_another_caller_has_another_answer(frontend: Frontend, researcher: Researcher) -> None:
    path = f"/api/time-slots/{frontend.held(researcher)['time_slot_id']}"
    tag = frontend.get(path).headers["ETag"]

    assert again(frontend, path, tag, **signed_in("bob")).status_code == 304
    assert again(frontend, path, tag, **signed_in("ada")).status_code == 200


def test_errors_and_what_is_not_open_carry_no_tag(frontend: Frontend, researcher: Researcher) -> None:
    session = frontend.held(researcher)

    assert "ETag" not in frontend.get(f"/api/researchers/{NOWHERE}").headers
    assert "ETag" not in frontend.get(f"/api/sessions/{session['id']}", by="ada").headers
    assert refusal(again(frontend, f"/api/researchers/{NOWHERE}", "*")) == (404, "RESEARCHER_NOT_FOUND")


def test_head_has_the_tag_too(frontend: Frontend, researcher: Researcher) -> None:
    path = f"/api/researchers/{researcher.id}"

    assert frontend.call("HEAD", path).headers["ETag"] == frontend.get(path).headers["ETag"]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("Asia/Calcuta", "Asia/Calcutta"),
        ("utc", "UTC"),
    ],
)
def test_an_unknown_zone_is_answered_with_the_names_that_are_like_it(anybody: Frontend, asked: str, meant: str) -> None:
    found = problems(anybody.get("/api/time-slots", researcher_id=NOWHERE, date="2026-12-02", timezone=asked))

    assert meant in found["timezone"].split()
