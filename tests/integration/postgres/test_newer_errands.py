"""While a newer version replaces this one, errands stand in the outbox that this one doesn't know."""

from __future__ import annotations

from datetime import timedelta

import psycopg

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions


def test_an_errand_of_a_newer_version_is_left_to_it_and_stops_no_other(database_url: str) -> None:
    engine = open_engine(url=database_url, pool_size=2)
    setting = Setting(PostgresTransactions(engine))
    newer, known = sample.errand(setting.held(1), 1), sample.errand(setting.held(2), 2)
    with setting.transactions.begin() as tx:
        tx.outbox.add([newer, known])
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE outbox DROP CONSTRAINT outbox_errand_known")
        connection.execute("UPDATE outbox SET errand = 'from_the_future' WHERE id = %s", [newer.id])

    with setting.transactions.begin() as tx:
        leased = tx.outbox.lease(worker="one", limit=1, lease=timedelta(minutes=1), at=sample.after(minutes=1))
    engine.dispose()

    assert [each.entry.id for each in leased] == [known.id]
