"""A researcher's answer to a review, and reviews that admins hide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from consulting.domain.researchers import Researcher
from tests.unit.entrypoints.http.frontend import NOWHERE, Frontend, problems, refusal

CURIE = "researcher-curie"


@pytest.fixture
def curie(frontend: Frontend) -> Researcher:
    return frontend.researcher("curie")


@pytest.fixture
def review(frontend: Frontend, curie: Researcher) -> dict[str, Any]:
    """One star of ada's, beside which there are five of bob's."""
    return [reviewed(frontend, curie, by=user, rating=stars) for user, stars in (("bob", 5), ("ada", 1))][-1]


def reviewed(frontend: Frontend, researcher: Researcher, *, by: str, rating: int) -> dict[str, Any]:
    session = frontend.paid(frontend.held(researcher, by=by), by=by)
    frontend.market.clock.advance(timedelta(days=1))
    written: dict[str, Any] = frontend.post(f"/api/sessions/{session['id']}/review", {"rating": rating}, by=by).json()
    return written


def answer(frontend: Frontend, review: dict[str, Any], text: Any = "Thank you.", *, by: str = CURIE) -> httpx.Response:
    return frontend.post(f"/api/researcher/reviews/{review['id']}/answer", {"answer": text}, by=by)


def hide(frontend: Frontend, review: dict[str, Any], *, by: str = "admin") -> httpx.Response:
    body = {"reason": "It names a third person."}
    return frontend.call("PATCH", f"/api/admin/reviews/{review['id']}/hide", by=by, json=body)


def show(frontend: Frontend, review: dict[str, Any], *, by: str = "admin") -> httpx.Response:
    return frontend.call("PATCH", f"/api/admin/reviews/{review['id']}/show", by=by)


def listed(frontend: Frontend, researcher: Researcher) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = frontend.get(f"/api/researchers/{researcher.id}/reviews").json()["reviews"]
    return found


def rating(frontend: Frontend, researcher: Researcher) -> Any:
    return frontend.get(f"/api/researchers/{researcher.id}").json()["rating"]


def own(frontend: Frontend, review: dict[str, Any]) -> Any:
    return frontend.get(f"/api/sessions/{review['session_id']}/review", by="ada").json()


def trail(frontend: Frontend) -> list[dict[str, Any]]:
    acts: list[dict[str, Any]] = frontend.get("/api/admin/audit", by="admin").json()["acts"]
    return acts


def test_a_researcher_answers_a_review_once_for_everybody_to_read(
    frontend: Frontend, curie: Researcher, review: dict[str, Any]
) -> None:
    said = {"text": "Thank you.", "created_at": "2026-12-03T12:00:00Z"}

    assert answer(frontend, review).json()["answer"] == said
    assert refusal(answer(frontend, review, "Something else.")) == (409, "REVIEW_ANSWERED")
    assert [each["answer"] for each in listed(frontend, curie)] == [said, None]
    assert own(frontend, review) == review | {"answer": said}
    assert rating(frontend, curie) == {"average": 3.0, "count": 2}


@pytest.mark.parametrize("text", ["", " \n", "x" * 4001, "bell\x07", "turned\u202earound", None, 5])
def test_an_answer_that_is_not_right_is_refused(frontend: Frontend, review: dict[str, Any], text: Any) -> None:
    assert list(problems(answer(frontend, review, text))) == ["answer"]


def test_only_the_sessions_own_researcher_answers(frontend: Frontend, review: dict[str, Any]) -> None:
    frontend.researcher("bohr")

    assert refusal(answer(frontend, review, by="researcher-bohr")) == (404, "REVIEW_NOT_FOUND")
    assert refusal(answer(frontend, {"id": NOWHERE})) == (404, "REVIEW_NOT_FOUND")
    for by in ("ada", "admin"):
        assert refusal(answer(frontend, review, by=by)) == (403, "NOT_A_RESEARCHER")


def test_a_hidden_review_is_seen_by_its_client_alone_and_counts_no_more(
    frontend: Frontend, curie: Researcher, review: dict[str, Any]
) -> None:
    hidden = hide(frontend, review)

    assert hidden.json()["hidden"] == {"reason": "It names a third person.", "at": "2026-12-03T12:00:00Z"}
    assert [each["rating"] for each in listed(frontend, curie)] == [5]
    assert rating(frontend, curie) == {"average": 5.0, "count": 1}
    assert own(frontend, review) == review | {"hidden": True}
    assert refusal(answer(frontend, review)) == (404, "REVIEW_NOT_FOUND")


def test_a_hidden_review_can_be_shown_again(frontend: Frontend, curie: Researcher, review: dict[str, Any]) -> None:
    hide(frontend, review)

    assert show(frontend, review).json()["hidden"] is None
    assert [each["rating"] for each in listed(frontend, curie)] == [1, 5]
    assert rating(frontend, curie) == {"average": 3.0, "count": 2}


def test_hiding_and_showing_twice_counts_once_and_stands_in_the_trail_once(
    frontend: Frontend, curie: Researcher, review: dict[str, Any]
) -> None:
    show(frontend, review)
    first = hide(frontend, review).json()
    frontend.market.clock.advance(timedelta(hours=1))

    assert hide(frontend, review).json() == first
    assert rating(frontend, curie) == {"average": 5.0, "count": 1}
    show(frontend, review)
    show(frontend, review)
    assert rating(frontend, curie) == {"average": 3.0, "count": 2}
    told = [(act["act"], act["subject"], act["after"], act["by"]) for act in trail(frontend)]
    assert told == [
        ("show_review", review["id"], {"hidden": False}, "admin"),
        ("hide_review", review["id"], {"hidden": True}, "admin"),
    ]


def test_what_a_client_changes_of_a_hidden_review_counts_when_it_is_shown_again(
    frontend: Frontend, curie: Researcher, review: dict[str, Any]
) -> None:
    hide(frontend, review)
    frontend.call("PATCH", f"/api/sessions/{review['session_id']}/review", by="ada", json={"rating": 3})

    assert rating(frontend, curie) == {"average": 5.0, "count": 1}
    show(frontend, review)
    assert rating(frontend, curie) == {"average": 4.0, "count": 2}


@pytest.mark.parametrize("by", ["ada", CURIE])
def test_nobody_but_admins_hides_reviews(frontend: Frontend, review: dict[str, Any], by: str) -> None:
    assert refusal(hide(frontend, review, by=by)) == (403, "FORBIDDEN")
    assert refusal(show(frontend, review, by=by)) == (403, "FORBIDDEN")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " \n"}, {"reason": None}, {"reason": "x" * 1001}])
def test_hiding_needs_a_reason(anybody: Frontend, body: dict[str, Any]) -> None:
    answer = anybody.call("PATCH", f"/api/admin/reviews/{NOWHERE}/hide", by="admin", json=body)

    assert list(problems(answer)) == ["reason"]


def test_a_review_that_is_not_there_is_not_hidden(anybody: Frontend) -> None:
    assert refusal(hide(anybody, {"id": NOWHERE})) == (404, "REVIEW_NOT_FOUND")
    assert refusal(show(anybody, {"id": "x"})) == (404, "REVIEW_NOT_FOUND")


def test_an_erased_client_is_in_no_answer(frontend: Frontend, curie: Researcher, review: dict[str, Any]) -> None:
    answer(frontend, review, "Thank you, Ada.")

    assert frontend.call("POST", "/api/admin/users/ada/erase", by="admin").status_code == 200
    assert "Thank you" not in frontend.get(f"/api/researchers/{curie.id}/reviews").text
