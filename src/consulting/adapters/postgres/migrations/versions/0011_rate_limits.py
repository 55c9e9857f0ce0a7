"""How much of what they may do each caller has done lately."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE UNLOGGED TABLE rate_limits (
            who text PRIMARY KEY,
            full_at timestamptz NOT NULL,
            CONSTRAINT rate_limits_instants CHECK (
                full_at >= '0001-01-01 00:00:00+00' AND full_at < '10000-01-01 00:00:00+00'
            ),
            CONSTRAINT rate_limits_lengths CHECK (char_length(who) <= 300)
        );
        CREATE INDEX rate_limits_by_age ON rate_limits (full_at)
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE rate_limits")
