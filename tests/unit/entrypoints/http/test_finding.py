from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from consulting.domain.money import Money
from consulting.domain.researchers import Rating
from tests.unit.entrypoints.http.frontend import NOWHERE, Frontend, problems, refusal, signed_in


@pytest.fixture
def three(frontend: Frontend) -> Frontend:
    for name in ("bohr", "curie", "noether"):
        frontend.researcher(name)
    return frontend


def change(frontend: Frontend, name: str, **changes: Any) -> str:
    found = frontend.get("/api/researchers/search", query=name).json()["researchers"][0]["id"]
    with frontend.market.transactions.begin() as tx:
        researcher = tx.researchers.get(UUID(found))
        assert researcher is not None
        tx.researchers.save(replace(researcher, **changes))
    return str(found)


def names(content: dict[str, Any]) -> list[str]:
    return [each["name"] for each in content["researchers"]]


def test_researchers_are_listed_page_by_page_in_order_of_name(three: Frontend) -> None:
    first = three.get("/api/researchers", limit=2).json()
    second = three.get("/api/researchers", limit=2, cursor=first["next_cursor"]).json()

    assert names(first) == ["Bohr", "Curie"]
    assert names(second) == ["Noether"]
    assert second["next_cursor"] is None


def test_a_full_page_with_nothing_after_it_is_the_last(three: Frontend) -> None:
    assert three.get("/api/researchers", limit=3).json()["next_cursor"] is None


def test_a_researcher_is_shown_with_rate_rating_and_the_next_slot(three: Frontend) -> None:
    known = change(three, "curie", rate=Money(12_550, "usd"), rating=Rating(14, 3), bio="Radium")

    answer = three.get(f"/api/researchers/{known}")

    assert answer.json() == {
        "id": known,
        "name": "Curie",
        "bio": "Radium",
        "expertise": ["physics"],
        "achievements": [],
        "rate": 125.5,
        "currency": "usd",
        "timezone": "Europe/Berlin",
        "verified": True,
        "avatar_url": None,
        "affiliation": None,
        "rating": {"average": 4.7, "count": 3},
        "next_available_slot": answer.json()["next_available_slot"],
    }
    assert '"rate":125.50' in answer.text
    assert answer.json()["next_available_slot"]["start_time"] == "2026-12-02T08:00:00Z"


def test_address_and_account_of_a_researcher_are_told_to_signed_in_callers_only(three: Frontend) -> None:
    listed = three.get("/api/researchers", by="ada").json()["researchers"][0]
    anonymous = three.get(f"/api/researchers/{listed['id']}").json()

    assert (listed["email"], listed["user_id"]) == ("bohr@university.example", "researcher-bohr")
    assert {"email", "user_id"} & set(anonymous) == set()


@pytest.mark.parametrize(("paper", "author"), [("p-1", True), ("p-2", False)])
def test_a_researcher_is_said_to_be_a_papers_author_or_not(three: Frontend, paper: str, author: bool) -> None:
    known = change(three, "curie", papers=("p-1",))

    assert three.get(f"/api/researchers/{known}", paper_id=paper).json()["author"] is author
    assert three.get("/api/researchers", paper_id=paper).json()["researchers"][1]["author"] is author


def test_nothing_is_said_of_authorship_unless_asked_or_if_no_papers_are_known(three: Frontend) -> None:
    known = change(three, "curie", papers=("p-1",))
    listed = three.get("/api/researchers", paper_id="p-1").json()["researchers"]

    assert "author" not in three.get(f"/api/researchers/{known}").json()
    assert "author" not in listed[0]


def test_researchers_are_filtered_by_expertise_verification_and_rate(three: Frontend) -> None:
    change(three, "curie", rate=Money(9_950, "usd"), expertise=("chemistry",))
    change(three, "noether", verified=False)

    assert names(three.get("/api/researchers", expertise="Chemistry").json()) == ["Curie"]
    assert names(three.get("/api/researchers", verified="false").json()) == ["Noether"]
    assert names(three.get("/api/researchers", max_rate="99.50").json()) == ["Curie"]
    assert names(three.get("/api/researchers", max_rate="99.49").json()) == []
    assert names(three.get("/api/researchers", max_rate="200", currency="eur").json()) == []


def test_researchers_are_listed_in_the_order_asked_for(three: Frontend) -> None:
    change(three, "curie", rate=Money(20_000, "usd"), rating=Rating(5, 1))
    change(three, "noether", rate=Money(9_000, "usd"), rating=Rating(8, 2))

    for sort, expected in {
        "name": ["Bohr", "Curie", "Noether"],
        "rate": ["Noether", "Bohr", "Curie"],
        "-rate": ["Curie", "Bohr", "Noether"],
        "rating": ["Curie", "Noether", "Bohr"],
    }.items():
        first = three.get("/api/researchers", sort=sort, limit=2).json()
        second = three.get("/api/researchers", sort=sort, limit=2, cursor=first["next_cursor"]).json()
        assert names(first) + names(second) == expected


def test_researchers_are_listed_by_the_next_slot_that_could_be_booked(three: Frontend) -> None:
    curie, noether = (
        three.get("/api/researchers/search", query=name).json()["researchers"][0] for name in ("curie", "noether")
    )
    change(three, "bohr", active=False)
    taken = three.post("/api/sessions", {"time_slot_id": curie["next_available_slot"]["id"]}, by="ada")
    found = three.get("/api/researchers", sort="next_available").json()

    assert taken.status_code == 201
    assert names(found) == ["Noether", "Curie"]
    starts = [each["next_available_slot"]["start_time"] for each in found["researchers"]]
    assert starts == ["2026-12-02T08:00:00Z", "2026-12-02T09:00:00Z"]
    assert found["researchers"][0]["next_available_slot"]["id"] == noether["next_available_slot"]["id"]


def test_whoever_has_no_slot_comes_last_in_the_order_of_the_next_slot(three: Frontend) -> None:
    change(three, "bohr", notice=timedelta(days=500))

    first = three.get("/api/researchers", sort="next_available", limit=2).json()
    second = three.get("/api/researchers", sort="next_available", limit=2, cursor=first["next_cursor"]).json()

    assert names(second) == ["Bohr"]
    assert second["researchers"][0]["next_available_slot"] is None


def test_a_search_takes_the_filters_and_orders_of_the_list(three: Frontend) -> None:
    change(three, "curie", rate=Money(20_000, "usd"), rating=Rating(5, 1), affiliation="Paris", verified=False)
    change(three, "noether", rate=Money(9_000, "usd"), rating=Rating(8, 2))

    def found(**asked: str) -> list[str]:
        return names(three.get("/api/researchers/search", query="physics", **asked).json())

    assert found() == found(sort="relevance") == found(sort="name") == ["Bohr", "Curie", "Noether"]
    assert found(sort="rate") == ["Noether", "Bohr", "Curie"]
    assert found(sort="-rate") == ["Curie", "Bohr", "Noether"]
    assert found(sort="rating") == ["Curie", "Noether", "Bohr"]
    assert sorted(found(sort="next_available")) == ["Bohr", "Curie", "Noether"]
    assert found(max_rate="90") == ["Noether"]
    assert found(min_rate="150", currency="usd") == ["Curie"]
    assert found(affiliation="PARIS") == found(verified="false") == ["Curie"]
    assert found(expertise="physics", available_before="2026-12-03") == ["Bohr", "Curie", "Noether"]
    assert found(available_before="2026-12-02", timezone="UTC") == found(expertise="law") == []


def test_a_cursor_of_a_search_goes_on_with_the_same_order_and_filters_only(three: Frontend) -> None:
    asked = {"query": "physics", "sort": "next_available", "verified": "true", "limit": "2"}
    first = three.get("/api/researchers/search", **asked).json()
    second = three.get("/api/researchers/search", **asked, cursor=first["next_cursor"]).json()

    assert len({*names(first), *names(second)}) == 3
    for other in ({"sort": "rate"}, {"verified": "false"}, {"query": "curie"}, {"sort": "relevance"}):
        answer = three.get("/api/researchers/search", **{**asked, **other}, cursor=first["next_cursor"])
        assert list(problems(answer)) == ["cursor"]


def test_a_cursor_goes_on_with_the_list_that_gave_it_and_no_other(three: Frontend) -> None:
    cursor = three.get("/api/researchers", sort="rate", limit=1).json()["next_cursor"]
    of_search = three.get("/api/researchers/search", query="physics", limit=1).json()["next_cursor"]

    assert names(three.get("/api/researchers", sort="rate", cursor=cursor, limit=5).json()) == ["Curie", "Noether"]
    for other in ({"sort": "-rate"}, {}, {"sort": "rate", "verified": "true"}, {"sort": "rate", "min_rate": "1"}):
        assert list(problems(three.get("/api/researchers", cursor=cursor, **other))) == ["cursor"]
    assert list(problems(three.get("/api/researchers/search", query="curie", cursor=of_search))) == ["cursor"]


def test_researchers_are_filtered_by_lowest_rate_affiliation_and_free_time(three: Frontend) -> None:
    change(three, "curie", rate=Money(20_000, "usd"), affiliation="Université de Paris")

    assert names(three.get("/api/researchers", min_rate="200").json()) == ["Curie"]
    assert names(three.get("/api/researchers", min_rate="119", max_rate="121").json()) == ["Bohr", "Noether"]
    assert names(three.get("/api/researchers", affiliation="universite de paris").json()) == ["Curie"]
    everybody = ["Bohr", "Curie", "Noether"]
    for before, found in {
        "2026-12-02": [],
        "2026-12-03": everybody,
        "2026-12-02T08:00:00Z": [],
        "2026-12-02T10:00:01+02:00": everybody,
    }.items():
        assert names(three.get("/api/researchers", available_before=before).json()) == found


def test_researchers_are_searched_by_words_that_may_be_misspelt(three: Frontend) -> None:
    assert names(three.get("/api/researchers/search", query="noethr").json()) == ["Noether"]
    assert names(three.get("/api/researchers/search", query="nobody").json()) == []


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/api/researchers", {"limit": "0"}, "limit"),
        ("/api/researchers", {"limit": "101"}, "limit"),
        ("/api/researchers", {"limit": "-1"}, "limit"),
        ("/api/researchers", {"limit": "1e2"}, "limit"),
        ("/api/researchers", {"limit": "9" * 400}, "limit"),
        ("/api/researchers", {"limit": ["1", "2"]}, "limit"),
        ("/api/researchers", {"verified": "1"}, "verified"),
        ("/api/researchers", {"verified": ""}, "verified"),
        ("/api/researchers", {"max_rate": "-1"}, "max_rate"),
        ("/api/researchers", {"max_rate": "1e999999"}, "max_rate"),
        ("/api/researchers", {"max_rate": "NaN"}, "max_rate"),
        ("/api/researchers", {"max_rate": "1.005"}, "max_rate"),
        ("/api/researchers", {"max_rate": "cheap"}, "max_rate"),
        ("/api/researchers", {"max_rate": "1", "currency": "USD"}, "currency"),
        ("/api/researchers", {"min_rate": "-1"}, "min_rate"),
        ("/api/researchers", {"sort": "age"}, "sort"),
        ("/api/researchers", {"sort": "--rate"}, "sort"),
        ("/api/researchers", {"affiliation": "a\x00"}, "affiliation"),
        ("/api/researchers", {"available_before": "soon"}, "available_before"),
        ("/api/researchers", {"available_before": "2026-12-02T10:00:00"}, "available_before"),
        ("/api/researchers", {"available_before": "9999-12-31"}, "available_before"),
        ("/api/researchers", {"available_before": "2026-12-02", "timezone": "Mars/X"}, "timezone"),
        ("/api/researchers", {"cursor": "no cursor"}, "cursor"),
        ("/api/researchers", {"cursor": "a\x00"}, "cursor"),
        ("/api/researchers", {"expertise": "a\x00b"}, "expertise"),
        ("/api/researchers", {"expertise": "x" * 256}, "expertise"),
        ("/api/researchers", {"page": "2"}, "page"),
        ("/api/researchers/search", {}, "query"),
        ("/api/researchers/search", {"query": "a\x00"}, "query"),
        ("/api/researchers/search", {"query": "a", "cursor": "%"}, "cursor"),
        ("/api/researchers", {"sort": "relevance"}, "sort"),
        ("/api/researchers/search", {"query": "a", "sort": "soonest"}, "sort"),
        ("/api/researchers/search", {"query": "a", "min_rate": "-1"}, "min_rate"),
        ("/api/researchers/search", {"query": "a", "max_rate": "NaN"}, "max_rate"),
        ("/api/researchers/search", {"query": "a", "min_rate": "1", "currency": "USD"}, "currency"),
        ("/api/researchers/search", {"query": "a", "verified": "1"}, "verified"),
        ("/api/researchers/search", {"query": "a", "expertise": "a\x00b"}, "expertise"),
        ("/api/researchers/search", {"query": "a", "affiliation": "x" * 256}, "affiliation"),
        ("/api/researchers/search", {"query": "a", "available_before": "soon"}, "available_before"),
        ("/api/researchers/search", {"query": "a", "available_before": "2026-12-02", "timezone": "X"}, "timezone"),
    ],
)
def test_a_parameter_that_is_not_right_is_named(anybody: Frontend, path: str, params: Any, field: str) -> None:
    assert field in problems(anybody.call("GET", path, params=params))


def test_all_parameters_that_are_not_right_are_named_at_once(anybody: Frontend) -> None:
    found = problems(anybody.get("/api/time-slots", date="20-04-2023", page=1))

    assert set(found) == {"date", "page", "researcher_id"}


@pytest.mark.parametrize("query", ["query=%ff", "query=%ed%a0%80", "%ff=1", "query=%c3%28"])
def test_a_query_that_is_not_utf_8_is_refused(anybody: Frontend, query: str) -> None:
    assert problems(anybody.call("GET", f"/api/researchers/search?{query}")) == {"query": "this is not UTF-8"}


@pytest.mark.parametrize("id", ["1", "x" * 500, "..%2f..", "%00", "%ff", "{}", NOWHERE, NOWHERE.upper()])
def test_an_id_that_names_nobody_is_not_found(anybody: Frontend, id: str) -> None:
    assert refusal(anybody.get(f"/api/researchers/{id}")) in {(404, "RESEARCHER_NOT_FOUND"), (404, "NOT_FOUND")}
    assert refusal(anybody.get(f"/api/time-slots/{id}")) in {(404, "SLOT_NOT_FOUND"), (404, "NOT_FOUND")}


def test_slots_of_a_day_have_all_that_a_calendar_needs(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie", rate=12_550)
    asked = {"researcher_id": str(researcher.id), "date": "2026-12-02", "timezone": "America/New_York"}

    slots = frontend.get("/api/time-slots", **asked).json()["time_slots"]

    assert [slot["start_time"] for slot in slots] == [f"2026-12-02T{hour:02}:00:00Z" for hour in (8, 9, 10)]
    assert slots[0] == {
        "id": slots[0]["id"],
        "researcher_id": str(researcher.id),
        "start_time": "2026-12-02T08:00:00Z",
        "end_time": "2026-12-02T09:00:00Z",
        "available": True,
        "timezone": "America/New_York",
        "local_start_time": "2026-12-02T03:00:00-05:00",
        "local_end_time": "2026-12-02T04:00:00-05:00",
        "price": {"amount": 12550, "currency": "usd"},
    }
    assert frontend.get(f"/api/time-slots/{slots[0]['id']}", timezone="America/New_York").json() == slots[0]


def test_a_day_is_one_of_the_zone_asked_for_else_of_the_token_else_of_utc(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie")
    asked = {"researcher_id": str(researcher.id), "date": "2026-12-03"}

    def first_of(**more: str) -> dict[str, Any]:
        found: dict[str, Any] = frontend.get("/api/time-slots", **asked, **more).json()["time_slots"][0]
        return found

    assert first_of()["timezone"] == "UTC"
    assert first_of(timezone="Asia/Kathmandu")["local_start_time"] == "2026-12-03T13:45:00+05:45"
    of_token = frontend.call("GET", "/api/time-slots", params=asked, headers=signed_in("ada", zoneinfo="Asia/Tokyo"))
    assert of_token.json()["time_slots"][0]["timezone"] == "Asia/Tokyo"
    unknown = frontend.call("GET", "/api/time-slots", params=asked, headers=signed_in("ada", zoneinfo="Mars/Olympus"))
    assert unknown.json()["time_slots"][0]["timezone"] == "UTC"


def test_several_days_are_given_by_their_first_and_last(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie")
    asked = {"researcher_id": str(researcher.id), "from": "2026-12-02", "to": "2026-12-03"}

    assert len(frontend.get("/api/time-slots", **asked).json()["time_slots"]) == 6


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "date"),
        ({"date": "2026-12-02", "from": "2026-12-02"}, "date"),
        ({"from": "2026-12-02"}, "date"),
        ({"from": "2026-12-02", "to": "2026-12-01"}, "to"),
        ({"from": "2026-12-01", "to": "2027-02-01"}, "to"),
        ({"from": "1800-01-01", "to": "1800-01-02"}, "from"),
        ({"date": "2026-02-30"}, "date"),
        ({"date": "2026-12-02T00:00:00Z"}, "date"),
        ({"date": "1764633600"}, "date"),
        ({"date": "9999-12-31"}, "date"),
        ({"date": "0001-01-01"}, "date"),
        ({"date": ["2026-12-02", "2026-12-03"]}, "date"),
        ({"date": "2026-12-02", "timezone": "Mars/Olympus"}, "timezone"),
        ({"date": "2026-12-02", "timezone": "../etc/passwd"}, "timezone"),
        ({"date": "2026-12-02", "timezone": "localtime"}, "timezone"),
        ({"date": "2026-12-02", "timezone": ""}, "timezone"),
        ({"date": "2026-12-02", "timezone": "UTC\x00"}, "timezone"),
    ],
)
def test_days_and_zones_that_do_not_exist_are_refused(anybody: Frontend, params: Any, field: str) -> None:
    answer = anybody.call("GET", "/api/time-slots", params={"researcher_id": NOWHERE} | params)

    assert list(problems(answer)) == [field]


@pytest.mark.parametrize("id", ["", "1", "x\x00", NOWHERE])
def test_slots_of_nobody_are_not_found(anybody: Frontend, id: str) -> None:
    answer = anybody.get("/api/time-slots", researcher_id=id, date="2026-12-02")

    assert refusal(answer) in {(404, "RESEARCHER_NOT_FOUND"), (400, "VALIDATION_FAILED")}


def test_only_those_whose_session_it_is_learn_who_has_a_slot(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie")
    session = frontend.held(researcher, by="ada")
    path = f"/api/time-slots/{session['time_slot_id']}"

    for anybody in (None, "bob"):
        slot = frontend.get(path, by=anybody).json()
        assert slot["available"] is False
        assert "session_id" not in slot
    for concerned in ("ada", "researcher-curie", "admin"):
        assert frontend.get(path, by=concerned).json()["session_id"] == session["id"]
