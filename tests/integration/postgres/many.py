"""A marketplace of the size that is promised, made by the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg import sql

from consulting.adapters.postgres.engine import UNBOUNDED, open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions

NOW = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
SLOTS_EACH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """How much of everything there is: each researcher has `SLOTS_EACH` hours, and the same share of sessions."""

    researchers: int
    sessions: int
    idle: int = 0
    """Researchers beyond those, who only stand in the directory."""

    @property
    def sessions_each(self) -> int:
        return self.sessions // self.researchers


def researcher(number: int) -> UUID:
    return UUID(f"00000000-0000-7000-8000-{number:012x}")


def slot(number: int, of: int) -> UUID:
    return UUID(f"00000000-0000-7001-8000-{of * SLOTS_EACH + number:012x}")


def session(number: int, of: int) -> UUID:
    return UUID(f"00000000-0000-7002-8000-{of * SLOTS_EACH + number:012x}")


def start(number: int) -> datetime:
    """The n-th slot of a researcher; a fifth of them lie in the past."""
    return NOW + timedelta(hours=number - SLOTS_EACH // 5)


_ID = "('00000000-0000-{kind}-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def _id(kind: str, number: str) -> str:
    return _ID.format(kind=kind, number=number)


_NUMBER = f"r * {SLOTS_EACH} + n"
_START = f"%(now)s::timestamptz + make_interval(hours => n - {SLOTS_EACH // 5})"
_PAST = f"n < {SLOTS_EACH // 5 - 1}"

DIRECTORY = (
    f"""
    INSERT INTO researchers
    SELECT {_id("7000", "r")}, 'user-' || r, 'Person ' || md5(r::text), 'r@example.org', 'bio', ARRAY['field'],
           ARRAY['field ' || r %% 50], '{{}}', 5000 + r %% 300 * 50, 'usd', 'UTC', r %% 3 > 0, r %% 20 > 0, NULL,
           'Institute ' || r %% 500, '{{}}', NULL,
           interval '1 hour', interval '60 days', '[]', r %% 90 * (1 + r %% 5), r %% 90, %(now)s, %(now)s, 0,
           'institute ' || r %% 500
    FROM generate_series(0, %(researchers)s - 1) r
    """,
    f"""
    INSERT INTO researcher_words
    SELECT {_id("7000", "r")}, word, 80, 'Person ' || md5(r::text)
    FROM generate_series(0, %(researchers)s - 1) r, LATERAL (
        SELECT 'person' UNION SELECT left(md5(r::text), 8) UNION
        SELECT left(md5((r * k %% 5000)::text), 7) FROM generate_series(1, 20) k) AS told(word)
    WHERE r %% 20 > 0
    """,
    """
    INSERT INTO vocabulary
    SELECT word, word || ARRAY(
        SELECT overlay(word placing '' from place for 1) FROM generate_series(1, length(word)) place)
    FROM (
        SELECT word FROM researcher_words UNION SELECT left(md5(n::text), 9) FROM generate_series(1, 20000) n) AS learnt
    """,
)
SLOTS = f"""
    INSERT INTO time_slots
    SELECT {_id("7001", _NUMBER)}, {_id("7000", "r")}, {_START}, {_START} + interval '1 hour', false
    FROM generate_series(0, %(researchers)s - 1) r, generate_series(0, {SLOTS_EACH - 1}) n
"""
SLOWLY_CHECKED = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'time_slots'::regclass AND contype IN ('x', 'f')
"""
CALENDARS = (
    # Past ones are completed, of those to come every fifth is an unpaid hold, one in twenty of these has expired.
    f"""
    INSERT INTO sessions (id, researcher_id, time_slot_id, start_time, end_time, user_id, client_email, client_timezone,
        price_amount, price_currency, policy, status, payment_status, expires_at, no_show, sequence,
        created_at, updated_at)
    SELECT {_id("7002", _NUMBER)}, {_id("7000", "r")}, {_id("7001", _NUMBER)}, {_START}, {_START} + interval '1 hour',
           'client-' || ({_NUMBER}) %% 5000, 'c@example.org', 'UTC', 10000, 'usd', '[]',
           CASE WHEN {_PAST} THEN 'completed' ELSE 'scheduled' END,
           CASE WHEN {_PAST} OR n %% 5 > 0 THEN 'completed' ELSE 'pending' END,
           CASE WHEN {_PAST} OR n %% 5 > 0 THEN NULL
                ELSE LEAST({_START}, %(now)s::timestamptz + make_interval(mins => 15 - 20 * (r %% 20 = 0)::int))
                END,
           false, 0, %(now)s, %(now)s
    FROM generate_series(0, %(researchers)s - 1) r, generate_series(0, {SLOTS_EACH - 1}) n
    WHERE n %% ({SLOTS_EACH} / %(each)s) = 0
    """,
    """
    INSERT INTO payments
    SELECT id, id, 1, 'pi_' || id, price_amount, price_currency,
           CASE payment_status WHEN 'pending' THEN 'open' ELSE 'succeeded' END,
           CASE payment_status WHEN 'pending' THEN NULL ELSE price_amount END,
           CASE payment_status WHEN 'pending' THEN NULL ELSE price_currency END, NULL, created_at, updated_at
    FROM sessions
    """,
    """
    INSERT INTO refunds
    SELECT id, id, id, price_amount, price_currency, 'canceled', 'succeeded', 1, 're_' || id, created_at, updated_at
    FROM sessions WHERE status = 'completed'
    """,
    """
    INSERT INTO reviews SELECT id, id, researcher_id, user_id, 4, 'Good.', created_at, updated_at
    FROM sessions WHERE status = 'completed'
    """,
    """
    INSERT INTO outbox (id, session_id, lane, errand, data, version, recorded_at, due_at, standing, ended_at)
    SELECT id, id, 'mail', 'notify', '{}', 1, start_time, start_time,
           CASE WHEN start_time < %(now)s THEN 'done' ELSE 'waiting' END,
           CASE WHEN start_time < %(now)s THEN start_time END
    FROM sessions
    """,
    """
    INSERT INTO inbox (id, source, external_id, kind, received_at, due_at, standing, ended_at)
    SELECT id, 'stripe', 'evt_' || id, 'kind', start_time, start_time,
           CASE WHEN start_time < %(now)s THEN 'done' ELSE 'waiting' END,
           CASE WHEN start_time < %(now)s THEN start_time END
    FROM sessions
    """,
    """
    INSERT INTO notifications SELECT id, 'confirmation', 'client', '1', '<1@example.org>', created_at FROM sessions
    """,
    """
    INSERT INTO idempotency_keys (caller, key, fingerprint, state, status_code, headers, body, created_at)
    SELECT user_id, id, sha256(id::text::bytea), 'finished', 201, '{}', 'sealed', created_at FROM sessions
    """,
)


def fill(url: str, many: Many, *, now: datetime = NOW) -> None:
    """Put all of it into an empty database, and let the planner know."""
    values = {"now": now, "researchers": many.researchers, "each": many.sessions_each}
    everybody = values | {"researchers": many.researchers + many.idle}
    with psycopg.connect(url) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for step in DIRECTORY:
            connection.execute(step.encode(), everybody)
        with checked_afterwards(connection):
            connection.execute(SLOTS.encode(), values)
        for step in CALENDARS:
            connection.execute(step.encode(), values)
    tidy(url)
    settle(url, now=now)
    tidy(url, "openings")


def tidy(url: str, *tables: str) -> None:
    """Let the planner know what there is in these tables, or in all.

    What isn't on the disk yet is not marked as visible to everybody, and then no index is read alone.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("SELECT pg_logical_emit_message(true, 'tests', 'everything before this is on the disk')")
        connection.execute(f"VACUUM ANALYZE {', '.join(tables)}".encode())


@contextmanager
def checked_afterwards(connection: psycopg.Connection) -> Iterator[None]:
    """Check foreign keys and overlaps of all slots at once after the block: half the time of checking one by one."""
    constraints = connection.execute(SLOWLY_CHECKED).fetchall()
    for name, _ in constraints:
        connection.execute(sql.SQL("ALTER TABLE time_slots DROP CONSTRAINT {}").format(sql.Identifier(name)))
    yield
    for name, definition in constraints:
        added = sql.SQL("ALTER TABLE time_slots ADD CONSTRAINT {} ").format(sql.Identifier(name)) + sql.SQL(definition)
        connection.execute(added)


def settle(url: str, *, now: datetime) -> None:
    """Look at the slots of everybody whose opening is in doubt, as workers do; a second later.

    At `now` itself the notice of a free slot ends, which is in doubt again as soon as it was looked at.
    """
    engine = open_engine(url=url, pool_size=1, patience=UNBOUNDED)
    storage = PostgresTransactions(engine)
    settled = 1
    while settled:
        with storage.begin() as tx:
            settled = tx.researchers.settle_openings(at=now + timedelta(seconds=1), limit=5_000)
    engine.dispose()
