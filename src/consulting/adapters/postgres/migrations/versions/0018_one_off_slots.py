"""Slots of one's own that no hours give."""

from __future__ import annotations

from alembic import op

from consulting.adapters.postgres.migrations.checks import instants

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

AVAILABILITY_SLOTS = f"""
CREATE TABLE availability_slots (
    id uuid NOT NULL,
    researcher_id uuid NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL,
    CONSTRAINT availability_slots_pkey PRIMARY KEY (id),
    CONSTRAINT availability_slots_period
        CHECK (end_time - start_time BETWEEN interval '5 minutes' AND interval '8 hours'),
    CONSTRAINT availability_slots_minutes
        CHECK (EXTRACT(epoch FROM start_time) % 60 = 0 AND EXTRACT(epoch FROM end_time) % 60 = 0),
    {instants("availability_slots", "start_time", "end_time")},
    CONSTRAINT availability_slots_researcher_id_fkey FOREIGN KEY (researcher_id) REFERENCES researchers (id)
);
CREATE INDEX availability_slots_of_researcher ON availability_slots (researcher_id);
"""


def upgrade() -> None:
    op.execute(AVAILABILITY_SLOTS)


def downgrade() -> None:
    """Go back: one-off slots are no rules then, and are withdrawn at the next publication."""
    op.execute("DROP TABLE availability_slots")
