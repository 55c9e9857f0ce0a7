"""Reviews that their researcher answered, or that an admin hid."""

from __future__ import annotations

from alembic import op

from consulting.adapters.postgres.migrations.checks import instants, lengths

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ACTS = (
    "'add_researcher', 'change_researcher', 'cancel_session', 'refund_session', 'retry_errand',"
    " 'create_api_key', 'revoke_api_key', 'export_user', 'erase_user'"
)


def upgrade() -> None:
    op.execute(
        f"""
        ALTER TABLE reviews
            ADD COLUMN answer text,
            ADD COLUMN answered_at timestamptz,
            ADD COLUMN hidden_at timestamptz,
            ADD COLUMN hidden_because text,
            ADD CONSTRAINT reviews_answered CHECK (num_nulls(answer, answered_at) IN (0, 2)),
            DROP CONSTRAINT reviews_instants,
            ADD {instants("reviews", "created_at", "updated_at", "answered_at", "hidden_at")},
            DROP CONSTRAINT reviews_lengths,
            ADD {lengths("reviews", user_id=255, comment=4000, answer=4000, hidden_because=1000)}
        """
    )
    _allow(f"{ACTS}, 'hide_review', 'show_review'", valid=True)


def downgrade() -> None:
    op.execute(
        f"""
        ALTER TABLE reviews
            DROP CONSTRAINT reviews_instants,
            DROP CONSTRAINT reviews_lengths,
            DROP COLUMN answer,
            DROP COLUMN answered_at,
            DROP COLUMN hidden_at,
            DROP COLUMN hidden_because,
            ADD {instants("reviews", "created_at", "updated_at")},
            ADD {lengths("reviews", user_id=255, comment=4000)}
        """
    )
    _allow(ACTS, valid=False)  # what was done stays written down


def _allow(acts: str, *, valid: bool) -> None:
    rest = "" if valid else "NOT VALID"
    op.execute(
        f"""
        ALTER TABLE admin_acts
            DROP CONSTRAINT admin_acts_act_known,
            ADD CONSTRAINT admin_acts_act_known CHECK (act IN ({acts})) {rest}
        """
    )
