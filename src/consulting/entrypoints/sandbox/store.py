"""What the sandbox keeps: JSON documents in one SQLite file.

A write is durable against a killed process once its transaction is committed, and a request is answered only
after that. The file lives in write-ahead mode, where SQLite survives a kill at any moment without damage.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

Document = dict[str, Any]

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS documents (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    family TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, key)
)
"""
_INDEX: Final = "CREATE INDEX IF NOT EXISTS documents_of_a_family ON documents (kind, family, position)"
_PUT: Final = """
INSERT INTO documents (kind, key, family, body) VALUES (?, ?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET family = excluded.family, body = excluded.body
"""


class Store:
    """Documents by kind and key. `family` groups documents of a kind, such as the refunds of one payment."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(file, isolation_level=None, timeout=5)
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", _TABLE, _INDEX):
            self._connection.execute(statement)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside are kept together, or none if it ends in an exception. May be nested."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def put(self, kind: str, key: str, body: Document, *, family: str = "") -> None:
        """Keep a document; one with the same kind and key is replaced and keeps its place in the order."""
        self._connection.execute(_PUT, (kind, key, family, json.dumps(body)))

    def find(self, kind: str, key: str) -> Document | None:
        """Return the document of that kind and key, if there is one."""
        row = self._connection.execute("SELECT body FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else _read(row)

    def newest_first(self, kind: str, *, family: str | None = None) -> list[Document]:
        """All documents of a kind, or of one family of it; the one that was first put last comes first."""
        if family is None:
            query, values = "SELECT body FROM documents WHERE kind = ? ORDER BY position DESC", (kind,)
            return [_read(row) for row in self._connection.execute(query, values)]
        query = "SELECT body FROM documents WHERE kind = ? AND family = ? ORDER BY position DESC"
        return [_read(row) for row in self._connection.execute(query, (kind, family))]

    def remove(self, kind: str, key: str) -> bool:
        """Forgets one document; false if there was none."""
        cursor = self._connection.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))
        return cursor.rowcount > 0

    def remove_all(self, kind: str) -> int:
        """Forgets all documents of a kind and says how many there were."""
        return self._connection.execute("DELETE FROM documents WHERE kind = ?", (kind,)).rowcount


def _read(row: tuple[str]) -> Document:
    document: Document = json.loads(row[0])
    return document
