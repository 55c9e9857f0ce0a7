"""How fast a worker empties the outbox, mail by mail; the limit sends as many mails with nothing around it."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Final, LiteralString

import psycopg

from bench.figures import Work
from bench.load import Timings
from bench.servers import HOST, running_worker
from consulting.adapters.postgres.outbox import CHANNEL
from consulting.entrypoints.database import migrate
from consulting.entrypoints.worker.works import MAIL_THREADS
from tests.integration.postgres import many
from tests.integration.postgres.many import Many

MAILS: Final = 100
LATER: Final = timedelta(days=20)
"""How far ahead all sessions are: then a worker has no hold to expire and nobody to remind."""
LONGEST_SECONDS: Final = 60.0

_ERRANDS: LiteralString = """
    INSERT INTO outbox (id, session_id, lane, errand, data, version, recorded_at, due_at)
    SELECT gen_random_uuid(), id, 'mail', 'notify', '{"kind": "receipt", "role": "client"}', 1, now(), now()
    FROM (SELECT id FROM sessions WHERE status = 'scheduled' AND payment_status = 'completed'
          ORDER BY id LIMIT %(mails)s OFFSET %(told)s) untold
"""
_LEFT: LiteralString = """
    SELECT count(*) FROM outbox WHERE standing = 'waiting' AND data ->> 'kind' = 'receipt'
"""
_WAKE: LiteralString = "SELECT pg_notify(%(channel)s, '')"
_TOOK: LiteralString = """
    SELECT count(*), extract(epoch FROM max(ended_at) - min(recorded_at))::float8
    FROM outbox WHERE standing = 'done' AND data ->> 'kind' = 'receipt'
"""
_LOOKED_AROUND: LiteralString = """
    SELECT count(*) FROM worker_heartbeats
    WHERE NOT EXISTS (SELECT FROM jsonb_each(loops) WHERE value ->> 'last_success' IS NULL)
"""
"""How many workers have ended the first run of each of their loops."""


class NotDrainedError(Exception):
    """The outbox isn't empty after a minute, or some mails were given up."""


class Draining:
    """A database of its own, since a worker looks for everything that there is to do."""

    def __init__(self, url: str, environ: Mapping[str, str]) -> None:
        """Make and fill it; `environ` is the product's, and its sandbox takes the mails."""
        self._url, self._environ = url, {**environ, "CONSULTING_DATABASE_URL": url}
        migrate(database_url=url)
        many.fill(url, Many(researchers=40, sessions=2000), now=datetime.now(UTC) + LATER)

    def work(self) -> Work:
        """Give the work: mails a second."""
        return Work(
            name="emptying the outbox, mail by mail",
            limit="SMTP alone",
            ours=self._drain,
            limits=lambda _: self._send(),
        )

    def _drain(self, number: int) -> Timings:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("TRUNCATE outbox, inbox")
            with running_worker(self._environ):
                _wait(connection, _LOOKED_AROUND, wanted=1)
                connection.execute(_ERRANDS, {"mails": MAILS, "told": number * MAILS})
                connection.execute(_WAKE, {"channel": CHANNEL})
                _wait(connection, _LEFT, wanted=0)
            done, seconds = connection.execute(_TOOK).fetchall()[0]
        if done != MAILS:
            raise NotDrainedError(f"{done} of {MAILS} mails")
        return _shared(seconds)

    def _send(self) -> Timings:
        port = int(self._environ["CONSULTING_SANDBOX_SMTP_PORT"])
        began = time.perf_counter()
        with ThreadPoolExecutor(MAIL_THREADS) as threads:
            list(threads.map(lambda number: _send_one(port, number), range(MAILS)))
        return _shared(time.perf_counter() - began)


def _wait(connection: psycopg.Connection, question: LiteralString, *, wanted: int) -> None:
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        if connection.execute(question).fetchall() == [(wanted,)]:
            return
        time.sleep(0.1)
    raise NotDrainedError("the worker isn't there, or the outbox isn't empty yet")


def _send_one(port: int, number: int) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "desk@consulting.example", "r@example.org", f"Booking {number}"
    mail.set_content("Somebody has booked a session with you.\n" * 20)
    with smtplib.SMTP(HOST, port) as smtp:
        smtp.send_message(mail)


def _shared(seconds: float) -> Timings:
    return Timings(seconds=seconds, each=[seconds / MAILS] * MAILS)
