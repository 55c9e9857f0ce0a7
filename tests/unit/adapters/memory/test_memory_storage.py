from __future__ import annotations

import pytest

from consulting.adapters.contracts.storage import RetriesContract, StorageContract
from consulting.adapters.memory.retries import MemoryRetries
from consulting.adapters.memory.transactions import MemoryTransactions


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
