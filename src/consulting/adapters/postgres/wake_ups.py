"""Being told at once that there is something to do."""

from __future__ import annotations

import contextlib
import logging
import time
from datetime import timedelta
from typing import Any, Final, Self

import psycopg
from psycopg import sql

from consulting.adapters.postgres import inbox, outbox
from consulting.adapters.postgres.engine import connect

log = logging.getLogger(__name__)

CHANNELS: Final = frozenset({outbox.CHANNEL, inbox.CHANNEL})
PAUSE: Final = timedelta(seconds=1)
"""Between two attempts to reach a database that is away."""


class WakeUps:
    """A connection of its own that listens; for one thread. It needs a direct one, no pooler that shares connections.

    A message that comes while nobody is connected is lost, so whoever waits looks for work from time to time anyway.
    """

    def __init__(self, *, url: str) -> None:
        """Listen at this database; the connection is made by the first `wait`. Without a URL nobody ever wakes us."""
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None
        self._complained = False

    def wait(self, *, timeout: timedelta) -> frozenset[str]:
        """Give the channels on which something was said; none when nothing was within this time.

        After a new connection all of them, since something may have been missed. While the database is away this
        returns none and never raises.
        """
        if not self._url:
            time.sleep(timeout.total_seconds())
            return frozenset()
        try:
            if self._connection is None:
                self._connection = self._listen()
                self._complained = False
                return CHANNELS
            notifies = self._connection.notifies(timeout=timeout.total_seconds(), stop_after=1)
            return frozenset(notification.channel for notification in notifies)
        except psycopg.Error as error:
            self._complain(error)
            self.close()
            time.sleep(min(PAUSE, timeout).total_seconds())
            return frozenset()

    def _complain(self, error: psycopg.Error) -> None:
        """Say it when it begins, not every time that the database is still away."""
        if not self._complained:
            log.warning("not woken by the database for now: %s", error)
        self._complained = True

    def close(self) -> None:
        """Stop listening; the next `wait` begins anew."""
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> psycopg.Connection[Any]:
        connection = connect(url=self._url, application_name="consulting wake-ups")
        try:
            for channel in sorted(CHANNELS):
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        except psycopg.Error:
            connection.close()
            raise
        return connection
