"""Searching researchers: an index finds the words within one edit, the same weights as the domain's rank them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Integer, Select, Text, bindparam, func, select, tuple_

from consulting.adapters.postgres.directory_pages import LAST_ID, LAST_NAME, read_cursor, with_next_available
from consulting.adapters.postgres.link import Link, Rows
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.tables import researcher_words, researchers, vocabulary
from consulting.adapters.postgres.values import LIMIT
from consulting.domain.directory import ONE_EDIT, SHORTEST_FORGIVEN, matches, wanted_words, without_a_letter

SIMILAR = prepare(
    select(vocabulary.c.word).where(
        vocabulary.c.without_a_letter.op("&&", is_comparison=True)(bindparam("parts", type_=ARRAY(Text)))
    )
)

_ASKED = (
    func.unnest(
        bindparam("places", type_=ARRAY(Integer)),
        bindparam("words", type_=ARRAY(Text)),
        bindparam("penalties", type_=ARRAY(Integer)),
    )
    .table_valued("place", "word", "penalty", name="asked")
    .render_derived()
)

_BEST = (
    select(
        researcher_words.c.researcher_id,
        _ASKED.c.place,
        func.max(researcher_words.c.weight - _ASKED.c.penalty).label("points"),
    )
    .join(_ASKED, _ASKED.c.word == researcher_words.c.word)
    .group_by(researcher_words.c.researcher_id, _ASKED.c.place)
    .cte("best")
)
_SCORED = (
    select(_BEST.c.researcher_id, func.sum(_BEST.c.points).label("score"))
    .group_by(_BEST.c.researcher_id)
    .having(func.count() == bindparam("asked_for", type_=Integer))
    .cte("scored")
)
_RANK = (_SCORED.c.score.desc(), researchers.c.name, researchers.c.id)
_FOUND = (
    select(researchers, _SCORED.c.score)
    .join(_SCORED, _SCORED.c.researcher_id == researchers.c.id)
    .where(researchers.c.active)
    .order_by(*_RANK)
    .limit(LIMIT)
)
_AFTER = tuple_(-_SCORED.c.score, researchers.c.name, researchers.c.id) > tuple_(
    -bindparam("last_score", type_=BigInteger), LAST_NAME, LAST_ID
)


def _ranked(found: Select[Any]) -> Select[Any]:
    page = found.cte("found")
    return with_next_available(page).order_by(page.c.score.desc(), page.c.name, page.c.id)


SEARCH = prepare(_ranked(_FOUND))
SEARCH_AFTER = prepare(_ranked(_FOUND.where(_AFTER)))


class DirectorySearch:
    """Finds researchers by words."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def find(self, query: str, *, after: str | None, limit: int, at: datetime) -> Rows:
        """Give the rows of the researchers that match every word, with their score and next slot, the best first.

        Raises ValidationFailed (field `cursor`).
        """
        last: dict[str, Any] = {}
        if after is not None:
            score, name, last_id = read_cursor(after, kinds=(int, str, str))
            last = {"last_score": score, "last_name": name, "last_id": UUID(last_id)}
        wanted = wanted_words(query)
        if not wanted:
            return ()
        places, words, penalties = self._asked(wanted)
        statement = SEARCH_AFTER if last else SEARCH
        asked = {"places": places, "words": words, "penalties": penalties, "asked_for": len(wanted)}
        return self._link.rows(statement, **asked, **last, limit=limit, at=at)

    def _asked(self, wanted: Sequence[str]) -> tuple[list[int], list[str], list[int]]:
        """Give every word to look for, with its place in the query and what a misspelling costs, as three columns."""
        similar = self._similar(wanted)
        asked = [
            (place, word, 0 if word == each else ONE_EDIT)
            for place, each in enumerate(wanted)
            for word in {each, *(word for word in similar if matches(each, word))}
        ]
        places, words, penalties = zip(*asked, strict=True)
        return list(places), list(words), list(penalties)

    def _similar(self, wanted: Sequence[str]) -> Sequence[str]:
        forgiven = [word for word in wanted if len(word) >= SHORTEST_FORGIVEN]
        parts = {part for word in forgiven for part in without_a_letter(word)}
        return [row.word for row in self._link.rows(SIMILAR, parts=sorted(parts))] if parts else []
