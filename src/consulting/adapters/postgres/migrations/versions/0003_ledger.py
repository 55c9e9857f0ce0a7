"""The ledger, and refunds that somebody else made."""

from __future__ import annotations

from alembic import op

from consulting.adapters.postgres.migrations.checks import instants, lengths

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LEDGER_ENTRIES = f"""
CREATE TABLE ledger_entries (
    number bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    reference text NOT NULL,
    kind text NOT NULL,
    session_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT ledger_entries_pkey PRIMARY KEY (number),
    CONSTRAINT ledger_entries_reference_key UNIQUE (reference),
    CONSTRAINT ledger_entries_payment_id_session_id_fkey
        FOREIGN KEY(payment_id, session_id) REFERENCES payments (id, session_id),
    CONSTRAINT ledger_entries_kind_known CHECK (kind IN ('charge', 'refund', 'refund_failed', 'dispute_lost')),
    CONSTRAINT ledger_entries_amount CHECK (amount <> 0),
    CONSTRAINT ledger_entries_direction CHECK ((amount > 0) = (kind IN ('charge', 'refund_failed'))),
    CONSTRAINT ledger_entries_currency CHECK (currency ~ '^[a-z]{{3}}$'),
    {instants("ledger_entries", "recorded_at")},
    {lengths("ledger_entries", reference=255)}
);
CREATE INDEX ledger_entries_of_session ON ledger_entries (session_id, number);
"""

FILL = """
INSERT INTO ledger_entries (reference, kind, session_id, payment_id, amount, currency, recorded_at)
SELECT 'charge:' || id, 'charge', session_id, id, received_amount, received_currency, updated_at
FROM payments WHERE received_amount IS NOT NULL
UNION ALL
SELECT 'refund:' || id || ':' || tries, 'refund', session_id, payment_id, -amount, currency, updated_at
FROM refunds WHERE state = 'succeeded'
"""

APPEND_ONLY = """
CREATE FUNCTION ledger_entries_are_for_ever() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''what was written to the ledger stays as it is''; END';
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_are_for_ever();
"""

REFUNDS = """
CREATE INDEX payments_disputed ON payments (id) WHERE dispute = 'open';
CREATE INDEX refunds_unsettled ON refunds (id) WHERE state IN ('pending', 'requested');
ALTER TABLE refunds
    DROP CONSTRAINT refunds_state_known,
    ADD CONSTRAINT refunds_state_known
        CHECK (state IN ('requested', 'pending', 'succeeded', 'failed', 'closed')),
    DROP CONSTRAINT refunds_reason_known,
    ADD CONSTRAINT refunds_reason_known
        CHECK (reason IN (
            'canceled', 'late_payment', 'charged_twice', 'mismatch', 'goodwill', 'outside', 'disputed'));
"""


def upgrade() -> None:
    for statement in (LEDGER_ENTRIES, FILL, APPEND_ONLY, REFUNDS):
        op.execute(statement)


def downgrade() -> None:
    """Go back to a database that knows less; refused by it where there are refunds that it would not know."""
    op.execute(
        """
        DROP TABLE ledger_entries;
        DROP FUNCTION ledger_entries_are_for_ever();
        DROP INDEX payments_disputed, refunds_unsettled;
        ALTER TABLE refunds
            DROP CONSTRAINT refunds_state_known,
            ADD CONSTRAINT refunds_state_known CHECK (state IN ('requested', 'pending', 'succeeded', 'failed')),
            DROP CONSTRAINT refunds_reason_known,
            ADD CONSTRAINT refunds_reason_known
                CHECK (reason IN ('canceled', 'late_payment', 'charged_twice', 'mismatch', 'goodwill', 'outside'))
        """
    )
