"""What a researcher's own sessions brought in, added up and as a table."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from consulting.domain.researchers import Researcher
from consulting.entrypoints.http.earning_shapes import COLUMNS, harmless
from tests.unit.entrypoints.http.frontend import Frontend, problems, refusal, signed_in

CURIE = "researcher-curie"
EARNINGS, TABLE = "/api/researcher/earnings", "/api/researcher/earnings.csv"


@pytest.fixture
def curie(frontend: Frontend) -> Researcher:
    return frontend.researcher("curie")


def table(frontend: Frontend, **params: Any) -> list[dict[str, str]]:
    answer = frontend.get(TABLE, by=CURIE, **params)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_a_month_tells_what_came_in_what_went_back_and_what_is_left(frontend: Frontend, curie: Researcher) -> None:
    first, second = (frontend.paid(frontend.held(curie, by=user), by=user) for user in ("ada", "bob"))
    frontend.held(curie)
    frontend.researcher("bohr")
    frontend.call("PATCH", f"/api/researcher/bookings/{second['id']}/cancel", by=CURIE)
    frontend.market.work()

    answer = frontend.get(EARNINGS, by=CURIE)

    price = first["amount"]
    assert answer.json() == {
        "timezone": "Europe/Berlin",
        "from_month": "2026-01",
        "to_month": "2026-12",
        "months": [
            {"month": "2026-12", "currency": "usd", "gross": 2 * price, "refunds": price, "net": price},
        ],
    }
    assert frontend.get(EARNINGS, by="researcher-bohr").json()["months"] == []


def test_every_movement_is_a_line_of_the_table(frontend: Frontend, curie: Researcher) -> None:
    session = frontend.paid(frontend.held(curie))
    frontend.call("PATCH", f"/api/researcher/bookings/{session['id']}/cancel", by=CURIE)
    frontend.market.clock.advance(timedelta(minutes=1))
    frontend.market.work()

    charge, refund = table(frontend)
    answer = frontend.get(TABLE, by=CURIE, from_month="2026-12", to_month="2026-12")

    assert charge == {
        "month": "2026-12",
        "time": "2026-12-01T13:00:00+01:00",
        "kind": "charge",
        "came_in": "120.00",
        "went_back": "",
        "currency": "usd",
        "session": session["id"],
        "client": "",
    }
    assert (refund["kind"], refund["came_in"], refund["went_back"]) == ("refund", "", "120.00")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="earnings-2026-12-2026-12.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.partition("\r\n")[0] == ",".join(COLUMNS)


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", '=1","x', "=1\r\n=2"]
)
def test_a_name_that_is_a_formula_is_a_text(frontend: Frontend, curie: Researcher, name: str) -> None:
    slot = frontend.slots(curie)[0]["id"]
    headers = signed_in("ada", name=name)
    booked = frontend.call("POST", "/api/sessions", json={"time_slot_id": slot}, headers=headers)
    frontend.paid(booked.json())

    (line,) = table(frontend)

    assert all(not cell.lstrip(" ").startswith(tuple("=+-@\t\r\n\uff1d")) for cell in line.values())
    assert line["client"] in {f"'{name}", f"'{name.strip()}", ""}


def test_a_text_that_is_no_formula_stays_as_it_is() -> None:
    assert [harmless(text) for text in ("Ada", "", "a=b", "120.00", " Lin", "'x")] == [
        *("Ada", "", "a=b", "120.00", " Lin", "'x"),
    ]
    assert harmless("=1") == "'=1"


@pytest.mark.parametrize("path", [EARNINGS, TABLE])
@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"from_month": "2026-13"}, "from_month"),
        ({"to_month": "x"}, "to_month"),
        ({"from_month": "2026-01\n"}, "from_month"),
        ({"to_month": "2026-01\n"}, "to_month"),
        ({"from_month": "2026-02", "to_month": "2026-01"}, "to_month"),
        ({"from_month": "2025-01", "to_month": "2026-01"}, "to_month"),
        ({"month": "2026-01"}, "month"),
    ],
)
def test_months_that_make_no_sense_are_refused_by_name(
    frontend: Frontend, curie: Researcher, path: str, params: dict[str, str], field: str
) -> None:
    assert list(problems(frontend.get(path, by=CURIE, **params))) == [field]


def test_what_is_no_month_is_told_how_a_month_is_written(frontend: Frontend, curie: Researcher) -> None:
    assert problems(frontend.get(EARNINGS, by=CURIE, from_month="2026-13")) == {"from_month": "give a month as 2026-04"}


@pytest.mark.parametrize("path", [EARNINGS, TABLE])
def test_earnings_are_each_researchers_own(anybody: Frontend, path: str) -> None:
    assert refusal(anybody.get(path, by="ada")) == (403, "NOT_A_RESEARCHER")
    assert refusal(anybody.get(path, by="admin")) == (403, "NOT_A_RESEARCHER")
    assert refusal(anybody.get(path))[0] == 401
