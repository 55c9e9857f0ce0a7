"""The connection of one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from sqlalchemy import Engine, bindparam, func, select
from sqlalchemy.pool import ConnectionPoolEntry

from consulting.adapters.postgres.exchange import Exchange, Row, Rows, Step
from consulting.adapters.postgres.pool import Pool, pool_of
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.refusals import refusal
from consulting.application.ports.retries import SentBefore
from consulting.application.ports.transactions import StorageUnavailable

__all__ = ["Link", "Row", "Rows", "Step"]

_BEGIN: Step = (Prepared(b"BEGIN ISOLATION LEVEL READ COMMITTED", {}, label=b"begin"), {})
_PART: Step = (Prepared(b"SAVEPOINT part", {}, label=b"part"), {})
_UNDO_PART: Step = (Prepared(b"ROLLBACK TO SAVEPOINT part", {}, label=b"undo_part"), {})
_COMMIT: Step = (Prepared(b"COMMIT", {}, label=b"commit"), {})
_UNDO: Step = (Prepared(b"ROLLBACK", {}, label=b"undo"), {})
_NOTIFY = prepare(select(func.pg_notify(bindparam("channel"), "")))

_BEYOND_PARTS = (StorageUnavailable, SentBefore)
"""Failures of the whole transaction: of a connection in doubt, and of what was asked before any part began."""

_EXCHANGE = "exchange"
"""Where the pool keeps a connection's exchange beside it."""


class Link:
    """One transaction's connection: taken from the pool, and the transaction begun, with its first statement.

    One that only reads begins none: each of its looks is by itself, on one way to the server and back.
    """

    def __init__(self, engine: Engine, *, reading: bool = False, opening: Sequence[Step] = ()) -> None:
        """Nothing is asked of the database yet; `opening` goes with the first statement, before it."""
        self._engine = engine
        self._reading = reading
        self._pool: Pool | None = None
        self._entry: ConnectionPoolEntry | None = None
        self._exchange: Exchange | None = None
        self._failure: Exception | None = None
        self._ended = False
        self._used = False
        self._notified: set[str] = set()
        self._opening: list[Step] = [] if reading else [_BEGIN, *opening]
        self._first: list[Step] = []

    def rows(self, statement: Prepared, **values: Any) -> Rows:
        """Run a statement and give its rows."""
        return self.together((statement, values))[0]

    def one(self, statement: Prepared, **values: Any) -> Row | None:
        """Run a statement and give its first row, if it has any."""
        rows = self.rows(statement, **values)
        return rows[0] if rows else None

    def together(self, *steps: Step) -> Sequence[Rows]:
        """Run statements one after the other, on one way to the server and back, and give the rows of each.

        The server runs each to its end before it begins the next, which therefore sees what others committed meanwhile.
        """
        if self._reading and not all(statement.reads for statement, _ in steps):
            raise RuntimeError("this transaction only reads")
        self._require_not_sent_before()
        try:
            return self._exchanged(steps)
        except Exception as error:
            named = refusal(error)
            self._failure = named or error
            if named is None:
                raise
            raise named from error

    def _exchanged(self, steps: Sequence[Step]) -> Sequence[Rows]:
        self._used = True
        exchange = self._exchange or self._connect()
        first = [*self._opening, *self._first]
        written = exchange.written([*first, *steps])
        self._opening, self._first = [], []
        return exchange.run(written)[len(first) :]

    def open(self) -> None:
        """Send what opens the transaction, unless that went with a statement. Raises SentBefore, if swallowed too."""
        self._require_not_sent_before()
        if self._opening and self._failure is None:
            first, self._first = self._first, []
            self.together()
            self._first = first

    def hasten(self) -> None:
        """Have the server begin with what was sent for later, while nobody waits for it yet.

        What keeps that from being sent, or what it raises, is raised where it would be otherwise.
        """
        if self._exchange is None or self._failure is not None or not self._first or self._first[-1] is _PART:
            return
        with suppress(Exception):
            self._exchange.send_ahead(self._exchange.written(self._first))
            self._first = []

    def later(self, *steps: Step) -> None:
        """Send statements whose rows nobody looks at with the next ones, before another part, or with the commit.

        What they raise is raised there.
        """
        if self._reading:
            raise RuntimeError("this transaction only reads")
        self._used = True
        self._first += steps

    def change(self, statement: Prepared, *, what: object, **values: Any) -> None:
        """Run a statement that gives a row for what it changed; raise LookupError if there was nothing to change."""
        if not self.rows(statement, **values):
            raise LookupError(f"{what} is not kept")

    def notification(self, channel: str) -> Sequence[Step]:
        """Give the step that wakes who listens on the channel when the transaction commits; none the second time."""
        if channel in self._notified:
            return ()
        self._notified.add(channel)
        return ((_NOTIFY, {"channel": channel}),)

    @contextmanager
    def part(self) -> Iterator[None]:
        """Undo what the block did, and that alone, if it raises, or if it swallowed what a statement raised.

        A connection in doubt is beyond that, and so is a request that was sent before: the whole transaction has failed
        then. Raises what the part before it left to be refused, and undoes that one.
        """
        self._settle()
        notified = set(self._notified)
        self._first.append(_PART)
        try:
            yield
            self._require_no_failure()
        except BaseException:
            if not isinstance(self._failure, _BEYOND_PARTS):
                self.undo_part()
                self._notified = notified
            raise

    def _settle(self) -> None:
        if self._settled and (not self._first or self._first[-1] is _PART):
            return
        try:
            self.together()
        except BaseException:
            if not isinstance(self._failure, _BEYOND_PARTS):
                self.undo_part()
            raise

    @property
    def _settled(self) -> bool:
        return self._exchange is None or self._exchange.settled

    def _require_not_sent_before(self) -> None:
        if isinstance(self._failure, SentBefore):
            raise self._failure

    def _require_no_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def undo_part(self) -> None:
        """Undo the last part, so that the transaction goes on without it."""
        if _PART in self._first:
            del self._first[self._first.index(_PART) :]  # nothing was asked of the database since
        else:
            self._first.clear()
            if self._exchange is not None:
                self._exchange.settle()
            self.together(_UNDO_PART)
        self._failure = None

    def commit(self, *last: Step) -> Sequence[Rows]:
        """Make it last, after these statements, on one way to the server and back; give the rows of each.

        Raises again what a statement raised: then there is nothing to commit any more.
        """
        self._require_no_failure()
        if last or (self._used and not self._reading):
            return self.together(*last, _COMMIT)[:-1]
        return ()

    def close(self) -> None:
        """End it, undo what isn't committed, and give the connection back; one in doubt is thrown away."""
        self._ended = True
        pool, entry, exchange = self._pool, self._entry, self._exchange
        self._entry = self._exchange = None
        if pool is None or entry is None:
            return
        try:
            if exchange is not None:
                exchange.settle()
                if exchange.in_transaction:
                    exchange.run(exchange.written([_UNDO]))
            if isinstance(self._failure, StorageUnavailable):
                entry.invalidate()
        except psycopg.Error:
            entry.invalidate()
        finally:
            pool.give_back(entry)

    def _connect(self) -> Exchange:
        if self._ended:
            raise RuntimeError("this transaction has ended")
        self._pool = pool_of(self._engine)
        entry = self._entry = self._pool.take()
        exchange = entry.info.get(_EXCHANGE)
        if exchange is None:
            driver = entry.driver_connection
            assert isinstance(driver, psycopg.Connection)
            exchange = entry.info[_EXCHANGE] = Exchange(driver)
        self._exchange = exchange
        return exchange
