"""Rules for the rows of a table that is written all the time: one constraint calls a function that looks at them all.

PostgreSQL reads the text of every CHECK constraint anew for each statement that writes, and plans it. What a PL/pgSQL
function asks is read once a connection: here all rules at once, and one by one where a row breaks one of them, which is
then refused by that rule's own name.
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import DDL, CheckConstraint, Table
from sqlalchemy.event import listen

_JUDGING: Final = """
CREATE FUNCTION {function}(kept {table}) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE broken text;
BEGIN
    IF ({all}) IS NOT FALSE THEN RETURN true;
    {broken}
    END IF;
    RAISE check_violation USING TABLE = '{table}', CONSTRAINT = broken,
        MESSAGE = 'new row for relation "{table}" violates check constraint "' || broken || '"';
END $$
"""


def keep_sound(table: Table, *rules: CheckConstraint) -> None:
    """Hold each row of the table to these rules: the first, by name, that is false is the one it is refused by."""
    function, judged = f"{table.name}_sound", {str(rule.name): _of_row(table, rule) for rule in rules}
    named = {f"{table.name}_{name}": f"({judged[name]})" for name in sorted(judged)}
    judging = _JUDGING.format(
        function=function,
        table=table.name,
        all=" AND ".join(named.values()),
        broken="\n    ".join(f"ELSIF NOT {rule} THEN broken := '{name}';" for name, rule in named.items()),
    )
    for statement in (judging, f"ALTER TABLE {table.name} ADD CONSTRAINT {function} CHECK ({function}({table.name}))"):
        listen(table, "after_create", DDL(statement))  # type: ignore[no-untyped-call] # SQLAlchemy's DDL has no types


def _of_row(table: Table, rule: CheckConstraint) -> str:
    """Write a rule about the table's columns as one about the function's row; words in quotes are no columns."""
    columns = "|".join(table.columns.keys())
    return re.sub(rf"('[^']*')|\b({columns})\b", lambda found: found[1] or f"kept.{found[2]}", str(rule.sqltext))
