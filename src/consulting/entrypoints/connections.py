"""The connections that a process of the product keeps to its database."""

from __future__ import annotations

from sqlalchemy import Engine

from consulting.adapters.postgres.engine import open_engine as connect_to
from consulting.entrypoints.settings import Pooler, Settings


def open_engine(settings: Settings) -> Engine:
    """Prepare connections to the database; the first one is made when it is needed."""
    pooled = settings.database_pooler is Pooler.TRANSACTION
    return connect_to(url=settings.database_url, pool_size=settings.threads, pooled=pooled)
