from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from stripe import WebhookSignature

from consulting.adapters.postgres.engine import Patience, open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.adapters.stripe import open_gateway
from tests.integration.instance import PATIENCE, insisting
from tests.unit.application.marketplace import MemoryMarketplace, in_memory
from tests.unit.entrypoints.http.frontend import Frontend, opened, problems, refusal, signed_in

ODD_TEXTS = [
    "",
    " ",
    "%",
    "_",
    "\\",
    "'",
    '"; DROP TABLE sessions; --',
    "ß ẞ İ",
    "👩‍🔬" * 40,
    "\u202e",
    "a" * 255,
    "\x01\x7f",
]


@contextmanager
def on_database(url: str, *, patience: Patience = Patience()) -> Iterator[MemoryMarketplace]:  # noqa: B008 -- it can't be changed
    """Open a marketplace that keeps its records in this database."""
    engine = open_engine(url=url, pool_size=5, patience=patience)
    market = in_memory()
    market.transactions = PostgresTransactions(engine)  # type: ignore[assignment] # these tests never look inside
    try:
        yield market
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def frontend(module_database_url: str) -> Iterator[Frontend]:
    with on_database(module_database_url) as market, opened(market=market) as front:
        yield front


def test_a_session_is_found_booked_paid_and_canceled(frontend: Frontend) -> None:
    researcher = frontend.researcher("curie", rate=12_550)
    found = frontend.get("/api/researchers/search", query="curei").json()["researchers"]
    held = frontend.held(researcher, by="ada")
    taken = frontend.post("/api/sessions", {"time_slot_id": held["time_slot_id"]}, by="bob")
    paid = frontend.paid(held, by="ada")
    frontend.market.work()
    linked = frontend.get(f"/api/sessions/{held['id']}", by="ada").json()
    canceled = frontend.call("PATCH", f"/api/sessions/{held['id']}/cancel", by="ada", json={"reason": "Ill"}).json()
    slot = frontend.get(f"/api/time-slots/{held['time_slot_id']}").json()

    assert found[0]["rate"] == 125.5
    assert refusal(taken) == (409, "SLOT_UNAVAILABLE")
    assert (paid["status"], paid["payment_status"]) == ("scheduled", "completed")
    assert linked["zoom_link"].startswith("http")
    assert canceled["refund"] == {"amount": 6275, "currency": "usd", "status": "requested"}
    assert slot["available"] is True


def test_lists_go_on_where_the_page_before_ended(frontend: Frontend) -> None:
    names = [f"page {number:02}" for number in range(5)]
    for name in names:
        frontend.market.add_researcher(name)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = frontend.get("/api/researchers", limit=2, **cursor).json()
        seen += [each["name"] for each in page["researchers"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert seen == sorted(seen)
    assert [name.title() for name in names] == [each for each in seen if each.startswith("Page")]


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_odd_texts_are_taken_for_what_they_are(frontend: Frontend, text: str) -> None:
    assert frontend.get("/api/researchers", expertise=text).status_code == 200
    assert frontend.get("/api/researchers/search", query=text).status_code == 200
    assert frontend.get("/api/researchers", paper_id=text).status_code == 200
    assert list(problems(frontend.get("/api/researchers", cursor=text))) == ["cursor"]


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_questions_come_back_as_they_were_asked(frontend: Frontend, text: str) -> None:
    researcher = frontend.researcher(f"asked {ODD_TEXTS.index(text)}", rate=0)
    slot = frontend.slots(researcher)[0]["id"]

    answer = frontend.post("/api/sessions", {"time_slot_id": slot, "questions": text, "paper_id": text}, by="ada")

    assert answer.status_code == 201
    assert (answer.json()["questions"], answer.json()["paper_id"]) == (text, text)


@contextmanager
def serving(front: Frontend) -> Iterator[str]:
    """Serve the same API on a real socket."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(front.http.app, http="httptools", ws="none", lifespan="off", log_config=None)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listener.close()


def test_of_many_who_book_one_slot_at_once_one_gets_it(database_url: str) -> None:
    with on_database(database_url) as market, opened(market=market) as front, serving(front) as url:
        slot = front.slots(front.researcher("curie"))[0]["id"]

        def book(number: int) -> httpx.Response:
            headers = signed_in(f"user-{number}")
            body = {"time_slot_id": slot}
            return insisting(lambda: httpx.post(f"{url}/api/sessions", json=body, headers=headers, timeout=PATIENCE))

        with ThreadPoolExecutor(40) as crowd:
            answers = list(crowd.map(book, range(80)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 79}
    assert {refusal(answer) for answer in answers if answer.status_code != 201} == {(409, "SLOT_UNAVAILABLE")}


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(database_url: str) -> None:
    with on_database(database_url) as market, opened(market=market) as front, serving(front) as url:
        port = int(url.rpartition(":")[2])
        head = b"POST /api/payment/webhook HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.sendall(head)
            answer = b""
            while b"BODY_TOO_LARGE" not in answer and (more := connection.recv(65536)):
                answer += more

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"BODY_TOO_LARGE" in answer


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "null",
        '{"id": "evt_1", "type": "payment_intent.succeeded"}',
        '{"id": "evt_\\u0000", "type": "a\\u0000", "data": {"object": {"object": "payment_intent", "id": "\\u0000"}}}',
        '{"id": "\\ud800", "type": "charge.failed", "data": {"object": {"payment_intent": "\\ud800"}}}',
    ],
    ids=["empty", "null", "no object", "NUL", "half a surrogate pair"],
)
def test_whatever_the_provider_signed_is_received_and_a_bad_signature_is_not(database_url: str, body: str) -> None:
    gateway = open_gateway(
        secret_key="sk_test_secret",
        publishable_key="pk_test_public",
        webhook_secret="whsec_of_a_test",
        api_url="http://127.0.0.1:9",
        timeout_seconds=PATIENCE,
    )
    good, bad = (
        {"Stripe-Signature": WebhookSignature.generate_signature_header(body, secret)}
        for secret in ("whsec_of_a_test", "whsec_of_another")
    )
    with on_database(database_url) as market:
        market.gateway = gateway  # type: ignore[assignment] # this test never pays
        with opened(market=market) as front:
            path = "/api/payment/webhook"
            received = [front.call("POST", path, content=body.encode(), headers=good) for _ in range(2)]
            refused = front.call("POST", path, content=body.encode(), headers=bad)
    gateway.close()

    assert [(each.status_code, each.json()) for each in received] == [(200, {"received": True})] * 2
    assert refusal(refused) == (400, "WEBHOOK_SIGNATURE_INVALID")


def test_a_database_that_is_away_is_a_503_within_seconds() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody:nothing@127.0.0.1:{closed.getsockname()[1]}/none"
        with on_database(url) as market, opened(market=market) as front:
            began = time.monotonic()
            answers: list[Any] = [
                front.get("/api/researchers"),
                front.get("/api/sessions", by="ada"),
                front.post("/api/sessions", {"time_slot_id": "01931b6e-6f5c-7c3a-8d2e-4b1f0a9c7e11"}, by="ada"),
            ]
            took = time.monotonic() - began

    assert {refusal(answer) for answer in answers} == {(503, "STORAGE_UNAVAILABLE")}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert took < 25
