"""A third limit: PostgreSQL's own load generator, with the very statements that the product runs, and no Python."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

import psycopg

from bench.load import Timings
from consulting.adapters.postgres import retries, session_statements, time_slots
from consulting.adapters.postgres.prepared import Prepared

_PLACE: Final = re.compile(r"%\((\w+)\)s")
LONGEST_SECONDS: Final = 120
CONNECTIONS: Final = 8
"""As many as `bench.limit` has: more are slower on a machine of few cores."""

BEFORE: Final = 10
"""How many transactions warm a connection up: a server plans a prepared statement anew for the first five."""

OPTIONS: Final = "-c jit=off -c random_page_cost=1.1"
"""What the product asks of its connections, so that the plans are the same."""

_NEXT_SLOT: Final = (
    "SELECT slots.id AS slot, researcher_id AS who, start_time AS starts, end_time AS ends,"
    " 'pgbench-' || slots.id AS client FROM wanted JOIN time_slots slots USING (id) WHERE number = :number"
)
_NOTHING: Final = (
    *("client_name", "paper_id", "meeting_id", "meeting_join_link", "meeting_host", "canceled_by", "leased_until"),
    *("cancellation_reason", "cancellation_note", "canceled_at", "confirmed_at", "rescheduled_at"),
)
_BOOKING: Final[dict[str, str]] = {
    "turn": "hashtextextended(:client, 0)",
    "number": "hashtext(:client)",
    **dict.fromkeys(("caller", "key", "user_id"), ":client"),
    **dict.fromkeys(("id", "time_slot_id"), ":slot"),
    "researcher_id": ":who",
    "start_time": ":starts",
    "end_time": ":ends",
    **dict.fromkeys(("at", "created_at", "updated_at", "expires_at"), "now()"),
    "client_email": "'b@clients.example'",
    "client_timezone": "'UTC'",
    "questions": "'How does it scale?'",
    "price_amount": "2500",
    "price_currency": "'usd'",
    "policy": "'[]'",
    "no_show": "false",
    "sequence": "0",
    "status": "'scheduled'",
    "payment_status": "'pending'",
    "state": "'finished'",
    "status_code": "201",
    "fingerprint": "decode(repeat('00', 32), 'hex')",
    "headers": "'{}'",
    "body": "decode(repeat('00', 900), 'hex')",
    **dict.fromkeys(_NOTHING, "NULL"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PgBench:
    """The program, and the database that it asks. `whose` are the numbers, without a gap, of calendars to look at."""

    program: Path
    url: str
    whose: Sequence[int]
    first_day: date

    def read_days(self, *, number: int) -> Timings:
        """Ask whether days of slots are as they were, as the product does."""
        when = f"(date '{self.first_day}' + :day::int)::timestamptz"
        who = "('00000000-0000-7000-8000-' || lpad(to_hex(:who::int), 12, '0'))::uuid"
        places = {"researcher_id": who, "start": when, "end": f"{when} + interval '1 day'"}
        script = [
            f"\\set who random({self.whose[0]}, {self.whose[-1]})",
            "\\set day random(0, 39)",
            *_trip(places, time_slots.OFFERS_STARTING.check),
        ]
        return self._run(script, count=number)

    def book(self, slots: Sequence[UUID]) -> Timings:
        """Book these slots, with the statements of a booking under a key, in as many trips.

        pgbench can't count through a list, so a trip before the booking finds the slot.
        """
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS wanted (number int PRIMARY KEY, id uuid)")
            connection.execute("TRUNCATE wanted")
            connection.execute(
                "INSERT INTO wanted SELECT number - 1, id FROM unnest(%s::uuid[]) WITH ORDINALITY w (id, number)",
                [list(slots)],
            )
        share = len(slots) // CONNECTIONS
        script = [
            "\\set taken :taken + 1",
            f"\\set number :client_id * {share} + :taken - 1",
            f"{_NEXT_SLOT} \\gset",
            *_trip(
                _BOOKING,
                Prepared(b"BEGIN", {}),
                retries.REFUSE_RUNNING,
                retries.REFUSE_KNOWN,
                Prepared(b"SAVEPOINT part", {}),
                time_slots.LOCK_FOR,
                time_slots.OFFER_FOR,
            ),
            *_trip(
                {**_BOOKING, "id": "gen_random_uuid()"},
                session_statements.ADD,
                retries.KEEP,
                Prepared(b"COMMIT", {}),
            ),
        ]
        return self._run(script, count=len(slots))

    def _run(self, script: Sequence[str], *, count: int) -> Timings:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "script.sql"
            file.write_text("\n".join(script) + "\n")
            log = f"-l --log-prefix={folder}/log"
            shares = f"-c {CONNECTIONS} -t {count // CONNECTIONS} -j 1 -D taken=0 {log}"
            subprocess.run(
                [str(self.program), "-n", "-M", "prepared", "-f", str(file), *shares.split(), self.url],
                env={**os.environ, "PGOPTIONS": OPTIONS},
                capture_output=True,
                timeout=LONGEST_SECONDS,
                check=True,
            )
            [told] = Path(folder).glob("log.*")
            return _timings(told.read_text())


def _trip(places: Mapping[str, str], *steps: Prepared) -> Sequence[str]:
    return ["\\startpipeline", *(_written(step, places) for step in steps), "\\endpipeline"]


def _written(statement: Prepared, places: Mapping[str, str]) -> str:
    """Write a statement for pgbench, with expressions in its places."""
    filled = {**places, **{name: f"'{value}'" for name, value in statement.constants.items()}}
    sql = _PLACE.sub(lambda found: f"({filled[found[1]]})", statement.sql.decode()).replace("%%", "%")
    return " ".join(sql.split()) + ";"


def _timings(log: str) -> Timings:
    """Read the log, from when the last connection was warm: those of the product are, too."""
    lines = [[int(word) for word in line.split()] for line in log.splitlines()]
    ends = [(number, took, seconds + microseconds / 1e6) for _, number, took, _, seconds, microseconds in lines]
    warm = max(end for number, _, end in ends if number <= BEFORE)
    each = [(took / 1e6, end) for _, took, end in ends if end > warm]
    if not each:
        raise ValueError(f"{len(lines)} transactions are over before {CONNECTIONS} connections are warm")
    return Timings(seconds=max(end for _, end in each) - warm, each=[took for took, _ in each])
