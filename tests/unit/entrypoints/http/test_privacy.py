from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.unit.application.marketplace import ADMIN
from tests.unit.entrypoints.http.frontend import Frontend, refusal


def erased(front: Frontend, user: str = "ada", *, by: str | None = "admin") -> httpx.Response:
    return front.call("POST", f"/api/admin/users/{user}/erase", by=by)


@pytest.fixture
def session(frontend: Frontend) -> dict[str, Any]:
    """A session of ada's that has taken place, and for which she paid."""
    slot = frontend.slots(frontend.researcher("curie"))[0]["id"]
    asked = {"time_slot_id": slot, "questions": "Why is the sky dark?", "paper_id": "paper-7"}
    paid = frontend.paid(frontend.post("/api/sessions", asked, by="ada").json())
    frontend.market.work()
    frontend.market.clock.set(frontend.market.clock.now() + timedelta(days=3))
    return paid


def test_an_export_has_all_that_is_kept_of_the_user(frontend: Frontend, session: dict[str, Any]) -> None:
    shown = frontend.get("/api/admin/users/ada/export", by="admin").json()

    (kept,) = shown["sessions"]
    assert shown["user_id"] == "ada"
    assert kept["client"]["email"] == "ada@example.org"
    assert (kept["session"]["id"], kept["session"]["questions"]) == (session["id"], "Why is the sky dark?")
    assert [(each["state"], each["received"]["amount"]) for each in kept["payments"]] == [("succeeded", 12_000)]
    assert {each["kind"] for each in kept["notifications"]} >= {"confirmation", "receipt"}
    (act,) = frontend.get("/api/admin/audit", by="admin").json()["acts"]
    assert (act["act"], act["after"]) == ("export_user", {"sessions": 1})
    assert "ada" not in act["subject"]


def test_an_erased_user_is_gone_and_the_money_is_not(frontend: Frontend, session: dict[str, Any]) -> None:
    done = erased(frontend).json()
    seen = frontend.get(f"/api/sessions/{session['id']}", by="admin").json()

    assert done["sessions"] == 1
    assert (seen["user_id"], seen["questions"], seen["paper_id"]) == (done["pseudonym"], None, None)
    assert (seen["amount"], seen["payment_status"]) == (session["amount"], "completed")
    kept = repr(frontend.market.transactions.snapshot())
    for trace in ("ada@example.org", "sky dark", "paper-7", "'ada'"):
        assert trace not in kept
    assert frontend.get("/api/sessions", by="ada").json()["sessions"] == []
    assert refusal(frontend.get("/api/admin/users/ada/export", by="admin")) == (404, "USER_NOT_FOUND")
    assert refusal(erased(frontend)) == (404, "USER_NOT_FOUND")
    (act,) = frontend.get("/api/admin/audit", by="admin").json()["acts"]
    assert (act["act"], act["subject"]) == ("erase_user", done["pseudonym"])


def test_nobody_is_erased_while_a_session_is_to_come_or_money_on_its_way(frontend: Frontend) -> None:
    curie = frontend.researcher("curie")
    held = frontend.held(curie)
    assert erased(frontend).json()["error"]["details"] == {"sessions": [held["id"]]}
    frontend.paid(held)
    assert refusal(erased(frontend)) == (409, "LIVE_SESSIONS")
    frontend.call("PATCH", f"/api/sessions/{held['id']}/cancel", by="ada")
    assert refusal(erased(frontend)) == (409, "LIVE_SESSIONS")

    frontend.market.work()

    assert erased(frontend).status_code == 200


def test_a_hold_that_lapsed_is_erased_once_it_cannot_be_paid_any_more(frontend: Frontend) -> None:
    held = frontend.held(frontend.researcher("curie"))
    frontend.post("/api/payment/intent", {"session_id": held["id"]}, by="ada")
    frontend.market.clock.set(frontend.market.clock.now() + timedelta(minutes=20))
    assert refusal(erased(frontend)) == (409, "LIVE_SESSIONS")

    frontend.market.sweep()
    frontend.market.work()

    assert erased(frontend).status_code == 200


def test_nothing_is_written_to_an_erased_user_any_more(frontend: Frontend, session: dict[str, Any]) -> None:
    erased(frontend)
    before = len(frontend.market.mailer.delivered)

    frontend.market.give_goodwill(UUID(session["id"]), note="sorry", caller=ADMIN, amount=100)
    frontend.market.work()

    assert len(frontend.market.mailer.delivered) == before


def test_a_researchers_account_is_unlinked_first(frontend: Frontend) -> None:
    curie = frontend.researcher("curie")

    assert refusal(erased(frontend, "researcher-curie")) == (409, "USER_IS_RESEARCHER")
    frontend.call("PATCH", f"/api/admin/researchers/{curie.id}", by="admin", json={"user_id": None})
    assert refusal(erased(frontend, "researcher-curie")) == (404, "USER_NOT_FOUND")


@pytest.mark.parametrize("user", ["nobody", "x" * 255, "%01"])
def test_of_whom_nothing_is_kept_there_is_nothing_to_show_or_erase(anybody: Frontend, user: str) -> None:
    assert refusal(anybody.get(f"/api/admin/users/{user}/export", by="admin")) == (404, "USER_NOT_FOUND")
    assert refusal(erased(anybody, user)) == (404, "USER_NOT_FOUND")


@pytest.mark.parametrize("user", ["ada", "bob", "researcher-curie"])
def test_only_admins_export_and_erase(frontend: Frontend, session: dict[str, Any], user: str) -> None:
    assert refusal(erased(frontend, by=user)) == (403, "FORBIDDEN")
    assert refusal(frontend.get("/api/admin/users/ada/export", by=user)) == (403, "FORBIDDEN")
