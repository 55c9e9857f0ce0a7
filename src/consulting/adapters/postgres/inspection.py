"""Looking over the whole database for what can't be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine

from consulting.adapters.postgres.inspection_queries import COUNTS, QUERIES
from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.prepared import Prepared
from consulting.application.ports.inspection import Fault, Finding

_LONGEST_QUERY: Final = Prepared(
    b"SELECT set_config('statement_timeout', %(milliseconds)s, true)",
    {"milliseconds": str(timedelta(minutes=10) // timedelta(milliseconds=1))},
)
"""A request of a client may not take so long, the audit of a large database may."""


class PostgresInspection:
    """The whole database, read for an audit."""

    def __init__(self, engine: Engine) -> None:
        """Take connections from this engine's pool."""
        self._engine = engine

    def find(self, fault: Fault, *, at: datetime, horizon: datetime) -> Sequence[Finding]:
        """List everything of this fault, none for one that only the provider's books show. Raises StorageUnavailable.

        Each fault is looked for in one statement, hence in one state of the database.
        """
        if fault not in QUERIES:
            return ()
        rows = self._rows(QUERIES[fault], at=at, horizon=horizon)
        return [Finding(fault=fault, about=_ids(row)) for row in rows]

    def extent(self) -> Mapping[str, int]:
        """Count what was looked over. Raises StorageUnavailable."""
        counts: Mapping[str, int] = self._rows(COUNTS)[0]._asdict()
        return counts

    def _rows(self, query: str, **values: Any) -> Sequence[Row]:
        link = Link(self._engine)
        try:
            link.rows(_LONGEST_QUERY)
            return link.rows(Prepared(query.encode(), {}), **values)
        finally:
            link.close()


def _ids(row: Row) -> Mapping[str, str]:
    return {name: str(value) for name, value in row._asdict().items() if value is not None}
