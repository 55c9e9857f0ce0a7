"""Why money was given back, in an admin's own words."""

from __future__ import annotations

from alembic import op

from consulting.adapters.postgres.migrations.checks import lengths

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        f"""
        ALTER TABLE refunds
            ADD COLUMN note text,
            DROP CONSTRAINT refunds_lengths,
            ADD {lengths("refunds", provider_id=255, note=2000)}
        """
    )


def downgrade() -> None:
    op.execute(
        f"""
        ALTER TABLE refunds
            DROP CONSTRAINT refunds_lengths,
            DROP COLUMN note,
            ADD {lengths("refunds", provider_id=255)}
        """
    )
