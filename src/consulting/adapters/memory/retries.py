"""Answers to requests under a key, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from threading import Lock

from consulting.adapters.memory.transactions import MemoryTransactions, OpenTransaction
from consulting.application.ports.retries import (
    KeptAnswer,
    KeyedRequest,
    KnownRequest,
    RequestInProgress,
    SentBefore,
    judge,
)


class MemoryRetries:
    """Where answers are kept; safe to share between threads."""

    def __init__(self, transactions: MemoryTransactions) -> None:
        """Keep answers beside what these transactions keep."""
        self._transactions = transactions
        self._running: set[tuple[str, str]] = set()
        self._lock = Lock()

    def begin(self, request: KeyedRequest, *, at: datetime) -> MemoryAttempt | KeptAnswer:
        """Open one transaction for all that the request does, or give the answer that is kept.

        Raises IdempotencyKeyReused, RequestInProgress and StorageUnavailable.
        """
        self._take_turn(request, at=at)
        try:
            opened = self._transactions.open()
            try:
                answer = judge(opened.working.requests.get(_name(request)), request, at=at)
            except BaseException:
                opened.close()
                raise
            if answer is not None:
                opened.close()
        except BaseException:
            self._give_turn_back(request)
            raise
        if answer is not None:
            self._give_turn_back(request)
            return answer
        return MemoryAttempt(opened, request, ended=lambda: self._give_turn_back(request))

    def presume(self, request: KeyedRequest) -> MemoryAttempt:
        """Open one transaction as `begin` does, presuming that the request is new. Raises SentBefore if it isn't."""
        with self._lock:
            if _name(request) in self._running:
                raise SentBefore
            self._running.add(_name(request))
        try:
            opened = self._transactions.open()
        except BaseException:
            self._give_turn_back(request)
            raise
        attempt = MemoryAttempt(opened, request, ended=lambda: self._give_turn_back(request))
        if _name(request) in opened.working.requests:
            attempt.drop()
            raise SentBefore
        return attempt

    def lease(self, request: KeyedRequest, *, until: datetime, at: datetime) -> MemoryLease | KeptAnswer:
        """Record, for good, that the request runs until then at most; or give the answer that is kept.

        Raises as `begin`.
        """
        attempt = self.begin(request, at=at)
        if isinstance(attempt, KeptAnswer):
            return attempt
        attempt.record(KnownRequest(fingerprint=request.fingerprint, leased_until=until))
        return MemoryLease(self._transactions, request, until=until)

    def _take_turn(self, request: KeyedRequest, *, at: datetime) -> None:
        with self._lock:
            if _name(request) in self._running:
                known = self._transactions.snapshot().requests.get(_name(request))
                if judge(known, request, at=at) is None:
                    raise RequestInProgress
            self._running.add(_name(request))

    def _give_turn_back(self, request: KeyedRequest) -> None:
        with self._lock:
            self._running.discard(_name(request))


class MemoryAttempt:
    """A request whose whole work is one transaction, in which its answer is kept, too."""

    def __init__(self, opened: OpenTransaction, request: KeyedRequest, *, ended: Callable[[], object]) -> None:
        """Go on in this transaction, and say when it has ended."""
        self._opened, self._request, self._ended = opened, request, ended

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Make the transactions that this thread begins within the block a part of this one."""
        with self._opened.joined():
            yield

    def keep(self, answer: KeptAnswer, *, at: datetime) -> None:  # noqa: ARG002 -- nothing here grows old
        """Keep the answer and commit it together with the work."""
        self.record(KnownRequest(fingerprint=self._request.fingerprint, answer=answer))

    def record(self, known: KnownRequest) -> None:
        """Commit, with this known of the request."""
        self._opened.working.requests[_name(self._request)] = known
        try:
            self._opened.commit()
        finally:
            self._ended()

    def drop(self) -> None:
        """Undo everything."""
        self._opened.close()
        self._ended()


class MemoryLease:
    """A request that may take a while, and whose own transactions are committed as they end."""

    def __init__(self, transactions: MemoryTransactions, request: KeyedRequest, *, until: datetime) -> None:
        """Know the record by the end of its lease."""
        self._transactions, self._request, self._until = transactions, request, until

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Join nothing: the work's transactions are its own."""
        yield

    def keep(self, answer: KeptAnswer, *, at: datetime) -> None:  # noqa: ARG002 -- nothing here grows old
        """Keep the answer, unless the lease has passed to somebody else."""
        self._change(lambda known: replace(known, leased_until=None, answer=answer))

    def drop(self) -> None:
        """Give the lease back, so that the request can run again at once."""
        self._change(lambda _: None)

    def _change(self, change: Callable[[KnownRequest], KnownRequest | None]) -> None:
        opened = self._transactions.open()
        try:
            requests = opened.working.requests
            known = requests.get(_name(self._request))
            if known is None or known.leased_until != self._until:
                return
            del requests[_name(self._request)]
            changed = change(known)
            if changed is not None:
                requests[_name(self._request)] = changed
            opened.commit()
        finally:
            opened.close()


def _name(request: KeyedRequest) -> tuple[str, str]:
    return request.caller, request.key
