"""Pages of researchers in the order asked for, of all of them or of those that a search found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from consulting.adapters.postgres.directory_cursors import read_cursor
from consulting.adapters.postgres.next_available import has_slot_before, next_available
from consulting.adapters.postgres.openings import NEVER
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.tables import openings, researcher_words, researchers
from consulting.adapters.postgres.tables.metadata import CodePoints, Instant, Texts
from consulting.adapters.postgres.tables.researchers import rating_order
from consulting.adapters.postgres.values import AT, LIMIT
from consulting.application.ports.directory import DirectoryFilter
from consulting.domain.directory import MOST_WORDS, DirectorySort, topic

LAST_NAME, LAST_ID = bindparam("last_name", type_=CodePoints), bindparam("last_id", type_=Uuid)
_BEFORE = bindparam("available_before", type_=Instant)
_SOONEST = bindparam("last_soonest", type_=Instant)
_CERTAIN = openings.c.certain_until > AT
_LOWEST, _HIGHEST = (
    bindparam("lowest_amount", type_=BigInteger),
    bindparam("highest_amount", type_=BigInteger),
)

CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "topics": researchers.c.topics.contains(bindparam("topics", type_=Texts)),
    "verified": researchers.c.verified == bindparam("verified", type_=Boolean),
    "lowest_amount": researchers.c.rate_amount >= _LOWEST,
    "highest_amount": researchers.c.rate_amount <= _HIGHEST,
    "affiliation_topic": researchers.c.affiliation_topic == bindparam("affiliation_topic", type_=Text),
    "currency": researchers.c.rate_currency == bindparam("currency", type_=Text),
}
_CURRENCY, _FIGURE, _COUNT = (
    bindparam("last_currency", type_=CodePoints),
    bindparam("last_figure", type_=BigInteger),
    bindparam("last_count", type_=BigInteger),
)
_PARTS: Mapping[DirectorySort, Mapping[BindParameter[Any], type]] = {
    DirectorySort.NAME: {LAST_NAME: str, LAST_ID: UUID},
    DirectorySort.RATE: {_CURRENCY: str, _FIGURE: int, LAST_NAME: str, LAST_ID: UUID},
    DirectorySort.RATE_DOWN: {_CURRENCY: str, _FIGURE: int, LAST_NAME: str, LAST_ID: UUID},
    DirectorySort.RATING: {_FIGURE: int, _COUNT: int, LAST_NAME: str, LAST_ID: UUID},
    DirectorySort.NEXT_AVAILABLE: {_SOONEST: datetime, LAST_ID: UUID},
}
"""What a place in each order is made of."""


def wanted_values(wanted: DirectoryFilter) -> dict[str, Any]:
    """Give the values that the filter asks for, each under the name of its condition."""
    lowest, highest = wanted.lowest_rate, wanted.highest_rate
    limit = highest if lowest is None else lowest
    asked = {
        "topics": None if wanted.expertise is None else [topic(wanted.expertise)],
        "verified": wanted.verified,
        "lowest_amount": None if lowest is None else lowest.amount,
        "highest_amount": None if highest is None else highest.amount,
        "currency": None if limit is None else limit.currency,
        "affiliation_topic": None if wanted.affiliation is None else topic(wanted.affiliation),
        "available_before": wanted.available_before,
    }
    return {name: value for name, value in asked.items() if value is not None}


def page(
    *,
    wanted: DirectoryFilter,
    after: str | None,
    sort: DirectorySort = DirectorySort.NAME,
    words: Sequence[Sequence[str]] = (),
) -> tuple[Prepared, Mapping[str, Any]]:
    """Give the statement for a page of the list in this order, and its values but for `limit` and `at`.

    `words`: only those who have one of each. Raises ValidationFailed (field `cursor`).
    """
    values = wanted_values(wanted) | {f"words_{place}": list(each) for place, each in enumerate(words)}
    if after is not None:
        parts = _PARTS[sort]
        last = read_cursor(after, kinds=tuple(parts.values()))
        values |= zip((part.key for part in parts), last, strict=True)
    return _page(tuple(values), sort), values


def conditions(given: Sequence[str]) -> Sequence[ColumnElement[bool]]:
    """Give what a row of researchers, and of openings if a free slot is asked for, must be like for these values."""
    asked = [CONDITIONS[each] for each in given if each in CONDITIONS]
    asked += [_has_word(place) for place in range(MOST_WORDS) if f"words_{place}" in given]
    return [researchers.c.active, *asked, *(_has_time() if "available_before" in given else ())]


FOUND_AT_ONCE = frozenset({"topics", "affiliation_topic"})
"""Conditions for which an index finds few."""


def filtered(given: Sequence[str]) -> bool:
    """Tell whether any of these values is one that `conditions` asks for, but for words."""
    return any(each in CONDITIONS or each == "available_before" for each in given)


def joined(given: Sequence[str]) -> FromClause:
    """Give the tables that `conditions` speaks of."""
    return _WITH_OPENINGS if "available_before" in given else researchers


def with_next_available(found: CTE) -> Select[Any]:
    """Add the next slot to each researcher of a page: after the page was cut, so that nobody else's is looked for."""
    upcoming = next_available(found)
    return select(found, *upcoming.c).select_from(found).outerjoin(upcoming, true())


_WITH_OPENINGS = openings.join(researchers, researchers.c.id == openings.c.researcher_id)


@lru_cache(maxsize=500)
def _page(given: tuple[str, ...], sort: DirectorySort) -> Prepared:
    """Build the statement for these conditions; few of the combinations are asked for.

    One with conditions is planned anew each time: how many they let through decides where to begin.
    """
    if sort is DirectorySort.NEXT_AVAILABLE:
        return _page_by_start(given).planned_anew()
    listed = select(researchers).select_from(joined(given)).where(*conditions(given), *_dear_enough(given, sort))
    if "last_id" in given:
        listed = listed.where(tuple_(*_order(researchers, sort)) > tuple_(*_PARTS[sort]))
    listed = listed.order_by(*_order(researchers, sort))
    found = _warily(listed, given, name="likely").cte("found")
    statement = prepare(with_next_available(found).order_by(*_order(found, sort)))
    return statement.planned_anew() if any(not each.startswith("last_") for each in given) else statement


def _order(who: FromClause, sort: DirectorySort) -> tuple[ColumnElement[Any], ...]:
    """Give what the rows of `who` are ordered by: what `directory.place` gives, as the indexes have it."""
    first: Mapping[DirectorySort, tuple[ColumnElement[Any], ...]] = {
        DirectorySort.NAME: (),
        DirectorySort.RATE: (who.c.rate_currency, who.c.rate_amount),
        DirectorySort.RATE_DOWN: (who.c.rate_currency, -who.c.rate_amount),
        DirectorySort.RATING: (rating_order(who.c), -who.c.rating_count),
    }
    return (*first[sort], who.c.name, who.c.id)


def _warily(listed: Select[Any], given: Sequence[str], *, name: str) -> Select[Any]:
    """Cut a page off a list in order, and make the planner reckon with more than are shown.

    It takes filters and orders for independent of each other. Where they aren't, walking in order until enough are
    found takes far longer than it reckons, while finding all and putting them in order doesn't. So where an index finds
    them, walking has to be better by far. Nothing is read for it: a materialized list is read as far as it is needed.
    """
    if not any(each in FOUND_AT_ONCE or each.startswith("words_") for each in given):
        return listed.limit(LIMIT)
    most = LIMIT * literal_column("20")
    likely = listed.limit(most).cte(name).prefix_with("MATERIALIZED")
    return select(likely).limit(LIMIT)


def _dear_enough(given: Sequence[str], sort: DirectorySort) -> Iterator[ColumnElement[bool]]:
    """Say once more what rates are asked for, as the index from the dearest on has them."""
    if sort is DirectorySort.RATE_DOWN:
        if "lowest_amount" in given:
            yield -researchers.c.rate_amount <= -_LOWEST
        if "highest_amount" in given:
            yield -researchers.c.rate_amount >= -_HIGHEST


def _has_word(place: int) -> ColumnElement[bool]:
    one_of = researcher_words.c.word == func.any(bindparam(f"words_{place}", type_=ARRAY(CodePoints)))
    return select(researcher_words.c.word).where(researcher_words.c.researcher_id == researchers.c.id, one_of).exists()


def _has_time() -> Sequence[ColumnElement[bool]]:
    """Tell by the openings whether a slot before an instant is free; only where that is in doubt, by the slots.

    Whoever is certain has time by the first condition; the second one looks at the slots of the others.
    """
    return (
        or_(openings.c.soonest < _BEFORE, ~_CERTAIN),
        or_(_CERTAIN, has_slot_before(researchers, _BEFORE)),
    )


def _page_by_start(given: tuple[str, ...]) -> Prepared:
    """Go by the openings that are certain, and look at the slots of those that aren't, which are few."""
    next_slot = next_available(researchers)
    certain = _first(_WITH_OPENINGS, openings.c.soonest, _CERTAIN, given=given, name="certain").subquery("certain")
    start = func.coalesce(next_slot.c.slot_start, NEVER)
    looked_at = _first(
        _WITH_OPENINGS.outerjoin(next_slot, true()), start, ~_CERTAIN, given=given, name="looked_at"
    ).subquery("looked_at")
    places = union_all(select(certain), select(looked_at)).subquery("places")
    page = select(places).order_by(places.c.soonest, places.c.id).limit(LIMIT).subquery("page")
    found = select(researchers, page.c.soonest).join(page, page.c.id == researchers.c.id).cte("found")
    return prepare(with_next_available(found).order_by(found.c.soonest, found.c.id))


def _first(
    tables: FromClause, soonest: ColumnElement[Any], kind: ColumnElement[bool], *, given: Sequence[str], name: str
) -> Select[Any]:
    """Give the first ids of those whose next slot starts at `soonest`, and that start."""
    who = openings.c.researcher_id
    asked = [kind, *conditions([each for each in given if each != "available_before"])]
    if "available_before" in given:
        asked.append(soonest < _BEFORE)
    if "last_id" in given:
        asked.append(tuple_(soonest, who) > tuple_(_SOONEST, LAST_ID))
    listed = select(who.label("id"), soonest.label("soonest")).select_from(tables).where(*asked)
    return _warily(listed.order_by(soonest, who), given, name=f"likely_{name}")
