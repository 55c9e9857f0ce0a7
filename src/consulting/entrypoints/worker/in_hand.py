"""The errands that this worker is carrying out at the moment, so that stopping can hand them back."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from consulting.application.errands import Ending, ErrandRunner
from consulting.application.ports.clock import Clock
from consulting.application.ports.outbox import Errand, Lane, LeasedEntry
from consulting.application.ports.transactions import Transactions


class InHand:
    """Keeps count of errands between their beginning and their end."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._leased: dict[int, LeasedEntry] = {}

    def watching(self, runners: Mapping[Errand, ErrandRunner]) -> dict[Errand, ErrandRunner]:
        """Give the same runners, each noting what it has in hand."""
        return {errand: self._watched(runner) for errand, runner in runners.items()}

    def hand_back(self, *, transactions: Transactions, clock: Clock) -> int:
        """Give back what is still in hand, as a try that counts, and say how many that were.

        Nobody knows how far these got; the next try finds out, as after a crash. A meeting may still come into being at
        a provider that is slow to answer, so nobody looks for it before the lease has run out.
        """
        with self._lock:
            left = list(self._leased.values())
        for leased in left:
            until = leased.leased_until if leased.entry.lane is Lane.MEETING else clock.now()
            with transactions.begin() as tx:
                tx.outbox.postpone(leased, until=until, error="the worker was stopped in the middle of it")
        return len(left)

    def _watched(self, runner: ErrandRunner) -> ErrandRunner:
        def run(leased: LeasedEntry) -> Ending | None:
            with self._lock:
                self._leased[id(leased)] = leased
            try:
                return runner(leased)
            finally:
                with self._lock:
                    del self._leased[id(leased)]

        return run
