"""The exchange over one connection: what it sends at once, and what a failure leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Text, bindparam, select

from consulting.adapters.contracts import sample
from consulting.adapters.postgres.engine import connect, open_engine
from consulting.adapters.postgres.exchange import Exchange
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.retries import PostgresRetries
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.retries import KeptAnswer, KeyedRequest
from consulting.domain.errors import ValidationFailed

ECHO = prepare(select(bindparam("said", type_=Text).label("heard")))
BROKEN = Prepared(b"SELECT 1 / %(by)s::int AS part", {}, label=b"broken")
PLANS = Prepared(b"SELECT name FROM pg_prepared_statements ORDER BY name", {})
BEGIN, UNDO = Prepared(b"BEGIN", {}), Prepared(b"ROLLBACK", {})
SAY = Prepared(b"INSERT INTO said VALUES (%(what)s) RETURNING what", {}, label=b"say")
SAID = Prepared(b"SELECT string_agg(what, '') FROM said", {}, label=b"said")
A_SHARE = Prepared(b"SELECT %(number)s::int %% 7 AS rest", {"number": 30})


@pytest.fixture
def exchange(database_url: str) -> Iterator[Exchange]:
    driver = connect(url=database_url)
    yield Exchange(driver)
    driver.close()


def ask(exchange: Exchange, *steps: tuple[Prepared, dict[str, Any]]) -> list[list[tuple[Any, ...]]]:
    return [[tuple(row) for row in rows] for rows in exchange.run(exchange.written(steps))]


def test_a_statement_that_is_asked_twice_at_once_is_planned_once(exchange: Exchange) -> None:
    assert ask(exchange, (ECHO, {"said": "a"}), (ECHO, {"said": "b"})) == [[("a",)], [("b",)]]
    assert ask(exchange, (ECHO, {"said": "c"}), (PLANS, {})) == [[("c",)], [(ECHO.label.decode(),)]]


def test_rows_have_their_columns_as_attributes(exchange: Exchange) -> None:
    [[row]] = exchange.run(exchange.written([(ECHO, {"said": "a"})]))
    assert row.heard == "a"


def test_constants_and_percent_signs_are_read(exchange: Exchange) -> None:
    assert ask(exchange, (A_SHARE, {})) == [[(2,)]]
    assert ask(exchange, (A_SHARE, {"number": 8})) == [[(1,)]]


def test_a_failure_stops_what_was_sent_with_it(exchange: Exchange) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        ask(exchange, (BEGIN, {}), (BROKEN, {"by": 0}), (ECHO, {"said": "never"}))
    still_open = exchange.in_transaction
    ask(exchange, (UNDO, {}))
    assert (still_open, exchange.in_transaction) == (True, False)
    assert ask(exchange, (BROKEN, {"by": 1}), (ECHO, {"said": "after"})) == [[(1,)], [("after",)]]


def test_a_plan_that_the_server_refused_is_asked_for_again(exchange: Exchange) -> None:
    nowhere = Prepared(b"SELECT * FROM nowhere", {}, label=b"nowhere")
    for _ in range(2):
        with pytest.raises(psycopg.errors.UndefinedTable):
            ask(exchange, (nowhere, {}))
    ask(exchange, (Prepared(b"CREATE TEMPORARY TABLE nowhere (a int)", {}), {}))
    assert ask(exchange, (nowhere, {})) == [[]]


def test_a_connection_that_breaks_meanwhile_is_closed(database_url: str) -> None:
    driver = connect(url=database_url)
    exchange, own = Exchange(driver), Prepared(b"SELECT pg_terminate_backend(pg_backend_pid())", {})
    with pytest.raises(psycopg.OperationalError):
        ask(exchange, (own, {}), (ECHO, {"said": "never"}))
    assert driver.closed


def ahead(exchange: Exchange, *steps: tuple[Prepared, dict[str, Any]]) -> None:
    exchange.send_ahead(exchange.written(steps))


def test_what_is_sent_ahead_is_run_first_and_its_rows_are_nobodys(exchange: Exchange) -> None:
    ask(exchange, (Prepared(b"CREATE TEMPORARY TABLE said (what text)", {}), {}))
    ahead(exchange, (SAY, {"what": "a"}), (SAY, {"what": "b"}))
    waiting = not exchange.settled
    assert ask(exchange, (SAY, {"what": "c"}), (SAID, {})) == [[("c",)], [("abc",)]]
    assert (waiting, exchange.settled) == (True, True)
    assert ask(exchange, (SAID, {})) == [[("abc",)]]


def test_what_was_sent_ahead_fails_where_it_is_waited_for(exchange: Exchange) -> None:
    ask(exchange, (BEGIN, {}))
    ahead(exchange, (BROKEN, {"by": 0}))
    with pytest.raises(psycopg.errors.DivisionByZero):
        ask(exchange, (ECHO, {"said": "never"}))
    assert exchange.in_transaction
    ask(exchange, (UNDO, {}))
    assert ask(exchange, (BROKEN, {"by": 1}), (ECHO, {"said": "a"})) == [[(1,)], [("a",)]]


def test_whatever_becomes_of_what_was_sent_ahead_it_can_be_waited_for(exchange: Exchange) -> None:
    for by in (0, 1):
        ask(exchange, (BEGIN, {}))
        ahead(exchange, (BROKEN, {"by": by}), (ECHO, {"said": "a"}))
        exchange.settle()
        assert exchange.settled
        ask(exchange, (UNDO, {}))
    assert ask(exchange, (ECHO, {"said": "a"})) == [[("a",)]]


def test_a_connection_that_is_lost_with_what_was_sent_ahead_is_closed(database_url: str) -> None:
    driver = connect(url=database_url)
    exchange = Exchange(driver)
    ahead(exchange, (Prepared(b"SELECT pg_terminate_backend(pg_backend_pid())", {}), {}))
    with pytest.raises(psycopg.OperationalError):
        ask(exchange, (ECHO, {"said": "never"}))
    assert driver.closed
    with pytest.raises(psycopg.OperationalError):
        ahead(exchange, (ECHO, {"said": "never"}))
    exchange.settle()


def test_a_text_that_cannot_be_kept_ends_its_own_part_of_an_attempt_alone(database_url: str) -> None:
    engine = open_engine(url=database_url, pool_size=1)
    transactions = PostgresTransactions(engine)
    retries, request = PostgresRetries(transactions), KeyedRequest(caller="c", key="k", fingerprint=b"f" * 32)
    attempt = retries.begin(request, at=sample.NOW)
    assert not isinstance(attempt, KeptAnswer)
    with attempt.joined(), pytest.raises(ValidationFailed), transactions.begin() as tx:
        tx.researchers.of_user("\x00")
    attempt.keep(KeptAnswer(status=201, headers={}, body=b"done"), at=sample.NOW)
    assert isinstance(retries.begin(request, at=sample.NOW), KeptAnswer)
    engine.dispose()
