from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from consulting.domain.researchers import Researcher
from tests.unit.entrypoints.http.frontend import NOWHERE, PUBLIC_URL, Frontend, problems, refusal, signed_in


@pytest.fixture
def researcher(frontend: Frontend) -> Researcher:
    return frontend.researcher("curie")


@pytest.fixture
def session(frontend: Frontend, researcher: Researcher) -> dict[str, Any]:
    """A session that has just ended, which no worker has noted yet."""
    session = frontend.paid(frontend.held(researcher))
    frontend.market.clock.advance(timedelta(hours=21))
    return session


def review(frontend: Frontend, session: dict[str, Any], *, by: str = "ada", **body: Any) -> httpx.Response:
    return frontend.post(f"/api/sessions/{session['id']}/review", body or {"rating": 5}, by=by)


def edit(frontend: Frontend, session: dict[str, Any], *, by: str = "ada", **body: Any) -> httpx.Response:
    return frontend.call("PATCH", f"/api/sessions/{session['id']}/review", by=by, json=body)


def rating(frontend: Frontend, researcher: Researcher) -> Any:
    return frontend.get(f"/api/researchers/{researcher.id}").json()["rating"]


def test_a_client_reviews_an_ended_session_and_the_rating_counts_it(
    frontend: Frontend, researcher: Researcher, session: dict[str, Any]
) -> None:
    answer = review(frontend, session, rating=4, comment="Clear.\nAnd patient.")

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PUBLIC_URL}/api/sessions/{session['id']}/review"
    assert answer.json() == {
        "id": answer.json()["id"],
        "session_id": session["id"],
        "researcher_id": str(researcher.id),
        "rating": 4,
        "comment": "Clear.\nAnd patient.",
        "created_at": "2026-12-02T09:00:00Z",
        "updated_at": "2026-12-02T09:00:00Z",
        "editable_until": "2026-12-04T09:00:00Z",
        "answer": None,
        "hidden": False,
    }
    assert rating(frontend, researcher) == {"average": 4.0, "count": 1}
    assert frontend.get(f"/api/sessions/{session['id']}/review", by="ada").json() == answer.json()


def test_a_session_has_one_review(frontend: Frontend, researcher: Researcher, session: dict[str, Any]) -> None:
    review(frontend, session)

    assert refusal(review(frontend, session, rating=1)) == (409, "REVIEW_EXISTS")
    assert rating(frontend, researcher) == {"average": 5.0, "count": 1}


def test_a_review_can_be_changed_for_two_days_and_the_rating_follows(
    frontend: Frontend, researcher: Researcher, session: dict[str, Any]
) -> None:
    written = review(frontend, session, rating=5, comment="Good.").json()
    frontend.market.clock.advance(timedelta(hours=48))

    assert edit(frontend, session, rating=2).json() == written | {"rating": 2, "updated_at": "2026-12-04T09:00:00Z"}
    assert edit(frontend, session, comment=None).json()["comment"] is None
    assert rating(frontend, researcher) == {"average": 2.0, "count": 1}
    frontend.market.clock.advance(timedelta(seconds=1))
    assert refusal(edit(frontend, session, rating=1)) == (409, "REVIEW_REFUSED")


def test_what_was_not_reviewed_can_not_be_changed_or_shown(frontend: Frontend, session: dict[str, Any]) -> None:
    assert refusal(edit(frontend, session, rating=1)) == (404, "REVIEW_NOT_FOUND")
    assert refusal(frontend.get(f"/api/sessions/{session['id']}/review", by="ada")) == (404, "REVIEW_NOT_FOUND")


def test_what_is_not_over_can_not_be_reviewed(frontend: Frontend, researcher: Researcher) -> None:
    session = frontend.paid(frontend.held(researcher))
    frontend.market.clock.advance(timedelta(hours=20, minutes=59))

    assert refusal(review(frontend, session)) == (409, "REVIEW_REFUSED")


def test_after_sixty_days_it_is_too_late(frontend: Frontend, session: dict[str, Any]) -> None:
    frontend.market.clock.advance(timedelta(days=60, seconds=1))

    assert refusal(review(frontend, session)) == (409, "REVIEW_REFUSED")


def test_whoever_canceled_or_did_not_come_has_nothing_to_review(
    frontend: Frontend, researcher: Researcher, session: dict[str, Any]
) -> None:
    canceled = frontend.paid(frontend.held(researcher))
    frontend.call("PATCH", f"/api/sessions/{canceled['id']}/cancel", by="ada")
    frontend.market.clock.advance(timedelta(days=1))
    with frontend.market.transactions.begin() as tx:
        missed = tx.sessions.get(UUID(session["id"]))
        assert missed is not None
        tx.sessions.save(missed.note_no_show(at=frontend.market.clock.now())[0])

    assert refusal(review(frontend, canceled)) == (409, "REVIEW_REFUSED")
    assert refusal(review(frontend, session)) == (409, "REVIEW_REFUSED")
    assert rating(frontend, researcher) == {"average": None, "count": 0}


def test_only_its_client_reviews_a_session(frontend: Frontend, session: dict[str, Any]) -> None:
    assert refusal(review(frontend, session, by="bob")) == (404, "SESSION_NOT_FOUND")
    for sees_it in ("researcher-curie", "admin"):
        assert refusal(review(frontend, session, by=sees_it)) == (403, "NOT_YOUR_SESSION")
        assert refusal(edit(frontend, session, by=sees_it, rating=1)) == (403, "NOT_YOUR_SESSION")


def test_reviews_are_shown_to_everybody_the_newest_first_and_by_first_name_only(
    frontend: Frontend, researcher: Researcher
) -> None:
    named = {"Ada Ferreira": "Ada", "bob@example.org": None, "Élise  Meier": "Élise"}
    for number, name in enumerate(named):
        slot = frontend.slots(researcher)[0]["id"]
        headers = signed_in(f"client-{number}", name=name)
        booked = frontend.call("POST", "/api/sessions", json={"time_slot_id": slot}, headers=headers).json()
        frontend.paid(booked, by=f"client-{number}")
        frontend.market.clock.advance(timedelta(days=1))
        assert review(frontend, booked, by=f"client-{number}", rating=5 - number).status_code == 201

    path = f"/api/researchers/{researcher.id}/reviews"
    first = frontend.get(path, limit=2).json()
    second = frontend.get(path, limit=2, cursor=first["next_cursor"]).json()

    shown = first["reviews"] + second["reviews"]
    assert [(each["client_name"], each["rating"]) for each in shown] == [("Élise", 3), (None, 4), ("Ada", 5)]
    assert set(shown[0]) == {"id", "rating", "comment", "client_name", "created_at", "updated_at", "answer"}
    assert second["next_cursor"] is None
    assert rating(frontend, researcher) == {"average": 4.0, "count": 3}


def test_nobodys_reviews_are_not_found_and_a_cursor_that_no_page_gave_is_refused(frontend: Frontend) -> None:
    researcher = frontend.researcher("bohr")

    assert frontend.get(f"/api/researchers/{researcher.id}/reviews").json() == {"reviews": [], "next_cursor": None}
    assert refusal(frontend.get(f"/api/researchers/{NOWHERE}/reviews")) == (404, "RESEARCHER_NOT_FOUND")
    assert list(problems(frontend.get(f"/api/researchers/{researcher.id}/reviews", cursor="x"))) == ["cursor"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rating"),
        ({"rating": 0}, "rating"),
        ({"rating": 6}, "rating"),
        ({"rating": 4.5}, "rating"),
        ({"rating": "5"}, "rating"),
        ({"rating": None}, "rating"),
        ({"rating": 5, "comment": "x" * 4001}, "comment"),
        ({"rating": 5, "comment": "bell\x07"}, "comment"),
        ({"rating": 5, "comment": "nul\x00"}, "comment"),
        ({"rating": 5, "comment": "c1\x85"}, "comment"),
        ({"rating": 5, "comment": "turned\u202earound"}, "comment"),
        ({"rating": 5, "stars": 5}, "stars"),
    ],
)
def test_a_review_that_is_not_right_is_refused_by_field(
    frontend: Frontend, session: dict[str, Any], body: dict[str, Any], field: str
) -> None:
    path = f"/api/sessions/{session['id']}/review"

    assert list(problems(frontend.post(path, body, by="ada"))) == [field]


def test_a_deactivated_researchers_session_can_still_be_reviewed(
    frontend: Frontend, researcher: Researcher, session: dict[str, Any]
) -> None:
    with frontend.market.transactions.begin() as tx:
        found = tx.researchers.get(researcher.id)
        assert found is not None
        tx.researchers.save(replace(found, active=False))

    assert review(frontend, session).status_code == 201
    assert rating(frontend, researcher) == {"average": 5.0, "count": 1}
