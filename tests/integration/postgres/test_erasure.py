"""After an erasure nothing in the database, whatever the column, tells who it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.memory import MovingClock, SequentialIdentities
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.callers import Caller
from consulting.application.ports.outbox import Errand, Lane
from consulting.application.ports.records import Outcome
from consulting.application.privacy import EraseUser
from consulting.domain.cancellation import CanceledBy
from consulting.domain.payments import PaymentState
from consulting.domain.refunds import RefundState
from consulting.domain.sessions import Client, Session

TRACES = ("quenby", "zebedee", "xylograph", "wombat", "vexillum", "undulate", "thixotropy", "sassafras")
"""Words that stand nowhere but in what is this client's."""

CLIENT = Client(user_id="quenby-1", email="mail@zebedee.example", name="Xylograph", timezone="UTC")
TEXTS = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"


@pytest.fixture
def transactions(database_url: str) -> Iterator[PostgresTransactions]:
    engine = open_engine(url=database_url, pool_size=3)
    yield PostgresTransactions(engine)
    engine.dispose()


def canceled(setting: Setting) -> Session:
    """Keep a session of the client's that was paid, canceled and refunded, with a trace in every place for one."""
    session = setting.confirmed(1, client=CLIENT, questions="About the wombat", paper_id="vexillum")
    ended, _ = session.cancel(by=CanceledBy.CLIENT, note="undulate", at=sample.after(hours=1))
    setting.save(ended)
    payment = setting.payment(session, state=PaymentState.SUCCEEDED, received=session.price)
    setting.refund(payment, state=RefundState.SUCCEEDED, note="thixotropy")
    with setting.transactions.begin() as tx:
        tx.reviews.add(sample.review(session, user_id=CLIENT.user_id, comment="sassafras"))
        failed = sample.notification(session, outcome=Outcome.FAILED, reason="550 no zebedee here")
        tx.notifications.mark(failed)
        tx.calendar_tokens.replace(CLIENT.user_id, digest="d" * 64, at=sample.NOW)
        letter = sample.errand(session, 1)
        meeting = replace(letter, id=sample.identity("errand", 2), errand=Errand.DELETE_MEETING, lane=Lane.MEETING)
        tx.outbox.add([letter, meeting])
        for leased in tx.outbox.lease(worker="w", limit=9, lease=sample.HOLD, at=sample.after(hours=1)):
            tx.outbox.bury(leased, error="to zebedee", at=sample.after(hours=1))
    return ended


def traces(url: str) -> set[tuple[str, str, str]]:
    """Search every column of every table, whatever its type, as text."""
    found = set()
    with psycopg.connect(url) as connection:
        for table, column in connection.execute(TEXTS).fetchall():
            rows: Any = connection.execute(f'SELECT "{column}"::text FROM "{table}"'.encode()).fetchall()
            text = " ".join(str(value).lower() for (value,) in rows)
            found |= {(table, column, trace) for trace in TRACES if trace in text}
    return found


def test_after_an_erasure_no_column_knows_the_user(transactions: PostgresTransactions, database_url: str) -> None:
    setting = Setting(transactions)
    session = canceled(setting)
    others = setting.confirmed(2)
    assert {trace for _, _, trace in traces(database_url)} == set(TRACES)
    clock, ids = MovingClock(sample.after(days=3)), SequentialIdentities(stream=9)

    done = EraseUser(transactions, clock, ids)(CLIENT.user_id, caller=Caller(user_id="admin-1"))

    assert traces(database_url) == set()
    with transactions.begin() as tx:
        kept, untouched = tx.sessions.get(session.id), tx.sessions.get(others.id)
        errands = tx.outbox.listed(state=None, limit=9, at=clock.now())
        assert tx.payments.of_session(session.id)
        assert tx.refunds.of_session(session.id)
    assert kept is not None
    assert (kept.client.user_id, kept.client.email, kept.price) == (done.pseudonym, "", session.price)
    assert untouched == others
    assert [each.entry.errand for each in errands] == [Errand.DELETE_MEETING]
