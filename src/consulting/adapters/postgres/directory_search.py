"""Lists of researchers and searches: first whom a filter and the words mean, as a crowd, then a page of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Integer, Text, bindparam, func, select, tuple_

from consulting.adapters.postgres.bearers import Graded, filter_traits, graded, read_filter, read_words, word_traits
from consulting.adapters.postgres.crowds import NOBODY, Crowd, by_score, numbers_in
from consulting.adapters.postgres.directory_cursors import read_cursor
from consulting.adapters.postgres.directory_pages import (
    BY_RATE,
    FEW,
    LAST_ID,
    LAST_NAME,
    last_place,
    page,
    with_next_available,
)
from consulting.adapters.postgres.free_time import with_time
from consulting.adapters.postgres.link import Link, Row, Rows
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.tables import researchers, vocabulary
from consulting.adapters.postgres.values import LIMIT
from consulting.application.ports.directory import DirectoryFilter
from consulting.domain.directory import (
    SHORTEST_FORGIVEN,
    DirectorySort,
    matches,
    wanted_words,
    without_a_letter,
)

SIMILAR = prepare(
    select(vocabulary.c.word).where(
        vocabulary.c.without_a_letter.op("&&", is_comparison=True)(bindparam("parts", type_=ARRAY(Text)))
    )
)
_RANKED = (
    func.unnest(bindparam("numbers", type_=ARRAY(Integer)), bindparam("scores", type_=ARRAY(Integer)))
    .table_valued("number", "score", name="ranked")
    .render_derived()
)
_RANK = (-_RANKED.c.score, researchers.c.name, researchers.c.id)
_LAST = {"last_score": int, "last_name": str, "last_id": UUID}


def _ranked(*, after: bool) -> Prepared:
    best = select(researchers.c.id, _RANKED.c.score).select_from(
        _RANKED.join(researchers, researchers.c.number == _RANKED.c.number)
    )
    if after:
        best = best.where(tuple_(*_RANK) > tuple_(-bindparam("last_score", type_=BigInteger), LAST_NAME, LAST_ID))
    first = best.where(researchers.c.active).order_by(*_RANK).limit(LIMIT).subquery("first")
    found = select(researchers, first.c.score).join(first, first.c.id == researchers.c.id).cte("found")
    return prepare(with_next_available(found).order_by(-found.c.score, found.c.name, found.c.id))


RANKED, RANKED_AFTER = _ranked(after=False), _ranked(after=True)


class Directory:
    """Finds the researchers of a page."""

    def __init__(self, link: Link, *, wanted: DirectoryFilter, limit: int, at: datetime) -> None:
        """Look over this connection for so many at most who are as wanted."""
        self._link, self._wanted, self._limit, self._at = link, wanted, limit, at

    def listed(self, sort: DirectorySort, *, after: str | None) -> Rows:
        """Give the rows of a page in this order. Raises ValidationFailed (field `cursor`)."""
        last = last_place(after, sort)
        _, let = self._read((), sort)
        return self._page(sort, last, self._with_time(let, sort))

    def found(self, query: str, sort: DirectorySort, *, after: str | None) -> Rows:
        """Give the rows of a page of those who match every word. Raises ValidationFailed (field `cursor`)."""
        last = last_place(after, sort)
        found = reduce(or_, self._scores(query, sort).values(), NOBODY)
        return self._page(sort, last, found)

    def best(self, query: str, *, after: str | None) -> Sequence[tuple[int, Row]]:
        """Give the rows of those who match every word, the best first, with their scores.

        Raises ValidationFailed (field `cursor`).
        """
        last = {} if after is None else dict(zip(_LAST, read_cursor(after, kinds=tuple(_LAST.values())), strict=True))
        scores = self._scores(query, DirectorySort.NAME)
        reached = last.get("last_score")
        rows: list[tuple[int, Row]] = []
        for part in _parts({score: crowd for score, crowd in scores.items() if reached is None or score <= reached}):
            rows += self._part(part, last, self._limit - len(rows))
            if len(rows) == self._limit:
                break
        return rows

    def _scores(self, query: str, sort: DirectorySort) -> Mapping[int, Crowd]:
        """Tell whom the words mean, by score, of those whom the filter lets through."""
        words, let = self._read(wanted_words(query), sort)
        scores = by_score(words, among=let) if words else {}
        having_time = self._with_time(reduce(or_, scores.values(), NOBODY), sort)
        return {score: crowd & having_time for score, crowd in scores.items()}

    def _read(self, words: Sequence[str], sort: DirectorySort) -> tuple[Sequence[Graded], Crowd]:
        """Read who has each word with how many points, and whom the filter lets through but for their time."""
        # The orders by rate have rates in their indexes.
        wanted = replace(self._wanted, lowest_rate=None, highest_rate=None) if sort in BY_RATE else self._wanted
        filters, asked = filter_traits(wanted), word_traits(self._alike(words))
        read = graded(self._link, *filters, *asked)
        return read_words(read[len(filters) :]), read_filter(wanted, read[: len(filters)])

    def _with_time(self, crowd: Crowd, sort: DirectorySort) -> Crowd:
        before = self._wanted.available_before
        if before is None or sort is DirectorySort.NEXT_AVAILABLE or crowd == NOBODY:
            return crowd
        return with_time(self._link, crowd, before=before, at=self._at, few=FEW)

    def _page(self, sort: DirectorySort, last: Mapping[str, Any], crowd: Crowd, *, limit: int | None = None) -> Rows:
        if crowd == NOBODY:
            return ()
        most = limit or self._limit
        statement, values = page(sort=sort, last=last, limit=most, crowd=crowd, few=FEW, wanted=self._wanted)
        return self._link.rows(statement, **values, at=self._at)

    def _part(self, part: Mapping[int, Crowd], last: Mapping[str, Any], limit: int) -> Sequence[tuple[int, Row]]:
        """Give the rows of some scores: those of one score are a list by name."""
        if len(part) > 1:
            ranked = [(number, score) for score, crowd in part.items() for number in numbers_in(crowd)]
            numbers, scores = map(list, zip(*ranked, strict=True))
            values = {**last, "numbers": numbers, "scores": scores, "limit": limit, "at": self._at}
            rows = self._link.rows(RANKED_AFTER if last else RANKED, **values)
            return [(row.score, row) for row in rows]
        ((score, crowd),) = part.items()
        after = {name: last[name] for name in ("last_name", "last_id")} if last.get("last_score") == score else {}
        return [(score, row) for row in self._page(DirectorySort.NAME, after, crowd, limit=limit)]

    def _alike(self, words: Sequence[str]) -> Sequence[Sequence[str]]:
        """Give for each word of the query all that may be meant by it, the word itself first."""
        similar = self._similar(words)
        return [(each, *(word for word in similar if word != each and matches(each, word))) for each in words]

    def _similar(self, words: Sequence[str]) -> Sequence[str]:
        # One by one: for the parts of many words at once the planner would read all that anybody ever wrote.
        asked = [
            (SIMILAR, {"parts": sorted(without_a_letter(word))}) for word in words if len(word) >= SHORTEST_FORGIVEN
        ]
        return [row.word for rows in (self._link.together(*asked) if asked else ()) for row in rows]


def _parts(scores: Mapping[int, Crowd]) -> Iterator[Mapping[int, Crowd]]:
    """Cut scores into parts, the best first: several with a few people together, each one with many by itself."""
    part: dict[int, Crowd] = {}
    people = 0
    for score in sorted(scores, reverse=True):
        more = scores[score].bit_count()
        if part and people + more > FEW:
            yield part
            part, people = {}, 0
        if more:
            part[score] = scores[score]
            people += more
    if part:
        yield part
