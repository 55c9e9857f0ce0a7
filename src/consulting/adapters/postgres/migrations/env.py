"""What alembic runs: the revisions, in one transaction each."""

from __future__ import annotations

from functools import partial

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from consulting.adapters.postgres.engine import MIGRATING, connect


def run() -> None:
    """Apply the revisions. libpq reads the URL, so it may name several hosts."""
    url = context.config.get_main_option("sqlalchemy.url")
    assert url is not None, "sqlalchemy.url names the database"
    reach = partial(connect, url=url, patience=MIGRATING, autocommit=False)
    engine = create_engine("postgresql+psycopg://", creator=reach, poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


run()
