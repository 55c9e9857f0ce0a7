"""What must be true of a whole database after any race, as statements that find what contradicts it."""

from __future__ import annotations

import psycopg

from tests.unit.application.marketplace import FREE_SESSIONS_PER_USER, HOLDS_PER_USER, NOON

_RETURNED = """
    SELECT payment_id, sum(amount) AS amount FROM refunds WHERE state <> 'failed' GROUP BY payment_id
"""

CONTRADICTIONS = {
    "sessions of one researcher overlap": """
        SELECT a.id, b.id FROM sessions a JOIN sessions b ON a.researcher_id = b.researcher_id AND a.id < b.id
        WHERE a.status <> 'canceled' AND b.status <> 'canceled'
          AND a.start_time < b.end_time AND b.start_time < a.end_time
    """,
    "published slots of one researcher overlap": """
        SELECT a.id, b.id FROM time_slots a JOIN time_slots b ON a.researcher_id = b.researcher_id AND a.id < b.id
        WHERE NOT a.withdrawn AND NOT b.withdrawn AND a.start_time < b.end_time AND b.start_time < a.end_time
    """,
    "a session stands in blocked time": """
        SELECT s.id, b.id FROM sessions s JOIN availability_blocks b ON s.researcher_id = b.researcher_id
        WHERE s.status = 'scheduled' AND s.start_time < b.end_time AND b.start_time < s.end_time
    """,
    "a session stands on a slot that is withdrawn, or is another time": """
        SELECT s.id FROM sessions s JOIN time_slots t ON t.id = s.time_slot_id
        WHERE s.status = 'scheduled' AND (t.withdrawn OR (t.start_time, t.end_time) <> (s.start_time, s.end_time))
    """,
    "somebody holds more than allowed": f"""
        SELECT user_id FROM sessions WHERE status = 'scheduled' AND expires_at > %(noon)s
        GROUP BY user_id HAVING count(*) > {HOLDS_PER_USER}
    """,
    "somebody has more free sessions to come than allowed": f"""
        SELECT user_id FROM sessions WHERE status = 'scheduled' AND price_amount = 0 AND start_time > %(noon)s
        GROUP BY user_id HAVING count(*) > {FREE_SESSIONS_PER_USER}
    """,
    "a session stands without its price": f"""
        SELECT s.id FROM sessions s WHERE (s.status, s.payment_status) = ('scheduled', 'completed')
          AND s.price_amount <> coalesce((
            SELECT sum(p.received_amount - coalesce(r.amount, 0)) FROM payments p
            LEFT JOIN ({_RETURNED}) r ON r.payment_id = p.id WHERE p.session_id = s.id
          ), 0)
    """,
    "more goes back than was paid": f"""
        SELECT p.id FROM payments p JOIN ({_RETURNED}) r ON r.payment_id = p.id
        WHERE r.amount > coalesce(p.received_amount, 0)
    """,
    "money is kept for a session that never was": f"""
        SELECT s.id FROM sessions s JOIN payments p ON p.session_id = s.id
        LEFT JOIN ({_RETURNED}) r ON r.payment_id = p.id
        WHERE s.status = 'canceled' AND s.confirmed_at IS NULL AND p.received_amount <> coalesce(r.amount, 0)
    """,
    "a confirmed session has not exactly one meeting to be made, or another one has": """
        SELECT s.id FROM sessions s LEFT JOIN outbox o ON o.session_id = s.id AND o.errand = 'create_meeting'
        GROUP BY s.id HAVING count(o.id) <> (s.confirmed_at IS NOT NULL)::int
    """,
    "a refund has not exactly one errand": """
        SELECT r.id FROM refunds r LEFT JOIN outbox o ON o.errand = 'refund' AND o.data ->> 'refund_id' = r.id::text
        GROUP BY r.id HAVING count(o.id) <> 1
    """,
}


def contradictions(connection: psycopg.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Give what contradicts these truths, by its name; nothing if all is well."""
    found = {
        name: connection.execute(statement.encode(), {"noon": NOON}).fetchall()
        for name, statement in CONTRADICTIONS.items()
    }
    return {name: rows for name, rows in found.items() if rows}
