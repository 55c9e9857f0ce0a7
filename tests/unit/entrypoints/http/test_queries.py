from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.routes import HTTPRoute

from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import at_desk
from consulting.entrypoints.http.queries import (
    LONGEST_REMEMBERED,
    Parameter,
    _fits,
    _parameters,
    _problem_of,
    _problems,
    _spelling,
)
from consulting.entrypoints.http.resources import routers
from tests.unit.entrypoints.http.frontend import Frontend, refusal


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        ("2026-04-20T09:00:00Z", True),
        ("2026-04-20t09:00:00.25z", True),
        ("2026-04-20T09:00:00+02:00", True),
        ("2026-04-20T09:00:00 02:00", False),
        ("2026-04-20T09:00:00", False),
        ("2026-04-20", False),
        ("1682000000", False),
        ("1682000000.5", False),
        ("20260420T090000Z", False),
    ],
)
def test_an_instant_in_a_query_has_its_offset_and_is_no_number(value: str, fine: bool) -> None:
    parameter = Parameter(type=datetime, required=True, spelling=_spelling(datetime))

    found = list(_problem_of("at", value, parameter))

    assert (found == []) is fine
    assert all("%2B" in each.problem for each in found)


def handlers() -> dict[str, Any]:
    """Give every operation that takes a query, by its name."""
    app = Litestar(list(routers()), dependencies=at_desk(None), openapi_config=None, request_class=ApiRequest)
    found = [each for route in app.routes if isinstance(route, HTTPRoute) for each in route.route_handlers]
    return {each.fn.__name__: each for each in found if _parameters(each)}


HANDLERS = handlers()
VALUES = st.sampled_from(
    [
        *("", "a", "\x00", "x" * 300, "true", "1", "-1", "1e3", "21", "null", "Europe/Berlin", "day", "month", "usd"),
        *("2026-04-20", "2026-04-31", "2026-04-20T09:00:00Z", "00000000-0000-7000-8000-000000000001", "12.5", "name"),
    ]
)


@given(data=st.data(), name=st.sampled_from(sorted(HANDLERS)))
def test_a_quick_look_passes_nothing_in_which_a_closer_one_finds_a_problem(data: st.DataObject, name: str) -> None:
    known = _parameters(HANDLERS[name])
    names = st.sampled_from([*known, "other"])
    query = data.draw(st.lists(st.tuples(names, VALUES), max_size=4))

    assert not _fits(query, HANDLERS[name]) or not list(_problems(query, known))


def test_a_quick_look_is_enough_for_a_day_of_slots() -> None:
    query = [("researcher_id", "00000000-0000-7000-8000-000000000001"), ("date", "2026-04-20"), ("timezone", "UTC")]

    assert _fits(query, HANDLERS["list_time_slots"])


def test_a_query_that_is_right_for_one_operation_is_wrong_for_another_all_the_same(anybody: Frontend) -> None:
    for _ in range(2):
        assert anybody.call("GET", "/api/researchers?limit=5").status_code == 200
        assert anybody.call("GET", "/api/researchers/search?limit=5").status_code == 400


@pytest.mark.parametrize("length", [1, LONGEST_REMEMBERED])
def test_a_query_that_is_wrong_is_refused_each_time(anybody: Frontend, length: int) -> None:
    for _ in range(2):
        answer = anybody.call("GET", f"/api/researchers?limit=5&unknown={'x' * length}")
        assert refusal(answer) == (400, "VALIDATION_FAILED")
