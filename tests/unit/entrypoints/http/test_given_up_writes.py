"""Writes under a key whose caller is canceled: what they had is undone, and their place is free again."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.memory.clock import MovingClock
from consulting.adapters.memory.retries import MemoryRetries
from consulting.adapters.memory.transactions import MemoryTransactions
from consulting.application.ports.retries import KeyedRequest
from consulting.entrypoints.http.places import Places
from consulting.entrypoints.http.retries import Keeping, _Keyed
from consulting.entrypoints.http.sealing import Seal

REQUEST = KeyedRequest(caller="ada", key="k", fingerprint=bytes(32))


@dataclass
class SlowlyUndone:
    """Retries whose attempts take a while to undo."""

    kept: MemoryRetries
    undone: int = 0
    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def presume(self, request: KeyedRequest) -> Any:
        attempt = self.kept.presume(request)
        drop = attempt.drop

        def slowly() -> None:
            self.begun.set()
            assert self.go_on.wait(60)
            drop()
            self.undone += 1

        attempt.drop = slowly  # type: ignore[method-assign]
        return attempt


def test_a_write_that_is_canceled_again_while_it_is_undone_gives_its_place_back() -> None:
    retries: Any = SlowlyUndone(MemoryRetries(MemoryTransactions()))

    async def main() -> None:
        places = Places("test", count=1, wait=60)
        keeping = Keeping(retries=retries, places=places, clock=MovingClock(sample.NOW), seal=Seal("a secret"))
        keyed = _Keyed(REQUEST, keeping)
        await keyed.run(int)
        closing = asyncio.create_task(keyed.close())
        assert await asyncio.to_thread(retries.begun.wait, 60)
        closing.cancel()
        asyncio.get_running_loop().call_later(0.02, retries.go_on.set)
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert await places.run(int) == 0
        places.close()

    asyncio.run(main())
    assert retries.undone == 1
