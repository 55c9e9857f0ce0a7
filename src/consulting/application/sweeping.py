"""What time asks for: holds that expired, sessions that ended, slots to publish, payments to look after."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from consulting.application.booking import SweepSession
from consulting.application.payments import SettlePayment
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


@dataclass(frozen=True, slots=True)
class ReconcilePayments:
    """Ask the provider about every payment that may still be charged, and settle what was missed.

    - With the webhook switched off and the browser gone, a paid session is still confirmed.
    """

    transactions: Transactions
    clock: Clock
    settle: SettlePayment

    def __call__(self) -> int:
        """Settle them, and say how many were asked about."""
        done, after = 0, None
        while True:
            with self.transactions.begin() as tx:
                payments = tx.payments.alive(after=after, limit=AT_ONCE)
            if not payments:
                return done
            done += _each([each.intent_id for each in payments if each.intent_id is not None], self.settle)
            after = payments[-1].id


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
