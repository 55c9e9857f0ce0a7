"""What became of each mail, and an index by which reminders that nobody sent are found afterwards too."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OUTCOMES = """
ALTER TABLE notifications
    ADD COLUMN outcome text NOT NULL DEFAULT 'sent',
    ADD COLUMN reason text,
    ADD CONSTRAINT notifications_outcome_known CHECK (outcome IN ('sending', 'sent', 'failed', 'skipped')),
    ADD CONSTRAINT notifications_reason CHECK ((reason IS NOT NULL) = (outcome IN ('failed', 'skipped'))),
    ADD CONSTRAINT notifications_reason_length CHECK (char_length(reason) <= 20000);
"""

STARTS = """
DROP INDEX sessions_by_start;
CREATE INDEX sessions_by_start ON sessions (start_time, id)
    WHERE status <> 'canceled' AND payment_status = 'completed';
"""


def upgrade() -> None:
    for statement in (OUTCOMES, STARTS):
        op.execute(statement)


def downgrade() -> None:
    """Go back; what was never sent is forgotten, since then everything in the table counts as sent."""
    op.execute(
        """
        DELETE FROM notifications WHERE outcome IN ('failed', 'skipped');
        ALTER TABLE notifications DROP COLUMN outcome, DROP COLUMN reason;
        DROP INDEX sessions_by_start;
        CREATE INDEX sessions_by_start ON sessions (start_time, id)
            WHERE status = 'scheduled' AND payment_status = 'completed'
        """
    )
