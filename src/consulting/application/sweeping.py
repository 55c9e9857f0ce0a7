"""What time asks for: holds that expired, sessions that ended, slots to publish."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from consulting.application.booking import SweepSession
from consulting.application.ports.clock import Clock
from consulting.application.ports.transactions import Transactions
from consulting.application.publishing import PublishSlots

_T = TypeVar("_T")

log = logging.getLogger(__name__)

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class SweepSessions:
    """Expire unpaid holds and complete ended sessions, each in a transaction of its own."""

    transactions: Transactions
    clock: Clock
    sweep: SweepSession

    def __call__(self) -> int:
        """Sweep what is due now, and say how many were swept."""
        now = self.clock.now()
        with self.transactions.begin() as tx:
            due = [*tx.sessions.expired(at=now, limit=AT_ONCE), *tx.sessions.ended(at=now, limit=AT_ONCE)]
        return _each(due, self.sweep)


@dataclass(frozen=True, slots=True)
class SettleOpenings:
    """Note when researchers can next be booked, where that may have changed: lists by the next slot go by it."""

    transactions: Transactions
    clock: Clock

    def __call__(self) -> int:
        """Settle some of what is in doubt now, in a transaction of its own, and say how many were settled."""
        with self.transactions.begin() as tx:
            return tx.researchers.settle_openings(at=self.clock.now(), limit=AT_ONCE)


@dataclass(frozen=True, slots=True)
class TopUpSlots:
    """Publish every active researcher's slots up to the horizon."""

    transactions: Transactions
    publish: PublishSlots

    def __call__(self) -> int:
        """Publish for all of them, and say how many were done."""
        done, after = 0, None
        while True:
            with self.transactions.begin() as tx:
                ids = tx.researchers.active_ids(after=after, limit=AT_ONCE)
            if not ids:
                return done
            done += _each(ids, self.publish)
            after = ids[-1]


def _each(ids: Iterable[_T], do: Callable[[_T], object]) -> int:
    """Do it for each, and count; one that fails is logged and doesn't stop the others."""
    done = 0
    for each in ids:
        try:
            do(each)
            done += 1
        except Exception:
            log.exception("%s failed for %s", type(do).__name__, each)
    return done
