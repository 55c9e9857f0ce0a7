"""Working out anew what lists and searches go by, and triggers keep right otherwise: after rows came in another way."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Engine

from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import Prepared
from consulting.adapters.postgres.tables.bearers import BEARERS_ANEW
from consulting.adapters.postgres.tables.expertise import EXPERTISE_ANEW

_NUMBERED_ANEW: Final = """
UPDATE openings SET number = researchers.number, certain_until = '-infinity' FROM researchers
WHERE id = researcher_id AND openings.number IS DISTINCT FROM researchers.number
"""
_STATEMENTS: Final = (
    f"SET LOCAL statement_timeout = {timedelta(minutes=10) // timedelta(milliseconds=1)}",
    "SET LOCAL enable_hashagg = off",  # a crowd for each word would fill the memory
    "LOCK TABLE researchers, researcher_words IN SHARE ROW EXCLUSIVE MODE",
    *EXPERTISE_ANEW,
    *BEARERS_ANEW,
    "INSERT INTO openings (researcher_id, number) SELECT id, number FROM researchers ON CONFLICT DO NOTHING",
    _NUMBERED_ANEW,
)


class Recounting:
    """Makes them anew from the researchers and their words, in one transaction; lists go on meanwhile.

    Whoever changes a profile, or rates somebody, waits for it; bookings don't.
    """

    def __init__(self, engine: Engine) -> None:
        """Take a connection from this engine's pool."""
        self._engine = engine

    def __call__(self) -> None:
        """Do so. Raises StorageUnavailable, also where a transaction that doesn't end holds a researcher."""
        link = Link(self._engine)
        try:
            for statement in _STATEMENTS:
                link.rows(Prepared(statement.replace("%", "%%").encode(), {}))
            link.commit()
        finally:
            link.close()
