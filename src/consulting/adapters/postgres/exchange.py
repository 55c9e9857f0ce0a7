"""What goes to the server and back: any number of statements on one way, each planned once a connection.

The driver's cursors send the statements of a pipeline one by one, and look each of them up anew: that is two thirds of
what a statement costs here. So this speaks to libpq directly; values, rows, errors and waiting are the driver's own.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any, Final

import psycopg
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from consulting.adapters.postgres.prepared import Prepared

Row = Any
"""A row of a result, with its columns as attributes."""

Rows = Sequence[Row]
Step = tuple[Prepared, Mapping[str, Any]]
Written = tuple[Prepared, Sequence[Buffer | None]]

_SUCCESS: Final = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.PIPELINE_SYNC})
_PLACE: Final = re.compile(rb"%\((\w+)\)s|%%")


class Exchange:
    """The talk over one connection, which nobody else uses meanwhile; it outlives transactions."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        """Nothing is planned yet."""
        self._driver, self._libpq = driver, driver.pgconn
        self._values = Transformer(driver)
        self._plans = driver.prepare_threshold is not None  # through a pooler a plan may lie on another connection
        self._planned: set[bytes] = set()
        self._under_way: list[Prepared | None] = []
        """What was sent and not waited for: a statement that is planned, or None for anything else with an answer."""
        self._makers: dict[bytes, Callable[[Sequence[Any]], Row]] = {}

    @property
    def in_transaction(self) -> bool:
        """Tell whether one is open, a failed one too."""
        return self._libpq.transaction_status != TransactionStatus.IDLE

    def written(self, steps: Sequence[Step]) -> Sequence[Written]:
        """Write the values down as the server reads them; nothing is sent. Raises what the driver refuses."""
        return [(statement, self._written(statement, given)) for statement, given in steps]

    def run(self, steps: Sequence[Written]) -> Sequence[Rows]:
        """Run statements one after the other, and give the rows of each.

        The server runs each to its end before it begins the next. Outside a transaction they are one. Raises the
        psycopg.Error of the first that fails, of those sent ahead as well: none after it is run.
        """
        answers = self._asked(steps)
        for answer in answers:
            if not _succeeded(answer):
                raise error_from_result(answer)
        return [self._rows(each, answer) for (each, _), answer in zip(steps, answers[-len(steps) :], strict=False)]

    def send_ahead(self, steps: Sequence[Written]) -> None:
        """Have the server begin with statements whose rows nobody looks at, which the next ones wait for.

        For within a transaction: where one of them fails, the server runs none of the next ones. It knows that nothing
        follows for now, so it doesn't wait for longer than a transaction may be idle. Raises psycopg.OperationalError
        if that can't be sent; the connection is closed then.
        """
        try:
            self._send(steps)
            self._libpq.pipeline_sync()
            self._under_way.append(None)
            self._libpq.flush()
        except BaseException:
            self._hang_up()
            raise

    def settle(self) -> None:
        """Wait for what was sent ahead, whatever becomes of it."""
        if self._under_way:
            with suppress(psycopg.Error):
                self.run(())

    @property
    def settled(self) -> bool:
        """Tell whether nothing is under way that was sent ahead."""
        return not self._under_way

    def _unplanned(self, steps: Sequence[Written]) -> Sequence[Prepared]:
        if not self._plans:
            return ()
        new = {each.label: each for each, _ in steps if each.label and each.label not in self._planned}
        for each in self._under_way:
            if each is not None:
                new.pop(each.label, None)
        return list(new.values())

    def _written(self, statement: Prepared, given: Mapping[str, Any]) -> Sequence[Buffer | None]:
        names = _numbered(statement.sql)[1]
        if not names:
            return ()
        values = statement.values(given)
        return self._values.dump_sequence([values[name] for name in names], [PyFormat.TEXT] * len(names))

    def _asked(self, steps: Sequence[Written]) -> Sequence[PGresult]:
        """Send everything at once, and wait for all answers; a connection that this leaves in doubt is closed."""
        try:
            self._send(steps)
            self._libpq.pipeline_sync()
            answers = self._driver.wait(_fetched(self._libpq, len(self._under_way)))
            self._libpq.exit_pipeline_mode()
        except BaseException:
            self._hang_up()
            raise
        sent, self._under_way = self._under_way, []
        self._planned.update(
            [each.label for each, answer in zip(sent, answers, strict=True) if each and _succeeded(answer)]
        )
        return answers

    def _hang_up(self) -> None:
        self._under_way = []
        self._driver.close()

    def _send(self, steps: Sequence[Written]) -> None:
        new, libpq = self._unplanned(steps), self._libpq
        if not self._under_way:
            libpq.enter_pipeline_mode()
        for statement in new:
            libpq.send_prepare(statement.label, _numbered(statement.sql)[0])
        for statement, values in steps:
            if statement.label and self._plans:
                libpq.send_query_prepared(statement.label, values, result_format=Format.BINARY)
            else:
                libpq.send_query_params(_numbered(statement.sql)[0], values, result_format=Format.BINARY)
        self._under_way += [*new, *(None for _ in steps)]

    def _rows(self, statement: Prepared, answer: PGresult) -> Rows:
        if answer.status != ExecStatus.TUPLES_OK:
            return ()
        self._values.set_pgresult(answer)
        make = self._makers.get(statement.sql)
        if make is None:
            make = self._makers[statement.sql] = _maker(answer)
        return self._values.load_rows(0, answer.ntuples, make)


def _fetched(libpq: PGconn, awaited: int) -> PQGen[Sequence[PGresult]]:
    yield from send(libpq)
    answers = []
    for _ in range(awaited):
        (answer,) = yield from fetch_many(libpq)
        answers.append(answer)
    yield from fetch_many(libpq)  # the end of the way back
    return answers


def _succeeded(answer: PGresult) -> bool:
    return answer.status in _SUCCESS


def _maker(answer: PGresult) -> Callable[[Sequence[Any]], Row]:
    names = [(answer.fname(number) or b"").decode() for number in range(answer.nfields)]
    return partial(tuple.__new__, namedtuple("Row", names, rename=True))  # noqa: PYI024 -- its fields aren't known here


@lru_cache(maxsize=1024)
def _numbered(sql: bytes) -> tuple[bytes, Sequence[str]]:
    """Give a statement with numbered places instead of named ones, and the names by their numbers."""
    names: list[str] = []

    def number(found: re.Match[bytes]) -> bytes:
        if found[1] is None:
            return b"%"
        name = found[1].decode()
        if name not in names:
            names.append(name)
        return b"$%d" % (names.index(name) + 1)

    return _PLACE.sub(number, sql), names
