"""The diary once more, over PostgreSQL: fewer histories, the same promises."""

from __future__ import annotations

from dataclasses import replace
from typing import LiteralString

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from tests.unit.application.diary import Diary
from tests.unit.application.marketplace import MemoryMarketplace

TABLES: LiteralString = (
    "researchers, expertise_topics, expertise_spellings, sessions, payments, refunds, notifications, outbox, inbox"
)
CALM = settings(
    stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False
)


def diary_over(engine: Engine, *, database_url: str) -> type[Diary]:
    class PostgresDiary(Diary):
        def open_marketplace(self) -> MemoryMarketplace:
            with psycopg.connect(database_url, autocommit=True) as connection:
                # The ledger lets nobody take anything back, so a fresh start switches its triggers off for a moment.
                connection.execute("SET session_replication_role = replica")
                connection.execute(f"TRUNCATE {TABLES} CASCADE")
            return replace(super().open_marketplace(), transactions=PostgresTransactions(engine))  # type: ignore[arg-type]

    return PostgresDiary


def replay(database_url: str, *, histories: int) -> None:
    engine = open_engine(url=database_url, pool_size=2)
    try:
        run_state_machine_as_test(
            diary_over(engine, database_url=database_url), settings=settings(CALM, max_examples=histories)
        )
    finally:
        engine.dispose()


def test_the_promises_hold_over_random_histories(database_url: str) -> None:
    replay(database_url, histories=6)


@pytest.mark.proof
def test_the_promises_hold_over_many_random_histories(database_url: str) -> None:
    replay(database_url, histories=150)
