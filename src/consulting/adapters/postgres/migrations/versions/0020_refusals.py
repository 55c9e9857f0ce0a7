"""A statement can refuse as a constraint does, so that what was sent behind it isn't done."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

REFUSE = """
CREATE FUNCTION refuse(broken text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE integrity_constraint_violation USING CONSTRAINT = broken, MESSAGE = 'refused: ' || broken;
END $$
"""


def upgrade() -> None:
    op.execute(REFUSE)


def downgrade() -> None:
    op.execute("DROP FUNCTION refuse(text)")
