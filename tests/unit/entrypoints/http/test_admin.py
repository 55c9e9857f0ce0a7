from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from consulting.application.errands import LEASE
from tests.unit.entrypoints.http.frontend import NOWHERE, PUBLIC_URL, Frontend, problems, refusal

ADA_MARSH = {
    "name": "Dr. Ada Marsh",
    "email": "ada.marsh@example.org",
    "rate": 125.5,
    "timezone": "Europe/Berlin",
    "expertise": ["statistics"],
}


def trail(front: Frontend) -> list[dict[str, Any]]:
    acts: list[dict[str, Any]] = front.get("/api/admin/audit", by="admin").json()["acts"]
    return acts


def changed(front: Frontend, id: object, **changes: Any) -> Any:
    return front.call("PATCH", f"/api/admin/researchers/{id}", by="admin", json=changes)


def listed(front: Frontend) -> list[str]:
    return [each["id"] for each in front.get("/api/researchers").json()["researchers"]]


def test_an_added_researcher_is_found_by_everybody_and_stands_in_the_trail(frontend: Frontend) -> None:
    answer = frontend.post("/api/admin/researchers", ADA_MARSH | {"user_id": "ada"}, by="admin")
    added = answer.json()

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PUBLIC_URL}/api/admin/researchers/{added['id']}"
    assert frontend.get(f"/api/admin/researchers/{added['id']}", by="admin").json() == added
    assert (added["rate"], added["active"], added["verified"]) == (125.5, True, False)
    assert listed(frontend) == [added["id"]]
    (act,) = trail(frontend)
    assert (act["by"], act["act"], act["subject"]) == ("admin", "add_researcher", added["id"])
    assert act["after"]["rate"] == "125.50 USD"
    assert "Marsh" not in str(act)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": "nobody"}, "email"),
        ({"rate": -1}, "rate"),
        ({"rate": 1.234}, "rate"),
        ({"currency": "dollars"}, "currency"),
        ({"timezone": "Berlin"}, "timezone"),
        ({"avatar_url": "http://example.org/a.png"}, "avatar_url"),
        ({"avatar_url": 'https://example.org/"><script>'}, "avatar_url"),
        ({"expertise": ["physics", "Physics"]}, "expertise"),
        ({"name": "Marie \u202eeiruC"}, "name"),
        ({"expertise": ["x"] * 101}, "expertise"),
        ({"rating": 5}, "rating"),
        ({"user_id": ""}, "user_id"),
    ],
)
def test_a_researcher_who_makes_no_sense_is_refused(anybody: Frontend, change: dict[str, Any], field: str) -> None:
    assert list(problems(anybody.post("/api/admin/researchers", ADA_MARSH | change, by="admin"))) == [field]


def test_an_account_belongs_to_one_researcher(frontend: Frontend) -> None:
    curie, bohr = frontend.researcher("curie"), frontend.researcher("bohr")

    assert refusal(changed(frontend, bohr.id, user_id="researcher-curie")) == (409, "ACCOUNT_LINKED")
    new = ADA_MARSH | {"user_id": "researcher-curie"}
    assert refusal(frontend.post("/api/admin/researchers", new, by="admin")) == (409, "ACCOUNT_LINKED")
    assert changed(frontend, curie.id, user_id=None).json()["user_id"] is None
    assert changed(frontend, bohr.id, user_id="researcher-curie").json()["user_id"] == "researcher-curie"
    assert [act["act"] for act in trail(frontend)] == ["change_researcher"] * 2
    assert "researcher-curie" not in str(trail(frontend))


def test_the_trail_has_what_was_changed_and_nothing_where_nothing_was(frontend: Frontend) -> None:
    curie = frontend.researcher("curie")

    changed(frontend, curie.id, verified=True)
    changed(frontend, curie.id)
    changed(frontend, curie.id, verified=False, active=True)

    (act,) = trail(frontend)
    assert (act["before"], act["after"]) == ({"verified": True}, {"verified": False})


def test_a_deactivated_researcher_vanishes_keeps_sessions_and_comes_back_with_hours(frontend: Frontend) -> None:
    curie = frontend.researcher("curie")
    session = frontend.paid(frontend.held(curie))

    assert changed(frontend, curie.id, active=False).json()["active"] is False
    assert listed(frontend) == []
    assert frontend.get("/api/researchers/search", query="curie").json()["researchers"] == []
    assert frontend.slots(curie) == []
    assert frontend.get(f"/api/sessions/{session['id']}", by="ada").json()["status"] == "scheduled"
    everybody = frontend.get("/api/admin/researchers", by="admin").json()["researchers"]
    assert [each["active"] for each in everybody] == [False]

    frontend.market.clock.set(frontend.market.clock.now() + timedelta(days=2))
    changed(frontend, curie.id, active=True)
    assert listed(frontend) == [str(curie.id)]
    assert frontend.slots(curie)[-1]["start_time"] > session["start_time"]


def test_what_is_paid_too_late_at_a_deactivated_researcher_goes_back(frontend: Frontend) -> None:
    curie = frontend.researcher("curie")
    held = frontend.held(curie)
    body = {"session_id": held["id"]}
    intent = frontend.post("/api/payment/intent", body, by="ada").json()["payment_intent_id"]
    changed(frontend, curie.id, active=False)
    frontend.market.clock.set(frontend.market.clock.now() + timedelta(minutes=16))

    frontend.market.gateway.client_pays(intent)
    paid = frontend.post("/api/payment/confirm", body | {"payment_intent_id": intent}, by="ada").json()

    assert (paid["status"], paid["payment_status"]) == ("canceled", "refunded")
    assert paid["refund"]["amount"] == held["amount"]


def test_all_researchers_are_listed_page_by_page(frontend: Frontend) -> None:
    ids = [str(frontend.researcher(name).id) for name in ("curie", "bohr", "meitner")]
    first = frontend.get("/api/admin/researchers", by="admin", limit=2).json()
    rest = frontend.get("/api/admin/researchers", by="admin", cursor=first["next_cursor"]).json()

    assert [each["id"] for each in (*first["researchers"], *rest["researchers"])] == ids
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("path", ["researchers", "outbox", "audit"])
@pytest.mark.parametrize("cursor", ["x", f"{NOWHERE}x", f"2026-01-01_{NOWHERE}", f"_{NOWHERE}"])
def test_a_cursor_that_no_page_gave_is_refused(anybody: Frontend, path: str, cursor: str) -> None:
    assert list(problems(anybody.get(f"/api/admin/{path}", by="admin", cursor=cursor))) == ["cursor"]


@pytest.mark.parametrize("id", [NOWHERE, "x", "%00"])
def test_what_does_not_exist_is_404(anybody: Frontend, id: str) -> None:
    assert refusal(anybody.get(f"/api/admin/researchers/{id}", by="admin")) == (404, "RESEARCHER_NOT_FOUND")
    assert refusal(changed(anybody, id, verified=True)) == (404, "RESEARCHER_NOT_FOUND")
    retried = anybody.call("POST", f"/api/admin/outbox/{id}/retry", by="admin")
    assert refusal(retried) == (404, "ERRAND_NOT_FOUND")


def given_up(front: Frontend) -> str:
    """Book a free session, and give its first mail up."""
    front.held(front.researcher("curie", rate=0))
    now = front.market.clock.now()
    with front.market.transactions.begin() as tx:
        leased = next(each for each in tx.outbox.lease(worker="w", limit=9, lease=LEASE, at=now))
        tx.outbox.bury(leased, error="MailRefused()", at=now)
    return str(leased.entry.id)


def test_an_errand_that_was_given_up_is_listed_and_retried_once(frontend: Frontend) -> None:
    dead = given_up(frontend)
    shown = frontend.get("/api/admin/outbox", by="admin", state="dead").json()["errands"]

    revived = frontend.call("POST", f"/api/admin/outbox/{dead}/retry", by="admin")
    again = frontend.call("POST", f"/api/admin/outbox/{dead}/retry", by="admin")

    assert [(each["id"], each["error"], each["tries"]) for each in shown] == [(dead, "MailRefused()", 1)]
    assert (revived.status_code, revived.json()["state"], revived.json()["tries"]) == (200, "due", 0)
    assert refusal(again) == (409, "ERRAND_NOT_DEAD")
    assert [(act["act"], act["subject"]) for act in trail(frontend)] == [("retry_errand", dead)]


def test_open_errands_are_listed_page_by_page(frontend: Frontend) -> None:
    frontend.held(frontend.researcher("curie", rate=0))
    all_of_them = frontend.get("/api/admin/outbox", by="admin").json()["errands"]
    seen: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(len(all_of_them)):
        page = frontend.get("/api/admin/outbox", by="admin", limit=1, **cursor).json()
        seen += page["errands"]
        cursor = {"cursor": page["next_cursor"]}

    assert len(all_of_them) > 2
    assert seen == all_of_them
    assert cursor == {"cursor": None}
    first = frontend.get("/api/admin/outbox", by="admin", limit=1).json()["next_cursor"]
    assert frontend.call("GET", f"/api/admin/outbox?limit=1&cursor={first}", by="admin").json()["errands"] == seen[1:2]


def test_the_trail_is_listed_page_by_page_the_newest_first(frontend: Frontend) -> None:
    curie = frontend.researcher("curie")
    for verified in (False, True, False):
        changed(frontend, curie.id, verified=verified)
    first = frontend.get("/api/admin/audit", by="admin", limit=2).json()
    rest = frontend.get("/api/admin/audit", by="admin", cursor=first["next_cursor"]).json()

    acts = [*first["acts"], *rest["acts"]]
    assert [act["after"]["verified"] for act in acts] == [False, True, False]
    assert sorted((UUID(act["id"]) for act in acts), reverse=True) == [UUID(act["id"]) for act in acts]


@pytest.mark.parametrize("reopen", [False, True])
def test_a_session_canceled_by_an_admin_is_refunded_in_full_and_its_slot_offered_only_if_asked(
    frontend: Frontend, reopen: bool
) -> None:
    session = frontend.paid(frontend.held(frontend.researcher("curie")))
    path, body = f"/api/admin/sessions/{session['id']}/cancel", {"reason": "Ill", "reopen_slot": reopen}
    frontend.market.clock.set(frontend.market.clock.now() + timedelta(hours=19))

    done = frontend.call("PATCH", path, by="admin", json=body).json()
    again = frontend.call("PATCH", path, by="admin", json=body).json()

    assert again == done
    assert (done["status"], done["payment_status"], done["refund"]["amount"]) == ("canceled", "refunded", 12_000)
    assert (done["cancellation"]["by"], done["cancellation"]["note"]) == ("admin", "Ill")
    assert frontend.get(f"/api/time-slots/{session['time_slot_id']}").json()["available"] is reopen
    (act,) = trail(frontend)
    assert (act["act"], act["subject"]) == ("cancel_session", session["id"])
    assert act["after"] == {"status": "canceled", "payment_status": "refunded", "reopen_slot": reopen}


def test_a_session_that_is_over_is_not_canceled(frontend: Frontend) -> None:
    path = f"/api/admin/sessions/{over(frontend)['id']}/cancel"

    assert refusal(frontend.call("PATCH", path, by="admin", json={"reason": "Ill"})) == (409, "SESSION_COMPLETED")
    assert trail(frontend) == []


def over(front: Frontend) -> dict[str, Any]:
    """Let a session take place for which ada paid."""
    paid = front.paid(front.held(front.researcher("curie")))
    front.market.work()
    front.market.clock.set(front.market.clock.now() + timedelta(days=3))
    return paid


def refunded(front: Frontend, session: dict[str, Any], **body: Any) -> Any:
    return front.post(f"/api/admin/sessions/{session['id']}/refund", body, by="admin")


def test_an_admin_gives_back_what_is_left_and_never_more(frontend: Frontend) -> None:
    session = over(frontend)

    first = refunded(frontend, session, amount=5_000, reason="The sound was bad").json()
    too_much = refunded(frontend, session, amount=7_001, reason="Again")
    rest = refunded(frontend, session, reason="All of it").json()
    nothing_left = refunded(frontend, session, reason="More")

    assert first["refund"] == {"amount": 5_000, "currency": "usd", "status": "requested"}
    assert (rest["payment_status"], rest["refund"]["amount"]) == ("refunded", 12_000)
    assert [refusal(each) for each in (too_much, nothing_left)] == [(409, "REFUND_EXCEEDS_PAYMENT")] * 2
    acts = trail(frontend)
    assert [(act["act"], act["subject"]) for act in acts] == [("refund_session", session["id"])] * 2
    assert [act["after"]["refund"]["amount"] for act in acts] == [7_000, 5_000]
    assert acts[1]["before"] == {"payment_status": "completed"}
    assert "sound" not in str(acts)


def test_a_session_to_come_is_not_refunded_but_canceled(frontend: Frontend) -> None:
    session = frontend.paid(frontend.held(frontend.researcher("curie")))

    assert refusal(refunded(frontend, session, reason="Sorry")) == (409, "SESSION_NOT_CONFIRMED")
    assert trail(frontend) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": " \t"}, "reason"),
        ({"reason": "a\x00"}, "reason"),
        ({"reason": "x", "amount": 0}, "amount"),
        ({"reason": "x", "amount": 1.5}, "amount"),
        ({"reason": "x", "amount": 1 << 60}, "amount"),
    ],
)
def test_a_refund_that_makes_no_sense_is_refused(anybody: Frontend, body: dict[str, Any], field: str) -> None:
    assert list(problems(refunded(anybody, {"id": NOWHERE}, **body))) == [field]


@pytest.mark.parametrize("user", ["ada", "researcher-curie"])
def test_nobody_but_admins_runs_the_place(frontend: Frontend, user: str) -> None:
    curie = frontend.researcher("curie")
    answers = [
        frontend.get("/api/admin/researchers", by=user),
        frontend.get(f"/api/admin/researchers/{curie.id}", by=user),
        frontend.post("/api/admin/researchers", ADA_MARSH, by=user),
        frontend.call("PATCH", f"/api/admin/researchers/{curie.id}", by=user, json={"verified": False}),
        frontend.get("/api/admin/outbox", by=user),
        frontend.call("POST", f"/api/admin/outbox/{NOWHERE}/retry", by=user),
        frontend.get("/api/admin/audit", by=user),
        frontend.post(f"/api/admin/sessions/{NOWHERE}/refund", {"reason": "Me"}, by=user),
        frontend.call("PATCH", f"/api/admin/sessions/{NOWHERE}/cancel", by=user, json={"reason": "Me"}),
    ]

    assert {refusal(answer) for answer in answers} == {(403, "FORBIDDEN")}
    assert trail(frontend) == []
