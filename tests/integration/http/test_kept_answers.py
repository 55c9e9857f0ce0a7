"""Answers that are kept with what they show are those that would be made anew, for everybody and at any time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from consulting.domain.researchers import Researcher
from tests.integration.http.test_over_postgres import on_database
from tests.unit.entrypoints.http.frontend import Frontend, opened

DAY = "2026-12-02"
OFTEN = 4
"""A list is remembered from the second time on."""


@pytest.fixture
def frontend(database_url: str) -> Iterator[Frontend]:
    with on_database(database_url) as market, opened(market=market) as front:
        yield front


@pytest.fixture
def researcher(frontend: Frontend) -> Researcher:
    return frontend.researcher("curie")


def asked(researcher: Researcher, **more: str) -> dict[str, str]:
    return {"researcher_id": str(researcher.id), **(more or {"date": DAY})}


def often(frontend: Frontend, by: str | None = None, **params: str) -> dict[str, Any]:
    """Read so often that what is answered was kept, and is the same each time."""
    answers = [frontend.get("/api/time-slots", by=by, **params) for _ in range(OFTEN)]
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    found: dict[str, Any] = answers[-1].json()
    return found


def test_a_hold_is_seen_at_once_and_free_at_its_deadline(frontend: Frontend, researcher: Researcher) -> None:
    before = often(frontend, **asked(researcher))
    frontend.held(researcher)
    held = often(frontend, **asked(researcher))
    frontend.market.clock.advance(timedelta(minutes=15))
    after = often(frontend, **asked(researcher))

    assert [each["available"] for each in before["time_slots"]] == [True, True, True]
    assert [each["available"] for each in held["time_slots"]] == [False, True, True]
    assert after == before


def test_a_kept_answer_tells_nobody_of_a_session_that_they_may_not_know_of(
    frontend: Frontend, researcher: Researcher
) -> None:
    session = frontend.held(researcher, by="ada")["id"]

    for _ in range(2):
        shown = {by: often(frontend, by, **asked(researcher))["time_slots"] for by in (None, "bob", "ada")}
        assert shown[None] == shown["bob"]
        assert not any("session_id" in each for each in shown[None])
        assert [each.get("session_id") for each in shown["ada"]] == [session, None, None]


def test_who_asks_otherwise_for_the_same_slots_is_answered_otherwise(
    frontend: Frontend, researcher: Researcher
) -> None:
    ways = (
        {"date": DAY},
        {"from": DAY, "to": DAY},
        {"date": DAY, "group_by": "day"},
        {"date": DAY, "timezone": "UTC"},
        {"date": DAY, "timezone": "Africa/Abidjan"},
    )
    for _ in range(2):
        found = [often(frontend, **asked(researcher, **way)) for way in ways]
        assert len({answer["links"]["later"] for answer in found}) == len(ways)
        assert "days" in found[2]
        assert found[4]["time_slots"][0]["timezone"] == "Africa/Abidjan"
        assert found[0]["time_slots"] == found[1]["time_slots"] == found[2]["days"][0]["time_slots"]


def test_who_has_a_kept_answer_already_is_told_so(frontend: Frontend, researcher: Researcher) -> None:
    often(frontend, **asked(researcher))
    first = frontend.get("/api/time-slots", **asked(researcher))
    path = f"/api/time-slots?researcher_id={researcher.id}&date={DAY}"

    for _ in range(2):
        again = frontend.call("GET", path, headers={"If-None-Match": first.headers["ETag"]})
        head = frontend.call("HEAD", path)
        other = frontend.call("GET", path, headers={"If-None-Match": '"another"'})
        assert (again.status_code, again.content) == (304, b"")
        assert (head.status_code, head.content) == (200, b"")
        assert (other.status_code, other.content) == (200, first.content)
        assert again.headers["ETag"] == head.headers["ETag"] == other.headers["ETag"] == first.headers["ETag"]


def test_a_researcher_without_slots_is_shown_so_until_there_are_some(frontend: Frontend) -> None:
    market = frontend.market
    researcher = market.add_researcher("mileva")
    assert often(frontend, **asked(researcher))["time_slots"] == []
    market.set_hours(researcher, "09:00", "12:00", pattern_ids=lambda _: market.ids.new())
    market.publish(researcher.id)
    assert len(often(frontend, **asked(researcher))["time_slots"]) == 3
