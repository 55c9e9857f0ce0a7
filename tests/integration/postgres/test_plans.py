from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from consulting.adapters.postgres import (
    bearers,
    directory_pages,
    directory_search,
    free_time,
    inbox,
    next_available,
    notifications,
    openings,
    outbox,
    payments,
    refunds,
    researchers,
    retries,
    reviews,
    session_statements,
    time_slots,
)
from consulting.adapters.postgres.crowds import EVERYBODY, Crowd, crowd_of
from consulting.adapters.postgres.directory_cursors import write_cursor
from consulting.adapters.postgres.engine import connect
from consulting.adapters.postgres.prepared import Prepared
from consulting.application.ports.directory import DirectoryFilter
from consulting.domain.directory import DirectorySort, Place, without_a_letter
from consulting.domain.session_states import Status
from tests.integration.postgres import many
from tests.integration.postgres.many import NOW, SLOTS_EACH, Many

WHO = 7
DAY = {"start": many.start(12), "end": many.start(36)}
RANGE = {"researcher_id": many.researcher(WHO), **DAY}
CLIENT = {"user_id": "client-350"}
REPEATED = {"caller": "client-350", "key": "another one"}
EVERY_THIRD = crowd_of(range(0, 2_000, 3))
TRAITS = {"places": [0, 1, 1], "traits": ["word person", "word c4ca4238", "word c4ca423"]}
LEASE = {"worker": "one", "limit": 20, "at": NOW, "until": many.start(11)}


ORDERS = {
    DirectorySort.RATE: "researchers_by_rate",
    DirectorySort.RATE_DOWN: "researchers_by_rate_down",
    DirectorySort.RATING: "researchers_by_rating",
}
_WHOEVER = ("Person 8", str(many.researcher(1)))
PLACES: dict[DirectorySort, Place] = {
    DirectorySort.RATE: ("usd", 9_000, *_WHOEVER),
    DirectorySort.RATE_DOWN: ("usd", -9_000, *_WHOEVER),
    DirectorySort.RATING: (-3_000_000, -44, *_WHOEVER),
}


@dataclass(frozen=True, slots=True)
class Hot:
    """A statement that is asked often, the indexes that it must use, and the most blocks that it may look at."""

    statement: Prepared
    values: dict[str, Any]
    indexes: tuple[str, ...]
    blocks: int = 100


def page_of(
    index: str,
    *,
    sort: DirectorySort = DirectorySort.NAME,
    after: Place | None = None,
    crowd: Crowd = EVERYBODY,
    wanted: DirectoryFilter = DirectoryFilter(),  # noqa: B008 -- it can't be changed
    blocks: int = 2000,
) -> Hot:
    last = directory_pages.last_place(None if after is None else write_cursor(*after), sort)
    statement, values = directory_pages.page(sort=sort, last=last, limit=20, crowd=crowd, wanted=wanted)
    return Hot(statement, {**values, "at": NOW}, (index,), blocks)


def of_client(**asked: Any) -> Prepared:
    return session_statements.of_client(**{"status": None, "starting": False, "after": False, **asked})


_, SLOTS, CLAIMS = time_slots.OFFERS_STARTING.statements
HOT = {
    "a slot's lock": Hot(time_slots.LOCK, {"id": many.slot(20, WHO)}, ("time_slots_",)),
    "a slot with its claims": Hot(
        time_slots.OFFER, {"id": many.slot(20, WHO)}, ("time_slots_", "researchers_pkey", "sessions_no_overlap")
    ),
    "the slots of a day": Hot(SLOTS, RANGE, ("time_slots_researcher_id_start_time_end_time_key",)),
    "the claims of a day": Hot(CLAIMS, RANGE, ("sessions_no_overlap",)),
    "whether a day is as it was": Hot(
        time_slots.OFFERS_STARTING.check,
        RANGE,
        ("researchers_pkey", "time_slots_researcher_id_start_time_end_time_key", "sessions_no_overlap"),
    ),
    "the lock of a calendar's slots": Hot(time_slots.LOCK_PUBLISHED, RANGE, ("time_slots_researcher_id_start",)),
    "a calendar's slots": Hot(time_slots.PUBLISHED, RANGE, ("time_slots_researcher_id_start", "sessions_of_slot"), 300),
    "claims in a period": Hot(session_statements.CLAIMS, RANGE, ("sessions_no_overlap",)),
    "a researcher's sessions": Hot(session_statements.OF_RESEARCHER, RANGE, ("sessions_no_overlap",)),
    "the answer to a request that is repeated": Hot(retries.KNOWN, REPEATED, ("idempotency_keys_pkey",)),
    "whether a request is a repeated one": Hot(retries.REFUSE_KNOWN, REPEATED, ("idempotency_keys_pkey",)),
    "the lock of a slot and of a client's bookings": Hot(
        time_slots.LOCK_FOR, {"id": many.slot(20, WHO), "number": 1}, ("time_slots_",)
    ),
    "a slot with its claims, and what a client holds": Hot(
        time_slots.OFFER_FOR,
        {"id": many.slot(20, WHO), **CLIENT},
        ("time_slots_", "researchers_pkey", "sessions_no_overlap", "sessions_holds_of_client"),
    ),
    "a client's free sessions to come": Hot(
        session_statements.FREE_TO_COME, {**CLIENT, "at": NOW}, ("sessions_of_client",)
    ),
    "a client's sessions": Hot(of_client(), {**CLIENT, "limit": 20}, ("sessions_of_client",)),
    "a client's next sessions": Hot(
        of_client(after=True), {**CLIENT, "limit": 20, "after": many.session(0, 500)}, ("sessions_of_client",)
    ),
    "a client's scheduled sessions": Hot(
        of_client(status=Status.SCHEDULED), {**CLIENT, "limit": 20, "at": NOW}, ("sessions_",), 300
    ),
    "expired holds": Hot(session_statements.EXPIRED, {"at": NOW, "limit": 200}, ("sessions_by_deadline",), 400),
    "ended sessions": Hot(session_statements.ENDED, {"at": NOW, "limit": 200}, ("sessions_by_end",), 400),
    "sessions to remind of": Hot(
        session_statements.STARTING, {"start": many.start(25), "end": many.start(26), "limit": 50}, ("sessions_",), 3000
    ),
    "a session's payments": Hot(payments.OF_SESSION, {"session_id": many.session(0, WHO)}, ("payments_session_id",)),
    "an intent's payment": Hot(
        payments.OF_INTENT, {"intent_id": f"pi_{many.session(0, WHO)}"}, ("payments_intent_id",)
    ),
    "payments to look after": Hot(
        payments.ALIVE_AFTER, {"limit": 50, "after": many.session(0, 90)}, ("payments_alive",)
    ),
    "sessions' refunds": Hot(refunds.OF_SESSIONS, {"session_ids": [many.session(0, WHO)]}, ("refunds_of_session",)),
    "a provider's refund": Hot(refunds.OF_PROVIDER, {"provider_id": "re_1"}, ("refunds_provider_id_key",)),
    "what was told": Hot(notifications.OF_SESSIONS, {"session_ids": [many.session(0, WHO)]}, ("notifications_pkey",)),
    "errands to do": Hot(outbox.LEASE, LEASE, ("outbox_waiting", "outbox_lanes"), 1500),
    "a lane's errands to do": Hot(
        outbox.LEASE_IN_LANE, {**LEASE, "lane": "mail"}, ("outbox_waiting", "outbox_lanes"), 1500
    ),
    "messages to settle": Hot(inbox.LEASE, LEASE, ("inbox_waiting",), 1500),
    "a page of researchers": page_of("researchers_by_name"),
    "the next page": page_of("researchers_by_name", after=_WHOEVER, crowd=EVERY_THIRD),
    **{f"a page of researchers by {sort}": page_of(index, sort=sort) for sort, index in ORDERS.items()},
    **{
        f"the next page of many by {sort}": page_of(ORDERS[sort], sort=sort, after=key, crowd=EVERY_THIRD)
        for sort, key in PLACES.items()
    },
    **{
        f"a page of few by {sort}": page_of("researchers_by_number", sort=sort, crowd=crowd_of([3, 500, 900]))
        for sort in DirectorySort
    },
    "researchers by their next slot": page_of("openings_by_start", sort=DirectorySort.NEXT_AVAILABLE, blocks=1000),
    "the next of many by their next slot": page_of(
        "openings_by_start",
        sort=DirectorySort.NEXT_AVAILABLE,
        after=(int((NOW + timedelta(hours=2)).timestamp()) * 1_000_000, str(many.researcher(1))),
        crowd=EVERY_THIRD,
        blocks=1000,
    ),
    "doubts to settle": Hot(openings.IN_DOUBT, {"limit": 200, "at": NOW}, ("openings_by_certainty",), 500),
    "who certainly has time": Hot(
        free_time.CERTAINLY,
        {"available_before": many.start(30), "at": NOW},
        ("openings_by_start",),
        300,  # the index alone, and once: of 20,000 researchers nearly all have time, at eighty a block
    ),
    "who has time on a second look": Hot(
        free_time.LOOKED_AT, {"available_before": many.start(30), "at": NOW}, ("openings_by_certainty",)
    ),
    "who of few has time": Hot(
        free_time.OF_FEW,
        {"numbers": [3, 500, 900], "available_before": many.start(30), "at": NOW},
        ("researchers_by_number", "openings_pkey"),
    ),
    "a researcher's next slot": Hot(
        next_available.NEXT_AVAILABLE,
        {"id": many.researcher(WHO), "at": NOW},
        ("researchers_pkey", "time_slots_researcher"),
    ),
    "a researcher's next slots": Hot(
        next_available.NEXT_SLOTS,
        {"id": many.researcher(WHO), "at": NOW, "limit": 20},
        ("researchers_pkey", "time_slots_researcher"),
        300,
    ),
    "who has some words": Hot(bearers.BEARERS, TRAITS, ("bearers_pkey",)),
    "the best of few": Hot(
        directory_search.RANKED,
        {"numbers": [3, 500, 900], "scores": [80, 60, 60], "limit": 20, "at": NOW},
        ("researchers_by_number",),
    ),
    "similar words": Hot(
        directory_search.SIMILAR, {"parts": sorted(without_a_letter("c4ca4238"))}, ("vocabulary_without_a_letter",)
    ),
    "a researcher's reviews": Hot(
        reviews.OF_RESEARCHER, {"researcher_id": many.researcher(WHO), "limit": 20}, ("reviews_of_researcher",)
    ),
    "a researcher's next reviews": Hot(
        reviews.OF_RESEARCHER_AFTER,
        {"researcher_id": many.researcher(WHO), "limit": 20, "after": many.session(9, WHO)},
        ("reviews_",),
    ),
    "an account's researcher": Hot(researchers.OF_USER, {"user_id": "user-7"}, ("researchers_one_an_account",)),
    "active researchers": Hot(
        researchers.ACTIVE_IDS_AFTER, {"limit": 50, "after": many.researcher(70)}, ("researchers_",)
    ),
}
SOON = 5
"""After so many times the server may keep a plan."""

LARGE = (
    "time_slots",
    "sessions",
    "payments",
    "refunds",
    "outbox",
    "inbox",
    "notifications",
    "researchers",
    "reviews",
    "vocabulary",
    "openings",
    "bearers",
)


def explain(connection: psycopg.Connection[Any], hot: Hot) -> dict[str, Any]:
    """Plan and run it as the driver does, by a prepared statement; what it changed is undone.

    It runs twice and the second run counts: what a connection looks up in the catalog it looks up once.
    """
    names: list[str] = []

    def place(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    body = re.sub(r"%\((\w+)\)s", place, hot.statement.sql.decode())
    values = hot.statement.values(hot.values)
    with connection.transaction(force_rollback=True):
        connection.execute(f"PREPARE asked AS {body}".encode())
        call = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked ({})").format(
            sql.SQL(", ").join(sql.Literal(values[name]) for name in names)
        )
        connection.execute(call)
        ((document,),) = connection.execute(call).fetchall()
        connection.execute("DEALLOCATE asked")
    return dict((json.loads(document) if isinstance(document, str) else document)[0]["Plan"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def judge(url: str, hot: Hot, mode: str) -> None:
    with connect(url=url) as connection:
        connection.execute(sql.SQL("SET plan_cache_mode = {}").format(sql.Literal(mode)))
        plan = explain(connection, hot)
    found = list(nodes(plan))
    shown = json.dumps(plan, indent=1)
    used = [node["Index Name"] for node in found if "Index Name" in node]
    whole = [node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"]
    assert not set(whole) & set(LARGE), shown
    for index in hot.indexes:
        assert any(name.startswith(index) for name in used), shown
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= hot.blocks, shown


@pytest.fixture(scope="module")
def hundred_thousand(module_database_url: str) -> str:
    many.fill(module_database_url, Many(researchers=100_000 // SLOTS_EACH, sessions=20_000))
    return module_database_url


def modes(hot: Hot) -> Sequence[str]:
    """Tell how the server may plan it: without regard to its values only if the plan is kept."""
    return ("force_custom_plan", "force_generic_plan") if hot.statement.label else ("force_custom_plan",)


@pytest.mark.parametrize(("name", "mode"), [(name, mode) for name, hot in HOT.items() for mode in modes(hot)])
def test_among_a_hundred_thousand_slots_an_index_finds(hundred_thousand: str, name: str, mode: str) -> None:
    judge(hundred_thousand, HOT[name], mode)


@pytest.mark.parametrize("crowd", [EVERYBODY, EVERY_THIRD], ids=["everybody", "every third"])
@pytest.mark.parametrize("sort", [DirectorySort.NAME, *ORDERS])
def test_the_server_plans_a_page_of_many_once(hundred_thousand: str, sort: DirectorySort, crowd: Crowd) -> None:
    statement, values = directory_pages.page(sort=sort, last={}, limit=20, crowd=crowd)
    with connect(url=hundred_thousand) as connection:
        for _ in range(5 * SOON):
            connection.execute(statement.sql, statement.values({**values, "at": NOW}), prepare=True)
        ((kept,),) = connection.execute("SELECT generic_plans FROM pg_prepared_statements", prepare=False).fetchall()
    assert kept > 2 * SOON


@pytest.mark.proof
def test_among_a_million_slots_an_index_finds_everything(module_database_url: str) -> None:
    many.fill(module_database_url, Many(researchers=1_000_000 // SLOTS_EACH, sessions=100_000))
    for hot in HOT.values():
        for mode in modes(hot):
            judge(module_database_url, hot, mode)
