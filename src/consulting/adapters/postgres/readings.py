"""Reading again what was read before: the server says whether the rows are the same still, and sends them only if not.

What a statement reads has a digest: the hashes of its rows, put together by the server. Nobody has to tell what was
changed, by whom and in which process, and nothing that is remembered can be older than the question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from cachetools import LRUCache
from sqlalchemy import Function, Select, Text, cast, func, literal_column, select

from consulting.adapters.postgres.link import Link, Rows
from consulting.adapters.postgres.prepared import Prepared, prepare

_T = TypeVar("_T", bound=Sequence[Any])
_Read = Select[*tuple[Any, ...]]
_Digests = tuple[int | None, ...]
"""What the rows of each statement hash to; None for no rows."""


_ONCE: Final[tuple[_Digests, None]] = ((), None)
"""In place of what was read once: what nobody asks for again is not worth remembering."""

BESIDE: Final = 8
"""How many pieces a list counts for beside its own: what hangs on it takes as much as so many, if it is empty, too."""


class Reading(Generic[_T]):
    """Several statements that are read together, and what was last made of their rows, by the values they were given.

    Digests have 64 bits, of which PostgreSQL's hash of an instant fills 32: one change in 10^9 that is nothing but
    another instant goes unseen until the next. Safe to share between threads.
    """

    def __init__(self, *statements: _Read, make: Callable[..., _T], most: int) -> None:
        """Prepare to read.

        `make` gets the rows of each statement; of what it makes, `most` pieces are remembered, `BESIDE` more for each.
        """
        self.check = prepare(select(*(_digest(each) for each in statements)))
        self.statements = [prepare(each) for each in statements]
        self._told = [prepare(each.add_columns(_hash(each).over().label("digest"))) for each in statements]
        self._make = make
        self._known: LRUCache[Any, tuple[_Digests, _T | None]] = LRUCache(most, getsizeof=_pieces)
        self._lock = Lock()

    def __call__(self, link: Link, **asked: Any) -> _T:
        """Give what the rows make, on one way to the server; on two, if they were others when they were last read.

        It is remembered from the second time on, and the same object is given again while the rows are the same.
        """
        key = tuple(asked.values())
        with self._lock:
            known = self._known.get(key)
        if known is None:
            self._remember(key, _ONCE)
            return self._make(*self._rows(link, self.statements, asked))
        digests, made = known
        if made is None or digests != link.one(self.check, **asked):
            found = self._rows(link, self._told, asked)
            made = self._make(*found)
            self._remember(key, (tuple(map(_digest_of, found)), made))
        return made

    def _rows(self, link: Link, statements: Sequence[Prepared], asked: Mapping[str, Any]) -> Sequence[Rows]:
        return link.together(*((statement, asked) for statement in statements))

    def _remember(self, key: object, known: tuple[_Digests, _T | None]) -> None:
        with self._lock, suppress(ValueError):  # it may be larger than all that may be remembered
            self._known[key] = known


def _hash(statement: _Read) -> Function[Any]:
    """Put together what the rows of a statement hash to, in whichever order they come.

    What a column adds to a row's hash is the same in each row: without a second hash, some pairs of rows that change
    alike (one in 10^9) would cancel each other out.
    """
    row = func.hash_record_extended(func.row(*statement.selected_columns), literal_column("0"))
    return func.bit_xor(func.hashtextextended(cast(row, Text), literal_column("0")))


def _digest(statement: _Read) -> Any:
    return statement.with_only_columns(_hash(statement)).order_by(None).scalar_subquery()


def _digest_of(rows: Rows) -> int | None:
    """Give the digest that the rows came with, from the same snapshot."""
    return rows[0].digest if rows else None


def _pieces(known: tuple[_Digests, Sequence[Any] | None]) -> int:
    return 1 if known[1] is None else BESIDE + len(known[1])
