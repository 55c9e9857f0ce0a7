"""The rules of the tables that a booking writes, looked at by one function a table, under the names that they have.

A session names its researcher by its slot alone: that there is such a researcher the slot's own key says.
"""

from __future__ import annotations

from collections.abc import Mapping

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def _instants(*columns: str) -> str:
    bounds = (
        f"kept.{each} >= '0001-01-01 00:00:00+00' AND kept.{each} < '10000-01-01 00:00:00+00'" for each in columns
    )
    return " AND ".join(bounds)


def _lengths(**letters: int) -> str:
    return " AND ".join(f"char_length(kept.{column}) <= {most}" for column, most in letters.items())


SESSIONS = {
    "canceled": "(kept.canceled_at IS NOT NULL) = (kept.status = 'canceled')",
    "canceled_by_known": "kept.canceled_by IN ('client', 'researcher', 'admin', 'system')",
    "cancellation": "num_nulls(kept.canceled_by, kept.cancellation_reason, kept.canceled_at) IN (0, 3)",
    "cancellation_reason_known": "kept.cancellation_reason IN ('hold_expired', 'canceled_by_client',"
    " 'canceled_by_researcher', 'canceled_by_admin', 'refunded_outside')",
    "deadline": "(kept.expires_at IS NOT NULL) ="
    " (kept.status = 'scheduled' AND kept.payment_status IN ('pending', 'failed'))",
    "free": "kept.price_amount > 0 OR kept.payment_status = 'completed'",
    "instants": _instants(
        *("start_time", "end_time", "expires_at", "canceled_at", "confirmed_at", "rescheduled_at"),
        *("created_at", "updated_at"),
    ),
    "lengths": _lengths(
        user_id=255,
        client_email=320,
        client_name=200,
        client_timezone=64,
        paper_id=255,
        questions=20_000,
        meeting_id=255,
        meeting_join_link=2000,
        meeting_host=320,
        cancellation_note=2000,
    ),
    "meeting": "num_nulls(kept.meeting_id, kept.meeting_join_link, kept.meeting_host) IN (0, 3)",
    "no_show": "NOT kept.no_show OR kept.status = 'completed'",
    "paid_before_start": "kept.expires_at <= kept.start_time",
    "period": "kept.start_time < kept.end_time",
    "price": "kept.price_amount >= 0",
    "price_currency": "kept.price_currency ~ '^[a-z]{3}$'",
    "sequence": "kept.sequence >= 0",
    "state": "(kept.status, kept.payment_status) IN ("
    "('scheduled', 'pending'), ('scheduled', 'failed'), ('scheduled', 'completed'),"
    " ('completed', 'completed'), ('completed', 'refunded'),"
    " ('canceled', 'pending'), ('canceled', 'failed'), ('canceled', 'completed'), ('canceled', 'refunded'))",
}
IDEMPOTENCY_KEYS = {
    "fingerprint": "octet_length(kept.fingerprint) = 32",
    "finished": "(kept.state = 'finished') = (num_nulls(kept.status_code, kept.headers, kept.body) = 0)",
    "instants": _instants("leased_until", "created_at"),
    "lengths": _lengths(caller=255, key=255),
    "started": "(kept.state = 'started') = (kept.leased_until IS NOT NULL)",
    "state_known": "kept.state IN ('started', 'finished')",
    "status_code": "kept.status_code BETWEEN 100 AND 599",
}
NAMED_BY_THEIR_SLOT = "ALTER TABLE sessions DROP CONSTRAINT sessions_researcher_id_fkey"
NAMED_BY_THEMSELVES = (
    "ALTER TABLE sessions ADD CONSTRAINT sessions_researcher_id_fkey"
    " FOREIGN KEY (researcher_id) REFERENCES researchers (id)"
)
TABLES = {"sessions": SESSIONS, "idempotency_keys": IDEMPOTENCY_KEYS}

_JUDGING = """
CREATE FUNCTION {table}_sound(kept {table}) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE broken text;
BEGIN
    IF ({all}) IS NOT FALSE THEN RETURN true;
    {broken}
    END IF;
    RAISE check_violation USING TABLE = '{table}', CONSTRAINT = broken,
        MESSAGE = 'new row for relation "{table}" violates check constraint "' || broken || '"';
END $$
"""


def _judging(table: str, rules: Mapping[str, str]) -> str:
    broken = (f"ELSIF NOT ({rule}) THEN broken := '{table}_{name}';" for name, rule in rules.items())
    each = " AND ".join(f"({rule})" for rule in rules.values())
    return _JUDGING.format(table=table, all=each, broken="\n    ".join(broken))


def upgrade() -> None:
    for table, rules in TABLES.items():
        gone = ", ".join(f"DROP CONSTRAINT {table}_{name}" for name in rules)
        op.execute(_judging(table, rules))
        op.execute(f"ALTER TABLE {table} {gone}, ADD CONSTRAINT {table}_sound CHECK ({table}_sound({table}))")
    op.execute(NAMED_BY_THEIR_SLOT)


def downgrade() -> None:
    for table, rules in TABLES.items():
        back = ", ".join(
            f"ADD CONSTRAINT {table}_{name} CHECK ({rule.replace('kept.', '')})" for name, rule in rules.items()
        )
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_sound, {back}")
        op.execute(f"DROP FUNCTION {table}_sound({table})")
    op.execute(NAMED_BY_THEMSELVES)
