"""How many active researchers have each field of expertise, kept right by the database itself."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

EXPERTISE = """
CREATE TABLE expertise_topics (
    topic text COLLATE "C" NOT NULL,
    researchers integer NOT NULL,
    CONSTRAINT expertise_topics_pkey PRIMARY KEY (topic),
    CONSTRAINT expertise_topics_researchers CHECK (researchers >= 0)
);
CREATE INDEX expertise_topics_by_use ON expertise_topics (researchers DESC, topic);
CREATE TABLE expertise_spellings (
    topic text COLLATE "C" NOT NULL,
    tag text COLLATE "C" NOT NULL,
    researchers integer NOT NULL,
    CONSTRAINT expertise_spellings_pkey PRIMARY KEY (topic, tag),
    CONSTRAINT expertise_spellings_researchers CHECK (researchers >= 0)
);
CREATE INDEX expertise_spellings_by_use ON expertise_spellings (topic, researchers DESC, tag);
"""


def _told(table: str, change: int) -> str:
    return f"""
        SELECT {table}.id, {change} AS change, told.topic, told.tag
        FROM {table}, LATERAL unnest({table}.topics, {table}.expertise) AS told(topic, tag)
        WHERE {table}.active AND told.topic <> ''
    """


def _add_up(table: str, *keys: str, told: str) -> str:
    """Write the loop that does so, in one order for everybody: so that nobody waits for each other in a ring."""
    names, values = ", ".join(keys), ", ".join(f"each.{key}" for key in keys)
    same = " AND ".join(f"{key} = each.{key}" for key in keys)
    order = ", ".join(f'{key} COLLATE "C"' for key in keys)
    return f"""
        FOR each IN
            SELECT {names}, sum(change) AS change
            FROM (SELECT DISTINCT id, change, {names} FROM ({told}) AS told) AS once
            GROUP BY {names} HAVING sum(change) <> 0 ORDER BY {order}
        LOOP
            IF each.change > 0 THEN
                INSERT INTO {table} ({names}, researchers) VALUES ({values}, each.change)
                ON CONFLICT ({names}) DO UPDATE SET researchers = {table}.researchers + each.change;
            ELSE
                UPDATE {table} SET researchers = researchers + each.change WHERE {same};
                DELETE FROM {table} WHERE {same} AND researchers = 0;
            END IF;
        END LOOP;
    """


def _counting(name: str, *sources: str) -> str:
    told = " UNION ALL ".join(sources)
    return f"""
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE each record;
    BEGIN
        {_add_up("expertise_topics", "topic", told=told)}
        {_add_up("expertise_spellings", "topic", "tag", told=told)}
        RETURN NULL;
    END $$
    """


KEPT_RIGHT = (
    _counting("expertise_of_added", _told("added", 1)),
    """
    CREATE TRIGGER expertise_added AFTER INSERT ON researchers REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION expertise_of_added()
    """,
    _counting("expertise_of_changed", _told("added", 1), _told("gone", -1)),
    """
    CREATE TRIGGER expertise_changed AFTER UPDATE ON researchers REFERENCING OLD TABLE AS gone NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION expertise_of_changed()
    """,
    _counting("expertise_of_gone", _told("gone", -1)),
    """
    CREATE TRIGGER expertise_gone AFTER DELETE ON researchers REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION expertise_of_gone()
    """,
)

COUNTED = f"""
LOCK TABLE researchers IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO expertise_topics
SELECT topic, count(DISTINCT id) FROM ({_told("researchers", 1)}) AS told GROUP BY topic;
INSERT INTO expertise_spellings
SELECT topic, tag, count(DISTINCT id) FROM ({_told("researchers", 1)}) AS told GROUP BY topic, tag;
"""


def upgrade() -> None:
    op.execute(EXPERTISE)
    op.execute(COUNTED)
    for statement in KEPT_RIGHT:
        op.execute(statement)


def downgrade() -> None:
    for each in ("added", "changed", "gone"):
        op.execute(f"DROP TRIGGER expertise_{each} ON researchers")
        op.execute(f"DROP FUNCTION expertise_of_{each}")
    op.execute("DROP TABLE expertise_topics, expertise_spellings")
