"""What belongs together: a session and its slot, a payment and its price, a review and its researcher."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

RESEARCHERS = "ALTER TABLE researchers ADD CONSTRAINT researchers_named CHECK (name <> '' AND timezone <> '')"

SLOTS = """
ALTER TABLE sessions DROP CONSTRAINT sessions_time_slot_id_researcher_id_fkey;
ALTER TABLE time_slots
    DROP CONSTRAINT time_slots_id_researcher_id_key,
    ADD CONSTRAINT time_slots_as_booked UNIQUE (id, researcher_id, start_time, end_time);
"""

SESSIONS = """
ALTER TABLE sessions
    ADD CONSTRAINT sessions_of_their_slot
        FOREIGN KEY (time_slot_id, researcher_id, start_time, end_time)
        REFERENCES time_slots (id, researcher_id, start_time, end_time),
    ADD CONSTRAINT sessions_paid_before_start CHECK (expires_at <= start_time),
    ADD CONSTRAINT sessions_as_charged UNIQUE (id, price_amount, price_currency),
    ADD CONSTRAINT sessions_as_reviewed UNIQUE (id, researcher_id);
"""

PAYMENTS = """
ALTER TABLE payments
    DROP CONSTRAINT payments_session_id_fkey,
    ADD CONSTRAINT payments_of_the_price
        FOREIGN KEY (session_id, price_amount, price_currency)
        REFERENCES sessions (id, price_amount, price_currency);
"""

REVIEWS = """
ALTER TABLE reviews
    DROP CONSTRAINT reviews_session_id_fkey,
    ADD CONSTRAINT reviews_of_the_researcher
        FOREIGN KEY (session_id, researcher_id) REFERENCES sessions (id, researcher_id);
"""


def upgrade() -> None:
    for statement in (RESEARCHERS, SLOTS, SESSIONS, PAYMENTS, REVIEWS):
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        """
        ALTER TABLE reviews
            DROP CONSTRAINT reviews_of_the_researcher,
            ADD CONSTRAINT reviews_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id);
        ALTER TABLE payments
            DROP CONSTRAINT payments_of_the_price,
            ADD CONSTRAINT payments_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id);
        ALTER TABLE sessions
            DROP CONSTRAINT sessions_of_their_slot,
            DROP CONSTRAINT sessions_paid_before_start,
            DROP CONSTRAINT sessions_as_charged,
            DROP CONSTRAINT sessions_as_reviewed;
        ALTER TABLE time_slots
            DROP CONSTRAINT time_slots_as_booked,
            ADD CONSTRAINT time_slots_id_researcher_id_key UNIQUE (id, researcher_id);
        ALTER TABLE sessions
            ADD CONSTRAINT sessions_time_slot_id_researcher_id_fkey
                FOREIGN KEY (time_slot_id, researcher_id) REFERENCES time_slots (id, researcher_id);
        ALTER TABLE researchers DROP CONSTRAINT researchers_named
        """
    )
