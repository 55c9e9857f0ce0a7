"""What researchers keep for themselves: the gap of new hours, notes on sessions; and their bookings in order."""

from __future__ import annotations

from alembic import op

from consulting.adapters.postgres.migrations.checks import lengths

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE researchers
            ADD COLUMN gap_minutes smallint DEFAULT 0 NOT NULL,
            ADD CONSTRAINT researchers_gap CHECK (gap_minutes BETWEEN 0 AND 240)
        """
    )
    op.execute(
        f"""
        CREATE TABLE session_notes (
            session_id uuid NOT NULL,
            notes text NOT NULL,
            CONSTRAINT session_notes_pkey PRIMARY KEY (session_id),
            CONSTRAINT session_notes_session_id_fkey
                FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
            {lengths("session_notes", notes=20000)}
        )
        """
    )
    op.execute("CREATE INDEX sessions_of_researcher ON sessions (researcher_id, start_time, id)")


def downgrade() -> None:
    op.execute("DROP INDEX sessions_of_researcher")
    op.execute("DROP TABLE session_notes")
    op.execute("ALTER TABLE researchers DROP CONSTRAINT researchers_gap, DROP COLUMN gap_minutes")
