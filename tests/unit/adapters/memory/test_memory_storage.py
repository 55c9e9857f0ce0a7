from __future__ import annotations

import pytest

from consulting.adapters.contracts.storage import StorageContract
from consulting.adapters.memory.transactions import MemoryTransactions


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()
