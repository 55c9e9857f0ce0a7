"""The words of researchers lie in the order in which a search lists people."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NAMES = """
ALTER TABLE researcher_words ADD COLUMN name text COLLATE "C";
UPDATE researcher_words SET name = researchers.name FROM researchers WHERE researchers.id = researcher_id AND active;
DELETE FROM researcher_words WHERE name IS NULL;
ALTER TABLE researcher_words ALTER COLUMN name SET NOT NULL;
DROP INDEX researcher_words_by_word;
CREATE INDEX researcher_words_by_word ON researcher_words (word, weight, name, researcher_id);
"""


def upgrade() -> None:
    op.execute(NAMES)


def downgrade() -> None:
    """Go back; whoever isn't active has no words then, and is found again when they are saved the next time."""
    op.execute("ALTER TABLE researcher_words DROP COLUMN name")
    op.execute("CREATE INDEX researcher_words_by_word ON researcher_words (word, researcher_id, weight)")
