"""The connections that a process keeps, and how each of them is had for a while."""

from __future__ import annotations

import contextlib
import select
from typing import Any, Final, cast

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.pool.base import _ConnectionRecord
from sqlalchemy.util.queue import Empty

from consulting.adapters.postgres.fibers import aside, current_fiber

_ENDED: Final = "the server has ended this connection"
_USED: Final = "used"
"""Where the pool keeps beside a connection that somebody had it before."""

READABLE: Final = select.POLLIN | select.POLLHUP | select.POLLERR


class Pool(QueuePool):
    """Connections that threads wait for; for a fiber a thread does, so that its event loop goes on."""

    def take(self) -> ConnectionPoolEntry:
        """Have a connection that lives, until it is given back.

        The pool's own `connect` puts a proxy around it that gives it back when nobody has that any more, and to make
        one takes longer than a short statement. Raises psycopg.OperationalError, and SQLAlchemy's TimeoutError.
        """
        entry = cast("_ConnectionRecord", self._do_get())
        try:
            try:
                refuse_dead(cast("Any", entry.get_connection()), entry, None)
            except DisconnectionError:
                entry.invalidate()
                refuse_dead(cast("Any", entry.get_connection()), entry, None)
        except BaseException:
            self.give_back(entry)
            raise
        return entry

    def give_back(self, entry: ConnectionPoolEntry) -> None:
        """Let somebody else have a connection that was taken; one that was invalidated is made anew for them."""
        self._do_return_conn(entry)

    def _do_get(self) -> ConnectionPoolEntry:
        if current_fiber() is None:
            return super()._do_get()
        try:
            return self._pool.get(block=False)
        except Empty:
            return aside(super()._do_get)


def pool_of(engine: Engine) -> Pool:
    """Give the pool that an engine has at this moment. Raises TypeError if it isn't one of these."""
    if not isinstance(engine.pool, Pool):
        raise TypeError(f"an engine with a {type(engine.pool).__name__}")
    return engine.pool


def refuse_dead(driver: psycopg.Connection[Any], entry: ConnectionPoolEntry, _: object) -> None:
    """Have the pool replace a connection that the server has ended meanwhile: it has something to say unasked.

    So the requests after a restart of the server don't fail one by one, and a healthy one costs no round trip. A new
    one that is dead already isn't replaced: the server is going down. Raises psycopg.OperationalError then.
    """
    new = _USED not in entry.info
    entry.info[_USED] = True
    if driver.closed or _spoken_to(driver):
        with contextlib.suppress(psycopg.Error):
            driver.close()
        raise psycopg.OperationalError(_ENDED) if new else DisconnectionError(_ENDED)


def _spoken_to(driver: psycopg.Connection[Any]) -> bool:
    poll = select.poll()
    poll.register(driver.fileno(), READABLE)
    return bool(poll.poll(0))
