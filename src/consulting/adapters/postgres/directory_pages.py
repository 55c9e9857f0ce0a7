"""Pages of researchers, and the cursors between them."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
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
    select,
    true,
    tuple_,
)

from consulting.adapters.postgres.next_available import has_slot_before, next_available
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.tables import researchers
from consulting.adapters.postgres.tables.metadata import CodePoints, Instant, Texts
from consulting.adapters.postgres.tables.researchers import rating_order
from consulting.adapters.postgres.values import LIMIT
from consulting.application.ports.records import DirectoryFilter
from consulting.domain.directory import DirectorySort, topic
from consulting.domain.errors import ValidationFailed

LARGEST = 2**62
"""More than any search can score, and any rate or rating."""

LAST_NAME, LAST_ID = bindparam("last_name", type_=CodePoints), bindparam("last_id", type_=Uuid)

_CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "topics": researchers.c.topics.contains(bindparam("topics", type_=Texts)),
    "verified": researchers.c.verified == bindparam("verified", type_=Boolean),
    "lowest_amount": researchers.c.rate_amount >= bindparam("lowest_amount", type_=BigInteger),
    "highest_amount": researchers.c.rate_amount <= bindparam("highest_amount", type_=BigInteger),
    "affiliation_topic": researchers.c.affiliation_topic == bindparam("affiliation_topic", type_=Text),
    "available_before": has_slot_before(researchers, bindparam("available_before", type_=Instant)),
    "currency": researchers.c.rate_currency == bindparam("currency", type_=Text),
}
_CURRENCY, _FIGURE, _COUNT = (
    bindparam("last_currency", type_=CodePoints),
    bindparam("last_figure", type_=BigInteger),
    bindparam("last_count", type_=BigInteger),
)
_PARTS: Mapping[DirectorySort, Mapping[BindParameter[Any], type]] = {
    DirectorySort.NAME: {},
    DirectorySort.RATE: {_CURRENCY: str, _FIGURE: int},
    DirectorySort.RATE_DOWN: {_CURRENCY: str, _FIGURE: int},
    DirectorySort.RATING: {_FIGURE: int, _COUNT: int},
}
"""What a place in each order begins with, before name and id."""


def page(
    *, wanted: DirectoryFilter, after: str | None, sort: DirectorySort = DirectorySort.NAME
) -> tuple[Prepared, Mapping[str, Any]]:
    """Give the statement for a page of the list in this order, and its values but for `limit` and `at`.

    Raises ValidationFailed (field `cursor`).
    """
    values: dict[str, Any] = {}
    if wanted.expertise is not None:
        values["topics"] = [topic(wanted.expertise)]
    if wanted.verified is not None:
        values["verified"] = wanted.verified
    if wanted.lowest_rate is not None:
        values |= {"lowest_amount": wanted.lowest_rate.amount, "currency": wanted.lowest_rate.currency}
    if wanted.highest_rate is not None:
        values |= {"highest_amount": wanted.highest_rate.amount, "currency": wanted.highest_rate.currency}
    if wanted.affiliation is not None:
        values["affiliation_topic"] = topic(wanted.affiliation)
    if wanted.available_before is not None:
        values["available_before"] = wanted.available_before
    if after is not None:
        values |= _last(after, sort)
    return _page(tuple(values), sort), values


def _last(after: str, sort: DirectorySort) -> Mapping[str, Any]:
    parts = _PARTS[sort]
    *first, name, last_id = read_cursor(after, kinds=(*parts.values(), str, str))
    return dict(zip((part.key for part in parts), first, strict=True)) | {"last_name": name, "last_id": UUID(last_id)}


@cache
def _page(given: tuple[str, ...], sort: DirectorySort) -> Prepared:
    """Build the statement for these conditions; there are few combinations."""
    conditions = [_CONDITIONS[each] for each in given if each in _CONDITIONS]
    if "last_id" in given:
        conditions.append(tuple_(*_order(researchers, sort)) > tuple_(*_PARTS[sort], LAST_NAME, LAST_ID))
    listed = select(researchers).where(researchers.c.active, *conditions)
    found = listed.order_by(*_order(researchers, sort)).limit(LIMIT).cte("found")
    return prepare(with_next_available(found).order_by(*_order(found, sort)))


def _order(who: FromClause, sort: DirectorySort) -> tuple[ColumnElement[Any], ...]:
    """Give what the rows of `who` are ordered by: what `directory.place` gives, as the indexes have it."""
    first: Mapping[DirectorySort, tuple[ColumnElement[Any], ...]] = {
        DirectorySort.NAME: (),
        DirectorySort.RATE: (who.c.rate_currency, who.c.rate_amount),
        DirectorySort.RATE_DOWN: (who.c.rate_currency, -who.c.rate_amount),
        DirectorySort.RATING: (rating_order(who.c), -who.c.rating_count),
    }
    return (*first[sort], who.c.name, who.c.id)


def with_next_available(found: CTE) -> Select[Any]:
    """Add the next slot to each researcher of a page: after the page was cut, so that nobody else's is looked for."""
    upcoming = next_available(found)
    return select(found, *upcoming.c).select_from(found).outerjoin(upcoming, true())


def write_cursor(*key: int | str) -> str:
    """Write the sort key of the last one seen as text that means nothing to the caller."""
    return urlsafe_b64encode(json.dumps(key, ensure_ascii=False, separators=(",", ":")).encode()).decode()


def read_cursor(cursor: str, *, kinds: tuple[type, ...]) -> Any:
    """Read a cursor of parts of these kinds, the last of them a name and an id.

    Raises ValidationFailed (field `cursor`) for any other.
    """
    try:
        key = json.loads(b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode())
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, list) or tuple(type(part) for part in key) != kinds or not _is_place(*key):
        raise ValidationFailed.of("cursor", "give the cursor that the page before ended with")
    return key


def _is_place(*key: Any) -> bool:
    """Tell whether this can be a researcher's place in a list."""
    texts = [part for part in key if isinstance(part, str)]
    try:
        return (
            "\0" not in "".join(texts).encode().decode()
            and str(UUID(key[-1])) == key[-1]
            and all(abs(part) <= LARGEST for part in key if isinstance(part, int))
        )
    except ValueError:
        return False
