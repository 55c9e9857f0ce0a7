"""Searching researchers: an index finds the words within one edit, the same weights as the domain's rank them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    TableValuedAlias,
    Text,
    Uuid,
    bindparam,
    func,
    select,
    true,
    tuple_,
)

from consulting.adapters.postgres.directory_cursors import LARGEST, read_cursor
from consulting.adapters.postgres.directory_pages import (
    FOUND_AT_ONCE,
    LAST_ID,
    LAST_NAME,
    conditions,
    filtered,
    joined,
    page,
    wanted_values,
    with_next_available,
)
from consulting.adapters.postgres.link import Link, Rows
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.tables import researcher_words, researchers, vocabulary
from consulting.adapters.postgres.tables.metadata import CodePoints
from consulting.adapters.postgres.values import LIMIT
from consulting.application.ports.directory import DirectoryFilter
from consulting.domain.directory import (
    ONE_EDIT,
    SHORTEST_FORGIVEN,
    WEIGHTS,
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

_ASKED = (
    func.unnest(
        bindparam("places", type_=ARRAY(Integer)),
        bindparam("words", type_=ARRAY(Text)),
        bindparam("penalties", type_=ARRAY(Integer)),
    )
    .table_valued("place", "word", "penalty", name="asked")
    .render_derived()
)
_KEPT = researcher_words.c
_PLACE: Mapping[str, type] = {"last_score": int, "last_name": str, "last_id": UUID}
_LAST = (-bindparam("last_score", type_=BigInteger), LAST_NAME, LAST_ID)


@lru_cache(maxsize=500)
def by_match(given: tuple[str, ...]) -> Prepared:
    """Give the statement that lists the best matches first, for these conditions.

    One word is read off its index in the order of the page. For several all who match are found and scored, where a
    field or an institution is asked for only those whom that lets through.
    """
    best = _by_one_word(given) if "streams" in given else _by_words(given)
    found = select(researchers, best.c.score).join(best, best.c.id == researchers.c.id).cte("found")
    page = with_next_available(found).order_by(found.c.score.desc(), found.c.name, found.c.id)
    return prepare(page).planned_anew()


def _by_words(given: tuple[str, ...]) -> FromClause:
    matching = _ASKED.join(researcher_words, _KEPT.word == _ASKED.c.word)
    if any(each in FOUND_AT_ONCE for each in given):
        among = (
            select(researchers.c.id)
            .select_from(joined(given))
            .where(*conditions(given))
            .cte("among")
            .prefix_with("MATERIALIZED")
        )
        matching = among.join(researcher_words, _KEPT.researcher_id == among.c.id).join(
            _ASKED, _ASKED.c.word == _KEPT.word
        )
    points = (
        select(
            _KEPT.researcher_id.label("id"),
            func.min(_KEPT.name).label("name"),
            func.max(_KEPT.weight - _ASKED.c.penalty).label("points"),
        )
        .select_from(matching)
        .group_by(_KEPT.researcher_id, _ASKED.c.place)
        .subquery("points")
    )
    scored = (
        select(points.c.id, func.min(points.c.name).label("name"), func.sum(points.c.points).label("score"))
        .group_by(points.c.id)
        .having(func.count() == bindparam("asked_for", type_=Integer))
        .subquery("scored")
    )
    best = select(scored)
    if filtered(given):
        people = joined(given).join(scored, scored.c.id == researchers.c.id)
        best = best.select_from(people).where(*conditions([each for each in given if not each.startswith("words_")]))
    if "last_id" in given:
        best = best.where(tuple_(-scored.c.score, scored.c.name, scored.c.id) > tuple_(*_LAST))
    return best.order_by(scored.c.score.desc(), scored.c.name, scored.c.id).limit(LIMIT).subquery("best")


def _streams_called(name: str) -> TableValuedAlias:
    columns: Mapping[str, Any] = {
        "word": CodePoints,
        "weight": Integer,
        "score": Integer,
        "going": Boolean,
        "after_name": CodePoints,
        "after_id": Uuid,
    }
    given = (bindparam(f"{each}s", type_=ARRAY(kind)) for each, kind in columns.items())
    return func.unnest(*given).table_valued(*columns, name=name).render_derived()


def _by_one_word(given: tuple[str, ...]) -> FromClause:
    """Merge the beginnings of some streams, each of those who have one word with one weight, by name."""
    stream, rival = _streams_called("stream"), _streams_called("rival")
    other = researcher_words.alias("other")
    better = (
        select(rival.c.score)
        .join(other, (other.c.word == rival.c.word) & (other.c.weight == rival.c.weight))
        .where(other.c.researcher_id == _KEPT.researcher_id, rival.c.score > stream.c.score)
        .correlate(researcher_words, stream)
        .exists()
    )
    tables: FromClause = researcher_words
    filters: Sequence[ColumnElement[bool]] = ()
    if filtered(given):
        tables = joined(given).join(researcher_words, _KEPT.researcher_id == researchers.c.id)
        filters = conditions(given)
    first = (
        select(_KEPT.researcher_id.label("id"), _KEPT.name)
        .select_from(tables)
        .where(
            stream.c.going,
            _KEPT.word == stream.c.word,
            _KEPT.weight == stream.c.weight,
            tuple_(_KEPT.name, _KEPT.researcher_id) > tuple_(stream.c.after_name, stream.c.after_id),
            *((~better,) if "alike" in given else ()),
            *filters,
        )
        .order_by(_KEPT.name, _KEPT.researcher_id)
        .limit(LIMIT)
        .correlate(stream)
        .lateral("first")
    )
    merged = (
        select(first.c.id, first.c.name, func.max(stream.c.score).label("score"))
        .select_from(stream.join(first, true()))
        .group_by(first.c.id, first.c.name)
        .subquery("merged")
    )
    return select(merged).order_by(merged.c.score.desc(), merged.c.name, merged.c.id).limit(LIMIT).subquery("best")


class DirectorySearch:
    """Finds researchers by words."""

    def __init__(self, link: Link, *, query: str, wanted: DirectoryFilter, limit: int, at: datetime) -> None:
        """Look over this connection for those who match every word of the query and are as wanted."""
        self._link, self._wanted = link, wanted
        self._page: Mapping[str, Any] = {"limit": limit, "at": at}
        self._words = wanted_words(query)

    def in_order(self, sort: DirectorySort, *, after: str | None) -> Rows:
        """Give the rows of a page in this order. Raises ValidationFailed (field `cursor`)."""
        if not self._words:
            return ()
        statement, values = page(wanted=self._wanted, after=after, sort=sort, words=self._alike())
        return self._link.rows(statement, **values, **self._page)

    def by_match(self, *, after: str | None) -> Rows:
        """Give the rows of a page with their scores, the best first. Raises ValidationFailed (field `cursor`)."""
        values = wanted_values(self._wanted)
        last: dict[str, Any] = {}
        if after is not None:
            last = dict(zip(_PLACE, read_cursor(after, kinds=tuple(_PLACE.values())), strict=True))
        if not self._words:
            return ()
        alike = self._alike()
        if len(alike) == 1 and not any(each in values for each in FOUND_AT_ONCE):
            statement = by_match((*values, "streams", *(("alike",) if len(alike[0]) > 1 else ())))
            return self._link.rows(statement, **values, **_streams(alike[0], last), **self._page)
        if any(each in values for each in FOUND_AT_ONCE):
            values |= {f"words_{place}": list(each) for place, each in enumerate(alike)}
        statement = by_match((*values, *last))
        return self._link.rows(statement, **values, **last, **_asked(alike), **self._page)

    def _alike(self) -> Sequence[Sequence[str]]:
        """Give for each word of the query all that may be meant by it, the word itself first."""
        similar = self._similar()
        return [(each, *(word for word in similar if word != each and matches(each, word))) for each in self._words]

    def _similar(self) -> Sequence[str]:
        forgiven = [word for word in self._words if len(word) >= SHORTEST_FORGIVEN]
        parts = {part for word in forgiven for part in without_a_letter(word)}
        return [row.word for row in self._link.rows(SIMILAR, parts=sorted(parts))] if parts else []


def _asked(alike: Sequence[Sequence[str]]) -> Mapping[str, Any]:
    """Give every word to look for, with its place in the query and what a misspelling costs, as three columns."""
    asked = [(place, word, 0 if word == each[0] else ONE_EDIT) for place, each in enumerate(alike) for word in each]
    places, words, penalties = map(list, zip(*asked, strict=True))
    return {"places": places, "words": words, "penalties": penalties, "asked_for": len(alike)}


def _streams(words: Sequence[str], last: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give every word with every weight, what it scores, and after which name and id its stream goes on, as columns."""
    asked = [(word, weight, weight - (0 if word == words[0] else ONE_EDIT)) for word in words for weight in WEIGHTS]
    reached = last.get("last_score", LARGEST)
    at_last = [bool(last) and score == reached for _, _, score in asked]
    return {
        "words": [word for word, _, _ in asked],
        "weights": [weight for _, weight, _ in asked],
        "scores": [score for _, _, score in asked],
        "goings": [score <= reached for _, _, score in asked],
        "after_names": [last["last_name"] if here else "" for here in at_last],
        "after_ids": [last["last_id"] if here else UUID(int=0) for here in at_last],
    }
