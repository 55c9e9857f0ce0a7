"""The secrets under which calendar programs read somebody's sessions, as digests."""

from __future__ import annotations

from alembic import op

from consulting.adapters.postgres.migrations.checks import instants, lengths

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CALENDAR_TOKENS = f"""
CREATE TABLE calendar_tokens (
    user_id text NOT NULL,
    digest text NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT calendar_tokens_pkey PRIMARY KEY (user_id),
    CONSTRAINT calendar_tokens_opening_one UNIQUE (digest),
    CONSTRAINT calendar_tokens_digest CHECK (digest ~ '^[0-9a-f]{{64}}$'),
    {instants("calendar_tokens", "made_at")},
    {lengths("calendar_tokens", user_id=255)}
)
"""


def upgrade() -> None:
    op.execute(CALENDAR_TOKENS)


def downgrade() -> None:
    """Go back: every subscription ends, and has to be made anew after the next upgrade."""
    op.execute("DROP TABLE calendar_tokens")
