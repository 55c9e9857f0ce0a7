from __future__ import annotations

import pytest

from consulting.adapters.contracts.storage import RetriesContract
from consulting.adapters.memory.retries import MemoryRetries
from consulting.adapters.memory.transactions import MemoryTransactions
from consulting.contracts import StorageContract


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()


class TestMemoryRetries(RetriesContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()

    @pytest.fixture
    def retries(self, transactions: MemoryTransactions) -> MemoryRetries:
        return MemoryRetries(transactions)
