"""The connection of one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine, bindparam, func, select
from sqlalchemy.pool import PoolProxiedConnection

from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.refusals import refusals_named
from consulting.application.ports.transactions import StorageUnavailable
from consulting.domain.errors import ConsultingError

Row = Any
"""A row of a result, with its columns as attributes."""

Rows = Sequence[Row]
Step = tuple[Prepared, Mapping[str, Any]]

_BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED"
_PART = b"SAVEPOINT part"
_UNDO_PART = b"ROLLBACK TO SAVEPOINT part"
_COMMIT = Prepared(b"COMMIT", {})
_NOTIFY = prepare(select(func.pg_notify(bindparam("channel"), "")))


class Link:
    """One transaction's connection: taken from the pool, and the transaction begun, with its first statement."""

    def __init__(self, engine: Engine) -> None:
        """Nothing is asked of the database yet."""
        self._engine = engine
        self._pooled: PoolProxiedConnection | None = None
        self._driver: psycopg.Connection[Any] | None = None
        self._failure: Exception | None = None
        self._ended = False
        self._notified: set[str] = set()
        self._first: list[bytes] = [_BEGIN]

    def rows(self, statement: Prepared, **values: Any) -> Rows:
        """Run a statement and give its rows."""
        if self._driver is None or self._first:
            return self.together((statement, values))[0]
        with self._noticing_failure():
            cursor = self._driver.cursor(row_factory=namedtuple_row)
            return _result(cursor.execute(statement.sql, statement.values(values)))

    def one(self, statement: Prepared, **values: Any) -> Row | None:
        """Run a statement and give its first row, if it has any."""
        rows = self.rows(statement, **values)
        return rows[0] if rows else None

    def together(self, *steps: Step) -> Sequence[Rows]:
        """Run statements one after the other, on one way to the server and back, and give the rows of each.

        The server runs each to its end before it begins the next, which therefore sees what others committed meanwhile.
        """
        with self._noticing_failure():
            driver = self._driver or self._connect()
            with driver.pipeline():
                while self._first:
                    driver.execute(self._first.pop(0))
                cursors = [
                    driver.cursor(row_factory=namedtuple_row).execute(statement.sql, statement.values(values))
                    for statement, values in steps
                ]
            return [_result(cursor) for cursor in cursors]

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

    def refused(self, refusal: ConsultingError) -> ConsultingError:
        """Keep the transaction from being committed, as a refusal by the database does; give the error to raise."""
        self._failure = refusal
        return refusal

    @contextmanager
    def part(self) -> Iterator[None]:
        """Undo what the block did, and that alone, if it raises, or if it swallowed what a statement raised.

        A connection in doubt is beyond that: the whole transaction has failed then.
        """
        notified = set(self._notified)
        self._first.append(_PART)
        try:
            yield
            self._require_no_failure()
        except BaseException:
            if not isinstance(self._failure, StorageUnavailable):
                self._undo_part()
                self._notified = notified
            raise

    def _require_no_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _undo_part(self) -> None:
        if _PART in self._first:
            self._first.remove(_PART)  # nothing was asked of the database since
            return
        assert self._driver is not None
        with self._noticing_failure():
            self._driver.execute(_UNDO_PART)
        self._failure = None

    def commit(self, *last: Step) -> Sequence[Rows]:
        """Make it last, after these statements, on one way to the server and back; give the rows of each.

        Raises again what a statement raised: then there is nothing to commit any more.
        """
        self._require_no_failure()
        if last:
            return self.together(*last, (_COMMIT, {}))[:-1]
        if self._driver is not None:
            with self._noticing_failure():
                self._driver.commit()
        return ()

    def close(self) -> None:
        """End it, undo what isn't committed, and give the connection back; one in doubt is thrown away."""
        self._ended = True
        pooled, driver = self._pooled, self._driver
        self._pooled = self._driver = None
        if pooled is None:
            return
        try:
            if driver is not None:
                driver.rollback()
            if isinstance(self._failure, StorageUnavailable):
                pooled.invalidate()
        except psycopg.Error:
            pooled.invalidate()
        finally:
            pooled.close()

    def _connect(self) -> psycopg.Connection[Any]:
        if self._ended:
            raise RuntimeError("this transaction has ended")
        self._pooled = self._engine.raw_connection()
        driver = self._pooled.driver_connection
        assert isinstance(driver, psycopg.Connection)
        self._driver = driver
        return driver

    @contextmanager
    def _noticing_failure(self) -> Iterator[None]:
        try:
            with refusals_named():
                yield
        except Exception as failure:
            self._failure = failure
            raise


def _result(cursor: psycopg.Cursor[Any]) -> Rows:
    # Asking for the `description` instead would build an object for every column.
    return cursor.fetchall() if cursor.rownumber is not None else ()
