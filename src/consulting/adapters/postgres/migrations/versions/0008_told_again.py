"""When a session was moved, which mails wait to be tried again, and of which nobody knows whether they arrived."""

from __future__ import annotations

from alembic import op

from consulting.adapters.postgres.migrations.checks import instants

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INSTANTS = ("start_time", "end_time", "expires_at", "canceled_at", "confirmed_at")
_STAMPS = ("created_at", "updated_at")

SESSIONS = f"""
ALTER TABLE sessions
    ADD COLUMN rescheduled_at timestamptz,
    DROP CONSTRAINT sessions_instants,
    ADD {instants("sessions", *_INSTANTS, "rescheduled_at", *_STAMPS)};
"""

NOTIFICATIONS = """
ALTER TABLE notifications
    DROP CONSTRAINT notifications_outcome_known,
    DROP CONSTRAINT notifications_reason,
    ADD CONSTRAINT notifications_outcome_known
        CHECK (outcome IN ('sending', 'sent', 'waiting', 'uncertain', 'failed', 'skipped')),
    ADD CONSTRAINT notifications_reason
        CHECK ((reason IS NOT NULL) = (outcome IN ('waiting', 'uncertain', 'failed', 'skipped')));
"""


def upgrade() -> None:
    for statement in (SESSIONS, NOTIFICATIONS):
        op.execute(statement)


def downgrade() -> None:
    """Go back; what waits or is uncertain counts as failed."""
    op.execute("ALTER TABLE sessions DROP COLUMN rescheduled_at, DROP CONSTRAINT IF EXISTS sessions_instants")
    op.execute(f"ALTER TABLE sessions ADD {instants('sessions', *_INSTANTS, *_STAMPS)}")
    op.execute(
        """
        UPDATE notifications SET outcome = 'failed' WHERE outcome IN ('waiting', 'uncertain');
        ALTER TABLE notifications
            DROP CONSTRAINT notifications_outcome_known,
            DROP CONSTRAINT notifications_reason,
            ADD CONSTRAINT notifications_outcome_known CHECK (outcome IN ('sending', 'sent', 'failed', 'skipped')),
            ADD CONSTRAINT notifications_reason CHECK ((reason IS NOT NULL) = (outcome IN ('failed', 'skipped')))
        """
    )
