"""What an audit asks the database, one query a fault; each column of a result is the id of what it is named after.

Written in SQL, because whoever reads a finding will want to run its query by hand.
"""

from __future__ import annotations

from typing import Final

from consulting.adapters.postgres.tables.bearers import BEARERS_TOLD
from consulting.adapters.postgres.tables.expertise import EXPERTISE_TOLD
from consulting.application.ports.inspection import Fault
from consulting.domain.refunds import NOT_OURS, TRIES

_STANDING: Final = "state NOT IN ('failed', 'closed')"
_LIVE: Final = "(s.status = 'completed' OR (s.status = 'scheduled' AND s.payment_status = 'completed'))"
_NOT_OURS: Final = ", ".join(f"'{reason}'" for reason in sorted(NOT_OURS))

_ACCOUNTS: Final = f"""
WITH received AS (
    SELECT session_id, sum(received_amount) AS amount FROM payments WHERE state = 'succeeded' GROUP BY session_id
), returned AS (
    SELECT r.session_id, sum(r.amount) AS amount,
           coalesce(sum(r.amount) FILTER (WHERE r.reason IN ('canceled', 'late_payment', 'charged_twice')), 0) AS own
    FROM refunds r JOIN payments p ON p.id = r.payment_id
    WHERE p.state = 'succeeded' AND r.{_STANDING} GROUP BY r.session_id
), accounts AS (
    SELECT s.id, s.status, s.payment_status, received.amount - CASE
        WHEN s.status <> 'canceled' THEN s.price_amount
        WHEN s.confirmed_at IS NULL OR s.canceled_by <> 'client' THEN 0
        ELSE s.price_amount - (s.price_amount * coalesce(tier.percent, 0) * 2 + 100) / 200
    END AS due, coalesce(returned.amount, 0) AS returned, coalesce(returned.own, 0) AS own
    FROM sessions s
    JOIN received ON received.session_id = s.id
    LEFT JOIN returned ON returned.session_id = s.id
    LEFT JOIN LATERAL (
        SELECT (each ->> 'percent')::bigint AS percent
        FROM jsonb_array_elements(s.policy) WITH ORDINALITY AS tiers (each, place)
        WHERE (each ->> 'notice_microseconds')::bigint
            <= extract(epoch FROM s.start_time - s.canceled_at) * 1000000
        ORDER BY place LIMIT 1
    ) AS tier ON true
    WHERE s.payment_status IN ('completed', 'refunded')
)
"""

_FIELDS: Final = f"""
WITH told AS (
    SELECT topic COLLATE "C" AS topic, tag COLLATE "C" AS tag, count(DISTINCT id)
    FROM ({EXPERTISE_TOLD}) AS told GROUP BY GROUPING SETS ((1), (1, 2))
), counted AS (
    SELECT topic, NULL COLLATE "C" AS tag, researchers FROM expertise_topics
    UNION ALL SELECT topic, tag, researchers FROM expertise_spellings
)
SELECT DISTINCT topic FROM (
    (SELECT * FROM told EXCEPT SELECT * FROM counted) UNION ALL (SELECT * FROM counted EXCEPT SELECT * FROM told)
) AS differs
"""
# Bit by bit, since a whole crowd for each word that anybody wrote takes more room than any server has.
_TRAITS: Final = f"""
SELECT trait, grade FROM (
    SELECT trait, grade, stretch, count(*) AS people, count(*) FILTER (WHERE get_bit(marks, place) = 1) AS marked
    FROM (
        SELECT trait, grade, number / 16384 AS stretch, number % 16384 AS place FROM ({BEARERS_TOLD}) AS rows
    ) AS told LEFT JOIN bearers USING (trait, grade, stretch) GROUP BY 1, 2, 3
) AS told FULL JOIN (
    SELECT trait, grade, stretch, bit_count(marks) AS bits FROM bearers WHERE bit_count(marks) > 0
) AS kept USING (trait, grade, stretch)
WHERE people IS DISTINCT FROM marked OR people IS DISTINCT FROM bits GROUP BY 1, 2
""".replace("%", "%%")

QUERIES: Final[dict[Fault, str]] = {
    Fault.OVERLAP: """
        SELECT one.id AS session, other.id AS other, one.researcher_id AS researcher
        FROM sessions one
        JOIN sessions other ON other.researcher_id = one.researcher_id AND other.id > one.id
            AND tstzrange(one.start_time, one.end_time) && tstzrange(other.start_time, other.end_time)
        WHERE one.status <> 'canceled' AND other.status <> 'canceled'
    """,
    Fault.OFF_SLOT: """
        SELECT s.id AS session, slot.id AS slot FROM sessions s JOIN time_slots slot ON slot.id = s.time_slot_id
        WHERE s.status <> 'canceled' AND (s.start_time, s.end_time) <> (slot.start_time, slot.end_time)
    """,
    Fault.PAID_WITHOUT_SESSION: """
        SELECT s.id AS session, p.id AS payment FROM payments p JOIN sessions s ON s.id = p.session_id
        WHERE p.state = 'succeeded' AND s.payment_status IN ('pending', 'failed')
    """,
    Fault.SESSION_WITHOUT_PAYMENT: f"""
        SELECT s.id AS session FROM sessions s
        WHERE s.price_amount > 0 AND s.payment_status IN ('completed', 'refunded') AND NOT EXISTS (
            SELECT FROM payments p
            WHERE p.session_id = s.id AND p.state = 'succeeded'
                AND (p.received_amount, p.received_currency) = (s.price_amount, s.price_currency)
                AND (s.payment_status = 'refunded' OR p.received_amount > (
                    SELECT coalesce(sum(amount), 0) FROM refunds
                    WHERE payment_id = p.id AND {_STANDING} AND reason <> 'disputed')))
    """,
    Fault.REFUND_MISSING: f"""
        {_ACCOUNTS}
        SELECT id::text AS session, NULL AS payment FROM accounts
        WHERE returned < due OR (returned = due AND status = 'completed' AND payment_status = 'refunded')
        UNION ALL
        SELECT session_id::text, id::text FROM payments p
        WHERE state = 'mismatched' AND received_amount > (
            SELECT coalesce(sum(amount), 0) FROM refunds WHERE payment_id = p.id AND {_STANDING})
    """,
    Fault.REFUND_NOT_DUE: f"{_ACCOUNTS} SELECT id AS session FROM accounts WHERE own > due",
    Fault.REFUNDED_TOO_MUCH: f"""
        SELECT p.session_id AS session, p.id AS payment FROM payments p JOIN refunds r ON r.payment_id = p.id
        WHERE r.{_STANDING} GROUP BY p.id HAVING sum(r.amount) > coalesce(p.received_amount, 0)
    """,
    Fault.REFUND_DEAD: f"""
        SELECT r.session_id AS session, r.id AS refund FROM refunds r
        WHERE r.state = 'failed' AND r.tries >= {TRIES} AND r.reason NOT IN ({_NOT_OURS}) AND NOT EXISTS (
            SELECT FROM refunds later
            WHERE later.payment_id = r.payment_id AND later.{_STANDING} AND later.reason IN ({_NOT_OURS})
                AND later.created_at >= r.created_at AND later.amount >= r.amount)
    """,
    Fault.REFUND_STUCK: """
        SELECT r.session_id AS session, r.id AS refund FROM refunds r JOIN payments p ON p.id = r.payment_id
        WHERE r.state = 'requested' AND p.dispute IS DISTINCT FROM 'open' AND (r.updated_at < %(horizon)s OR EXISTS (
            SELECT FROM outbox
            WHERE errand = 'refund' AND standing = 'dead' AND session_id = r.session_id
                AND data ->> 'refund_id' = r.id::text))
    """,
    Fault.LEDGER_OFF: """
        SELECT p.session_id AS session, p.id AS payment FROM payments p
        LEFT JOIN (SELECT payment_id, sum(amount) AS held FROM ledger_entries GROUP BY payment_id) AS account
            ON account.payment_id = p.id
        LEFT JOIN (
            SELECT payment_id, sum(amount) AS amount FROM refunds WHERE state = 'succeeded' GROUP BY payment_id
        ) AS returned ON returned.payment_id = p.id
        WHERE coalesce(account.held, 0) <> coalesce(p.received_amount, 0) - coalesce(returned.amount, 0)
    """,
    Fault.MESSAGE_DEAD: "SELECT id AS message, intent_id AS intent FROM inbox WHERE standing = 'dead'",
    Fault.NOT_LINKED: f"""
        SELECT s.id AS session FROM sessions s
        WHERE {_LIVE} AND s.meeting_id IS NULL AND s.confirmed_at < %(horizon)s
    """,
    Fault.NOT_TOLD: f"""
        SELECT s.id AS session FROM sessions s
        WHERE {_LIVE} AND s.confirmed_at < %(horizon)s AND NOT EXISTS (
            SELECT FROM notifications
            WHERE session_id = s.id AND (kind, recipient, outcome) = ('confirmation', 'client', 'sent'))
    """,
    Fault.MEETING_LEFT: """
        SELECT id AS session, meeting_id AS meeting FROM sessions
        WHERE status = 'canceled' AND meeting_id IS NOT NULL AND canceled_at < %(horizon)s
    """,
    Fault.ERRAND_DEAD: """
        SELECT o.session_id AS session, o.id AS errand, o.errand AS kind
        FROM outbox o JOIN sessions s ON s.id = o.session_id
        WHERE o.standing = 'dead' AND CASE o.errand
            WHEN 'notify' THEN true
            WHEN 'delete_meeting' THEN s.status = 'canceled' AND s.meeting_id IS NOT NULL
            WHEN 'create_meeting' THEN s.status <> 'canceled' AND s.meeting_id IS NULL
            WHEN 'move_meeting' THEN s.status = 'scheduled'
            WHEN 'cancel_intent' THEN EXISTS (
                SELECT FROM payments WHERE session_id = s.id AND id::text = o.data ->> 'payment_id'
                    AND state IN ('open', 'failed'))
            ELSE false END
    """,
    Fault.REMINDER_LIED: """
        SELECT s.id AS session, n.kind, n.recipient FROM notifications n JOIN sessions s ON s.id = n.session_id
        WHERE n.kind LIKE 'reminder%%' AND n.outcome IN ('sending', 'sent')
            AND (n.marked_at > s.canceled_at OR n.marked_at >= n.about::timestamptz)
    """,
    Fault.FIELD_MISCOUNTED: _FIELDS,
    Fault.TRAIT_MISTAKEN: _TRAITS,
    Fault.OPENING_MISSING: """
        SELECT r.id AS researcher FROM researchers r LEFT JOIN openings o ON o.researcher_id = r.id
        WHERE o.number IS DISTINCT FROM r.number
    """,
}
COUNTS: Final = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {table}) AS {name}"
    for table, name in (
        ("sessions", "sessions"),
        ("payments", "payments"),
        ("refunds", "refunds"),
        ("ledger_entries", "ledger_entries"),
    )
)
