"""Indexes by which errands and messages that were given up are counted and listed."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX outbox_dead ON outbox (recorded_at, id) WHERE standing = 'dead'")
    op.execute("CREATE INDEX inbox_dead ON inbox (received_at, id) WHERE standing = 'dead'")


def downgrade() -> None:
    op.execute("DROP INDEX outbox_dead, inbox_dead")
