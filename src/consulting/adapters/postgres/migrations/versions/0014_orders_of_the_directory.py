"""Lists of researchers by rate, rating and affiliation."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

from consulting.domain.directory import topic

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE researchers
    ADD COLUMN affiliation_topic text,
    ALTER COLUMN rate_currency TYPE text COLLATE "C"
"""
INDEXES = {
    "researchers_by_rate": "rate_currency, rate_amount",
    "researchers_by_rate_down": "rate_currency, (-rate_amount)",
    "researchers_by_rating": "(-((rating_total::bigint * 1000000) / GREATEST(rating_count, 1))), (-rating_count)",
    "researchers_by_affiliation": "affiliation_topic",
}


def upgrade() -> None:
    op.execute(COLUMNS)
    _write_topics()
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON researchers ({columns}, name, id) WHERE active")


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
    op.execute('ALTER TABLE researchers DROP COLUMN affiliation_topic, ALTER rate_currency TYPE text COLLATE "default"')


def _write_topics() -> None:
    connection = op.get_bind()
    known = connection.execute(text("SELECT DISTINCT affiliation FROM researchers WHERE affiliation IS NOT NULL"))
    for (affiliation,) in known.fetchall():
        connection.execute(
            text("UPDATE researchers SET affiliation_topic = :topic WHERE affiliation = :affiliation"),
            {"topic": topic(affiliation), "affiliation": affiliation},
        )
