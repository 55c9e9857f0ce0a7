from __future__ import annotations

from collections.abc import Iterator

import pytest

from consulting.adapters.contracts.storage import RetriesContract
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.retries import PostgresRetries
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.transactions import Transactions
from consulting.contracts import StorageContract


class TestPostgresStorage(StorageContract):
    @pytest.fixture
    def transactions(self, database_url: str) -> Iterator[Transactions]:
        engine = open_engine(url=database_url, pool_size=8)
        yield PostgresTransactions(engine)
        engine.dispose()


class TestPostgresRetries(RetriesContract):
    @pytest.fixture
    def transactions(self, database_url: str) -> Iterator[PostgresTransactions]:
        engine = open_engine(url=database_url, pool_size=8)
        yield PostgresTransactions(engine)
        engine.dispose()

    @pytest.fixture
    def retries(self, transactions: PostgresTransactions) -> PostgresRetries:
        return PostgresRetries(transactions)
