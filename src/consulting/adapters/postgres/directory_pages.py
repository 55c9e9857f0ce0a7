"""Pages of researchers in the order asked for: of all of them, or of a crowd.

A small crowd is looked up by its numbers and put in order. For a large one the index of the order is walked, asking of
each entry whether they belong to it: a page is full soon, and it never takes more than that index.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    BindParameter,
    ColumnClause,
    ColumnElement,
    FromClause,
    Integer,
    LargeBinary,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import BYTEA

from consulting.adapters.postgres.crowds import EVERYBODY, Crowd, numbers_in, written
from consulting.adapters.postgres.directory_cursors import read_cursor
from consulting.adapters.postgres.next_available import next_available
from consulting.adapters.postgres.openings import NEVER
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.tables import openings, researchers
from consulting.adapters.postgres.tables.metadata import CodePoints, Instant
from consulting.adapters.postgres.tables.researchers import rating_order
from consulting.adapters.postgres.values import AT, LIMIT
from consulting.application.ports import directory
from consulting.application.ports.directory import DirectoryFilter
from consulting.domain.directory import DirectorySort

FEW: Final = 400
"""So many are looked up one by one sooner than found in the order of a list."""

SHORT: Final = 101
"""The longest page of the API, and the one more by which it sees whether others follow."""

_NUMBERS = bindparam("numbers", type_=ARRAY(Integer))
_MARKS = cast(bindparam("marks", type_=LargeBinary), BYTEA)
LAST_NAME, LAST_ID = bindparam("last_name", type_=CodePoints), bindparam("last_id", type_=Uuid)
_BEFORE = bindparam("available_before", type_=Instant)
_SOONEST = bindparam("last_soonest", type_=Instant)
_CERTAIN = openings.c.certain_until > AT
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

BY_RATE: Final = frozenset({DirectorySort.RATE, DirectorySort.RATE_DOWN})


def last_place(after: str | None, sort: DirectorySort) -> Mapping[str, Any]:
    """Read where a list in this order goes on. Raises ValidationFailed (field `cursor`)."""
    if after is None:
        return {}
    parts = _PARTS[sort]
    last = read_cursor(after, kinds=tuple(parts.values()))
    return {part.key: value for part, value in zip(parts, last, strict=True)}


def page(
    *,
    sort: DirectorySort,
    last: Mapping[str, Any],
    limit: int,
    crowd: Crowd = EVERYBODY,
    few: int = FEW,
    wanted: DirectoryFilter = directory.EVERYBODY,
) -> tuple[Prepared, Mapping[str, Any]]:
    """Give the statement for a page of so many at most of the list in this order, and its values but for `at`.

    `crowd`: only those. `wanted` is asked about what the index of this order has: rates in the orders by rate, time in
    the order of the next slot. A crowd of more than `few` is looked for in the order.
    """
    values = {"limit": limit, **dict(_bounds(wanted, sort)), **last}
    looked_up = crowd != EVERYBODY and crowd.bit_count() <= few
    if looked_up:
        values["numbers"] = list(numbers_in(crowd))
    if crowd != EVERYBODY and (not looked_up or sort is DirectorySort.NEXT_AVAILABLE):
        values["marks"] = written(crowd)
    return _page(tuple(sorted(values)), sort, short=limit <= SHORT), values


def _bounds(wanted: DirectoryFilter, sort: DirectorySort) -> Iterator[tuple[str, Any]]:
    if sort in BY_RATE:
        for name, rate in (("lowest_amount", wanted.lowest_rate), ("highest_amount", wanted.highest_rate)):
            if rate is not None:
                yield from ((name, rate.amount), ("currency", rate.currency))
    if sort is DirectorySort.NEXT_AVAILABLE and wanted.available_before is not None:
        yield "available_before", wanted.available_before


def with_next_available(found: CTE) -> Select[Any]:
    """Add the next slot to each researcher of a page: after the page was cut, so that nobody else's is looked for."""
    upcoming = next_available(found)
    return select(found, *upcoming.c).select_from(found).outerjoin(upcoming, true())


@lru_cache(maxsize=200)
def _page(given: tuple[str, ...], sort: DirectorySort, *, short: bool) -> Prepared:
    """Build the statement for these values; there are few combinations."""
    if sort is DirectorySort.NEXT_AVAILABLE:
        return _page_by_start(given).planned_anew()  # how many are certain at an instant, no one plan can know
    listed = select(researchers)
    if "numbers" in given or "marks" in given:
        # First the ids alone, for which the index is enough.
        who = _looked_up() if "numbers" in given else researchers
        first = _cut(select(who.c.id), who, given, sort, short=short).subquery("first")
        listed = listed.join(first, first.c.id == researchers.c.id)
    else:
        listed = _cut(listed, researchers, given, sort, short=short)
    found = listed.cte("found")
    return prepare(with_next_available(found).order_by(*_order(found, sort)))


def _looked_up() -> CTE:
    """Look up active ones by their numbers: at once, so that the planner has nothing to weigh up."""
    names = ("id", "name", "active", "rate_currency", "rate_amount", "rating_total", "rating_count")
    few = select(*(researchers.c[name] for name in names)).where(researchers.c.number == func.any(_NUMBERS))
    return few.cte("few").prefix_with("MATERIALIZED")


def _cut(
    listed: Select[Any], who: FromClause, given: Sequence[str], sort: DirectorySort, *, short: bool
) -> Select[Any]:
    asked = [who.c.active, *_rates(who, given, sort)]
    if "marks" in given:
        asked.append(_marked(who))
    order = _order(who, sort)
    if "last_id" in given:
        asked.append(tuple_(*order) > tuple_(*_PARTS[sort]))
    listed = listed.where(*asked).order_by(*order)
    return _cut_short(listed, order) if short else listed.limit(LIMIT)


def _cut_short(listed: Select[Any], order: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """Give the first of the first hundred; they are read one by one, so nobody else is.

    A limit that it doesn't know the planner takes for a tenth of what there is. Of everybody that is so many that it
    would plan each page anew, which takes half as long as the page.
    """
    places = [each if isinstance(each, ColumnClause) else each.label(f"place_{n}") for n, each in enumerate(order)]
    shown = listed.selected_columns.keys()
    listed = listed.add_columns(*(each for each in places if each.name not in shown))
    some = listed.limit(literal_column(str(SHORT))).subquery("some")
    return select(*(some.c[name] for name in shown)).order_by(*(some.c[each.name] for each in places)).limit(LIMIT)


def _marked(who: FromClause) -> ColumnElement[bool]:
    # Whoever came after the crowd was read may have a number beyond it.
    known = who.c.number < func.octet_length(_MARKS) * literal_column("8")
    return case((known, func.get_bit(_MARKS, who.c.number) == literal_column("1")), else_=false())


def _order(who: FromClause, sort: DirectorySort) -> tuple[ColumnElement[Any], ...]:
    """Give what the rows of `who` are ordered by: what `directory.place` gives, as the indexes have it."""
    first: Mapping[DirectorySort, tuple[ColumnElement[Any], ...]] = {
        DirectorySort.NAME: (),
        DirectorySort.RATE: (who.c.rate_currency, who.c.rate_amount),
        DirectorySort.RATE_DOWN: (who.c.rate_currency, -who.c.rate_amount),
        DirectorySort.RATING: (rating_order(who.c), -who.c.rating_count),
    }
    return (*first[sort], who.c.name, who.c.id)


def _rates(who: FromClause, given: Sequence[str], sort: DirectorySort) -> Iterator[ColumnElement[bool]]:
    """Say what rates are asked for, as the index of this order has them."""
    down = sort is DirectorySort.RATE_DOWN
    amount = -who.c.rate_amount if down else who.c.rate_amount
    lowest, highest = bindparam("lowest_amount", type_=BigInteger), bindparam("highest_amount", type_=BigInteger)
    if "currency" in given:
        yield who.c.rate_currency == bindparam("currency", type_=Text)
    if "lowest_amount" in given:
        yield amount <= -lowest if down else amount >= lowest
    if "highest_amount" in given:
        yield amount >= -highest if down else amount <= highest


def _page_by_start(given: tuple[str, ...]) -> Prepared:
    """Go by the openings that are certain, and look at the slots of those that aren't, which are few."""
    next_slot = next_available(researchers)
    start = func.coalesce(next_slot.c.slot_start, NEVER)
    certain = _first(_certain(given), openings.c.soonest, _CERTAIN, given=given).subquery("certain")
    looked_at = _first(_ACTIVE.outerjoin(next_slot, true()), start, ~_CERTAIN, given=given).subquery("looked_at")
    places = union_all(select(certain), select(looked_at)).subquery("places")
    page = select(places).order_by(places.c.soonest, places.c.id).limit(LIMIT).subquery("page")
    found = select(researchers, page.c.soonest).join(page, page.c.id == researchers.c.id).cte("found")
    return prepare(with_next_available(found).order_by(found.c.soonest, found.c.id))


_ACTIVE = openings.join(researchers, (researchers.c.id == openings.c.researcher_id) & researchers.c.active)


def _certain(given: Sequence[str]) -> FromClause:
    """Give the openings to look among: all of them, or those of a few, who are looked up first."""
    if "numbers" not in given:
        return _ACTIVE
    few = _looked_up()
    return openings.join(few, (few.c.id == openings.c.researcher_id) & few.c.active)


def _first(
    tables: FromClause, soonest: ColumnElement[Any], kind: ColumnElement[bool], *, given: Sequence[str]
) -> Select[Any]:
    """Give the first ids of those whose next slot starts at `soonest`, and that start."""
    who = openings.c.researcher_id
    asked = [kind]
    if "marks" in given:
        asked.append(_marked(openings))
    if "available_before" in given:
        asked.append(soonest < _BEFORE)
    if "last_id" in given:
        asked.append(tuple_(soonest, who) > tuple_(_SOONEST, LAST_ID))
    listed = select(who.label("id"), soonest.label("soonest")).select_from(tables).where(*asked)
    return listed.order_by(soonest, who).limit(LIMIT)
