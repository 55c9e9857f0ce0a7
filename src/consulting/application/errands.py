"""Carrying out what the outbox lists: lease, do, finish; back off when it fails, give up in the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from consulting.application.patience import next_wait
from consulting.application.ports.clock import Clock
from consulting.application.ports.mailer import MailRefused, SenderRefused
from consulting.application.ports.meeting_rooms import MeetingRoomsUnavailable, NoFreeHost
from consulting.application.ports.outbox import Errand, Lane, LeasedEntry
from consulting.application.ports.transactions import Transactions
from consulting.application.refunds import RefundFailed

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""Longer than any errand takes, provider time-outs included."""

LONGEST_ERRAND = timedelta(seconds=45)
"""An errand is begun only while its lease lasts this long."""

LONGEST_TOLD = 2000


class NotYet(Exception):
    """An errand's turn hasn't come: give it back until then, without counting the try."""

    def __init__(self, *, until: datetime) -> None:
        """Say when to look again."""
        super().__init__(f"not before {until:%H:%M:%S}")
        self.until = until


class ErrandRunner(Protocol):
    """Does one kind of errand; what it raises decides whether it is tried again, what it gives is not looked at."""

    def __call__(self, leased: LeasedEntry) -> object:
        """Do it once, or again: it may have been done before by a worker that died before saying so."""


@dataclass(frozen=True, slots=True)
class CarryOutErrands:
    """Carry out due errands, one after the other.

    - What fails is tried again, later and later, for about a day; then it is given up, listed, and can be revived.
    - What people need before their session starts is tried the more often the nearer the start is.
    - What a provider refuses for good is given up at once. A poisoned errand never stops the others.
    """

    transactions: Transactions
    clock: Clock
    runners: Mapping[Errand, ErrandRunner]
    worker: str
    random: Random

    def __call__(self, *, limit: int, lane: Lane | None = None, stopping: Callable[[], bool] = bool) -> int:
        """Lease up to `limit` errands, of this lane or of all, carry them out, and say how many there were.

        On `stopping`, and where those before took so long that the lease may run out, the rest is handed back.
        """
        with self.transactions.begin() as tx:
            leased = tx.outbox.lease(worker=self.worker, limit=limit, lease=LEASE, lane=lane, at=self.clock.now())
        for each in leased:
            if stopping() or each.leased_until - self.clock.now() < LONGEST_ERRAND:
                self._hand_back(each)
            else:
                self._run(each)
        return len(leased)

    def _run(self, leased: LeasedEntry) -> None:
        try:
            self.runners[leased.entry.errand](leased)
        except NotYet as early:
            self._postpone(leased, until=early.until, error=None, counts=False)
        except (MailRefused, RefundFailed) as refused:
            self._bury(leased, refused)
        except Exception as failure:  # noqa: BLE001 -- whatever one errand raises, the others go on
            self._failed(leased, failure)
        else:
            with self.transactions.begin() as tx:
                tx.outbox.finish(leased, at=self.clock.now())

    def _failed(self, leased: LeasedEntry, failure: Exception) -> None:
        log.log(
            _weight(failure, leased), "%s of session %s failed, try %d: %r", *_named(leased), leased.attempt, failure
        )
        wait = self._next_wait(leased)
        if wait is None:
            self._bury(leased, failure)
            return
        if isinstance(failure, MeetingRoomsUnavailable) and failure.retry_after is not None:
            wait = max(wait, failure.retry_after)
        self._postpone(leased, until=self.clock.now() + wait, error=told(failure))

    def _next_wait(self, leased: LeasedEntry) -> timedelta | None:
        with self.transactions.begin() as tx:
            session = tx.sessions.get(leased.entry.session_id)
        period = None if session is None else session.period
        return next_wait(leased, session=period, random=self.random, at=self.clock.now())

    def _postpone(self, leased: LeasedEntry, *, until: datetime, error: str | None, counts: bool = True) -> None:
        with self.transactions.begin() as tx:
            tx.outbox.postpone(leased, until=until, error=error, counts=counts)

    def _bury(self, leased: LeasedEntry, failure: Exception) -> None:
        log.error("%s of session %s is given up: %r", *_named(leased), failure)
        with self.transactions.begin() as tx:
            tx.outbox.bury(leased, error=told(failure), at=self.clock.now())

    def _hand_back(self, leased: LeasedEntry) -> None:
        self._postpone(leased, until=self.clock.now(), error=None, counts=False)


def _named(leased: LeasedEntry) -> tuple[str, str]:
    return leased.entry.errand.value, str(leased.entry.session_id)


def _weight(failure: Exception, leased: LeasedEntry) -> int:
    """Say how loud to be: once an errand, and louder where it is for somebody to mend."""
    if leased.attempt > 1:
        return logging.INFO
    return logging.ERROR if isinstance(failure, (NoFreeHost, SenderRefused)) else logging.WARNING


def told(failure: Exception) -> str:
    """Write down what went wrong, in a length that can be kept."""
    return repr(failure)[:LONGEST_TOLD]
