"""How many active researchers have each field of expertise, and how they spell it.

Kept by triggers, in the transaction that changes a researcher, so that no writer can forget it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import DDL, CheckConstraint, Column, Index, Named, Table, TypedColumns
from sqlalchemy.event import listen

from consulting.adapters.postgres.tables.metadata import CodePoints, metadata


class _Topics(TypedColumns):
    topic: Named[str] = Column(CodePoints, primary_key=True)
    researchers: Named[int]


expertise_topics = Table("expertise_topics", metadata, _Topics, CheckConstraint("researchers >= 0", name="researchers"))
"""By the form in which two ways to write one field are the same."""

Index("expertise_topics_by_use", expertise_topics.c.researchers.desc(), expertise_topics.c.topic)


class _Spellings(TypedColumns):
    topic: Named[str] = Column(CodePoints, primary_key=True)
    tag: Named[str] = Column(CodePoints, primary_key=True)
    researchers: Named[int]


expertise_spellings = Table(
    "expertise_spellings", metadata, _Spellings, CheckConstraint("researchers >= 0", name="researchers")
)
Index(
    "expertise_spellings_by_use",
    expertise_spellings.c.topic,
    expertise_spellings.c.researchers.desc(),
    expertise_spellings.c.tag,
)


def _told(table: str, change: int) -> str:
    return f"""
        SELECT {table}.id, {change} AS change, told.topic, told.tag
        FROM {table}, LATERAL unnest({table}.topics, {table}.expertise) AS told(topic, tag)
        WHERE {table}.active AND told.topic <> ''
    """


EXPERTISE_TOLD: Final = _told("researchers", 1)
"""Who must be counted: each topic and spelling with an id."""

EXPERTISE_ANEW: Final = (
    "DELETE FROM expertise_topics",
    f"INSERT INTO expertise_topics SELECT topic, count(DISTINCT id) FROM ({EXPERTISE_TOLD}) t GROUP BY 1",
    "DELETE FROM expertise_spellings",
    f"INSERT INTO expertise_spellings SELECT topic, tag, count(DISTINCT id) FROM ({EXPERTISE_TOLD}) t GROUP BY 1, 2",
)
"""Counts all of them anew, while nobody changes a researcher."""


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
for statement in KEPT_RIGHT:
    listen(metadata, "after_create", DDL(statement))  # type: ignore[no-untyped-call] # SQLAlchemy's DDL has no types
