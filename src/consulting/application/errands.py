"""Carrying out what the outbox lists: lease, do, finish; back off when it fails, give up in the end."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Protocol, TypeAlias

from consulting.application.patience import next_wait
from consulting.application.ports.backlog import WorkState
from consulting.application.ports.clock import Clock
from consulting.application.ports.mailer import MailRefused, SenderRefused
from consulting.application.ports.meeting_rooms import MeetingRoomsUnavailable, NoFreeHost
from consulting.application.ports.outbox import Errand, Lane, LeasedEntry
from consulting.application.ports.transactions import (
    StorageUnavailable,
    Transaction,
    TransactionConflict,
    Transactions,
)
from consulting.application.refunds import RefundFailed

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""Longer than any errand takes, provider time-outs included."""

LONGEST_ERRAND = timedelta(seconds=45)
"""An errand is begun only while its lease lasts this long."""

STRETCH = timedelta(seconds=1)
"""For so long errands are taken one after the other before whoever asked for them hears how many there were."""

LONGEST_TOLD = 2000

Ending: TypeAlias = Callable[[Transaction], object]
"""What is to be recorded of an errand in the transaction that marks it done; once more where that was undone."""

Another: TypeAlias = Callable[[Transaction], Sequence[LeasedEntry]]
"""Leases what is to be carried out next, or nothing."""


class NotYet(Exception):
    """An errand's turn hasn't come: give it back until then, without counting the try."""

    def __init__(self, *, until: datetime) -> None:
        """Say when to look again."""
        super().__init__(f"not before {until:%H:%M:%S}")
        self.until = until


class ErrandRunner(Protocol):
    """Does one kind of errand; what it raises decides whether it is tried again."""

    def __call__(self, leased: LeasedEntry) -> Ending | None:
        """Do it once, or again: it may have been done before by a worker that died before saying so."""


@dataclass(frozen=True, slots=True)
class CarryOutErrands:
    """Carry out due errands, one after the other.

    - What fails is tried again, later and later, for about a day; then it is given up, listed, and can be revived.
    - What people need before their session starts is tried the more often the nearer the start is.
    - What a provider refuses for good is given up at once. A poisoned errand never stops the others.
    - An errand that is done, what is to be recorded of it, and the lease of the next one are a single transaction.
    """

    transactions: Transactions
    clock: Clock
    runners: Mapping[Errand, ErrandRunner]
    worker: str
    random: Random

    def __call__(
        self,
        *,
        limit: int,
        lane: Lane | None = None,
        stopping: Callable[[], bool] = bool,
        stretch: timedelta = timedelta(0),
    ) -> int:
        """Lease up to `limit` errands, of this lane or of all, carry them out, and say how many there were.

        Within `stretch` the last one's end leases the next, so that nobody waits behind a slow one. On `stopping`, and
        where those before took so long that the lease may run out, the rest is handed back.
        """
        until = self.clock.now() + stretch
        with self.transactions.begin() as tx:
            in_hand = deque(self._lease(tx, limit=limit, lane=lane))

        def another(tx: Transaction) -> Sequence[LeasedEntry]:
            goes_on = not in_hand and self.clock.now() < until and not stopping()
            return self._lease(tx, limit=1, lane=lane) if goes_on else ()

        done = 0
        while in_hand:
            each, done = in_hand.popleft(), done + 1
            if stopping() or each.leased_until - self.clock.now() < LONGEST_ERRAND:
                self._hand_back(each)
            else:
                in_hand.extend(self._run(each, another))
        return done

    def _lease(self, tx: Transaction, *, limit: int, lane: Lane | None) -> Sequence[LeasedEntry]:
        return tx.outbox.lease(worker=self.worker, limit=limit, lease=LEASE, lane=lane, at=self.clock.now())

    def _run(self, leased: LeasedEntry, another: Another) -> Sequence[LeasedEntry]:
        """Carry it out, and give what was leased at its end."""
        try:
            return self._end(leased, self.runners[leased.entry.errand](leased), another)
        except NotYet as early:
            self._postpone(leased, until=early.until, error=None, counts=False)
        except (MailRefused, RefundFailed) as refused:
            self._bury(leased, refused)
        except Exception as failure:  # noqa: BLE001 -- whatever one errand raises, the others go on
            self._failed(leased, failure)
        return ()

    def _end(self, leased: LeasedEntry, ending: Ending | None, another: Another) -> Sequence[LeasedEntry]:
        """Record that it is done. It is done outside whatever becomes of that, so a refusal is not taken at once."""
        for again in (False, True):
            with suppress(StorageUnavailable, TransactionConflict):
                return self._record(leased, ending, another, again=again)
        return self._record(leased, ending, another, again=True)

    def _record(
        self, leased: LeasedEntry, ending: Ending | None, another: Another, *, again: bool
    ) -> Sequence[LeasedEntry]:
        with self.transactions.begin() as tx:
            if again and self._is_recorded(tx, leased):
                return ()  # only the answer to the commit was lost
            if ending is not None:
                ending(tx)
            tx.outbox.finish(leased, at=self.clock.now())
            return another(tx)

    def _is_recorded(self, tx: Transaction, leased: LeasedEntry) -> bool:
        kept = tx.outbox.show(leased.entry.id, at=self.clock.now())
        return kept is None or kept.state is WorkState.DONE

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
