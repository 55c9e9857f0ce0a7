"""A directory of a hundred thousand, made by the database itself: common and rare words, few and many of each kind."""

from __future__ import annotations

import psycopg

from tests.integration.postgres.many import NOW, settle

HOURS_EACH = 4
"""Slots of each researcher who has any: one a day, from tomorrow on, or from a month on."""

_ID = "('00000000-0000-{kind}-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"
_WHO = _ID.format(kind="7000", number="r")
_SLOT = _ID.format(kind="7001", number=f"r * {HOURS_EACH} + n")
_SESSION = _ID.format(kind="7002", number=f"r * {HOURS_EACH} + n")


def _chance(kind: int, most: int) -> str:
    """Draw a number below `most` for the r-th researcher, always the same one."""
    return f"((hashint4extended(r, {kind}) & 1048575) %% {most})"


_NAME = "'Person ' || md5(r::text)"
_ACTIVE, _SOON, _EVER = f"{_chance(1, 50)} > 0", f"{_chance(2, 20)} = 0", f"{_chance(3, 2)} = 0"
# One in twenty has time from tomorrow on, and the first of it is taken; half have some in a month; others have none.
_START = f"""(%(now)s::timestamptz + make_interval(
    days => n + CASE WHEN {_SOON} THEN 1 ELSE 30 END, mins => r %% 480))"""

STEPS = (
    f"""
    INSERT INTO researchers
    SELECT {_WHO}, 'user-' || r, {_NAME}, 'r@example.org', repeat('Knows a lot. ', 20),
           ARRAY['Field ' || {_chance(4, 50)}], ARRAY['field ' || {_chance(4, 50)}], '{{}}',
           CASE WHEN {_chance(5, 1000)} = 0 THEN 100 ELSE 5000 + {_chance(6, 300)} * 50 END,
           CASE WHEN {_chance(7, 7)} = 0 THEN 'eur' ELSE 'usd' END, 'UTC', {_chance(8, 3)} > 0, {_ACTIVE}, NULL,
           'Institute ' || {_chance(9, 500)}, '{{}}', NULL, interval '1 hour', interval '60 days', '[]',
           {_chance(10, 90)} * (1 + {_chance(11, 5)}), {_chance(10, 90)}, %(now)s, %(now)s, 0,
           'institute ' || {_chance(9, 500)}
    FROM generate_series(0, %(researchers)s - 1) r
    """,
    # Everybody is a person, every fifth learns, every seventh about machines, few are in Zürich; one is unlike others.
    f"""
    INSERT INTO researcher_words (researcher_id, word, weight, name)
    SELECT {_WHO}, told.word, told.weight, {_NAME}
    FROM generate_series(0, %(researchers)s - 1) r, LATERAL (
        VALUES ('person', 80), (left(md5(r::text), 8), 80), ('number' || {_chance(12, 500)}, 40),
            (CASE WHEN {_chance(13, 5)} = 0 THEN 'learning' ELSE 'teaching' END, 60),
            (CASE WHEN {_chance(14, 7)} = 0 THEN 'machine' ELSE 'history' END, 20),
            (CASE WHEN {_chance(15, 400)} = 0 THEN 'zurich' ELSE 'somewhere' END, 40)) AS told(word, weight)
    WHERE {_ACTIVE}
    ORDER BY 2, 3
    """,
    """
    INSERT INTO vocabulary
    SELECT word, word || ARRAY(
        SELECT overlay(word placing '' from place for 1) FROM generate_series(1, length(word)) place)
    FROM (
        SELECT DISTINCT word FROM researcher_words) AS learnt
    """,
    f"""
    INSERT INTO time_slots
    SELECT {_SLOT}, {_WHO}, {_START}, {_START} + interval '1 hour', false
    FROM generate_series(0, %(researchers)s - 1) r, generate_series(0, {HOURS_EACH - 1}) n
    WHERE {_SOON} OR {_EVER}
    """,
    f"""
    INSERT INTO sessions (id, researcher_id, time_slot_id, start_time, end_time, user_id, client_email, client_timezone,
        price_amount, price_currency, policy, status, payment_status, no_show, sequence, created_at, updated_at)
    SELECT {_SESSION}, {_WHO}, {_SLOT}, {_START}, {_START} + interval '1 hour', 'client', 'c@example.org', 'UTC',
           10000, 'usd', '[]', 'scheduled', 'completed', false, 0, %(now)s, %(now)s
    FROM generate_series(0, %(researchers)s - 1) r, (SELECT 0 AS n) AS first
    WHERE {_SOON}
    """,
)


def crowd(url: str, *, researchers: int) -> None:
    """Put it into an empty database, settle what is in doubt but for a few, and let the planner know."""
    with psycopg.connect(url) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for step in STEPS:
            connection.execute(step.encode(), {"now": NOW, "researchers": researchers})
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    settle(url, now=NOW)
    with psycopg.connect(url, autocommit=True) as connection:
        # What isn't on the disk yet is not marked as visible to everybody, and then no index is read alone.
        connection.execute("SET synchronous_commit = on")
        connection.execute("UPDATE openings SET certain_until = '-infinity' WHERE random() < 0.0005")
        connection.execute("VACUUM ANALYZE")
