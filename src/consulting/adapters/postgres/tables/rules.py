"""Rules for the rows of a table that is written all the time: one constraint calls a function that looks at them all.

PostgreSQL reads the text of every CHECK constraint anew for each statement that writes, and plans it. What a PL/pgSQL
function asks is read once a connection. What breaks a rule is refused by that rule's own name all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from sqlalchemy import DDL, CheckConstraint, Table
from sqlalchemy.event import listen

_ROW: Final = "kept"


def keep_sound(table: Table, *rules: CheckConstraint) -> None:
    """Hold each row of the table to these rules: the first, by name, that is false is the one it is refused by."""
    function, named = f"{table.name}_sound", {f"{table.name}_{rule.name}": rule for rule in rules}
    judged = (f"NOT ({_of_row(table, named[name])}) THEN broken := '{name}';" for name in sorted(named))
    for statement in (
        _JUDGING.format(function=function, table=table.name, judged=_one_of(judged)),
        f"ALTER TABLE {table.name} ADD CONSTRAINT {function} CHECK ({function}({table.name}))",
    ):
        listen(table, "after_create", DDL(statement))  # type: ignore[no-untyped-call] # SQLAlchemy's DDL has no types


_JUDGING: Final = """
CREATE FUNCTION {function}(kept {table}) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE broken text;
BEGIN
    {judged}
    ELSE RETURN true;
    END IF;
    RAISE check_violation USING TABLE = '{table}', CONSTRAINT = broken,
        MESSAGE = 'new row for relation "{table}" violates check constraint "' || broken || '"';
END $$
"""


def _one_of(judged: Iterable[str]) -> str:
    return "IF " + "\n    ELSIF ".join(judged)


def _of_row(table: Table, rule: CheckConstraint) -> str:
    """Write a rule about the table's columns as one about the function's row; words in quotes are no columns."""
    columns = "|".join(table.columns.keys())
    return re.sub(rf"('[^']*')|\b({columns})\b", lambda found: found[1] or f"{_ROW}.{found[2]}", str(rule.sqltext))
