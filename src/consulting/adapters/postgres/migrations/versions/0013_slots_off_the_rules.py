"""Which slots a session keeps though the rules no longer give them: nobody else may book those."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE time_slots ADD COLUMN retired boolean DEFAULT false NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE time_slots DROP COLUMN retired")
