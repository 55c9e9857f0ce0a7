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
    Boolean,
    ColumnElement,
    Select,
    Text,
    Uuid,
    bindparam,
    select,
    true,
    tuple_,
)

from consulting.adapters.postgres.next_available import next_available
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.tables import researchers
from consulting.adapters.postgres.tables.metadata import CodePoints, Texts
from consulting.adapters.postgres.values import LIMIT
from consulting.application.ports.records import DirectoryFilter
from consulting.domain.directory import topic
from consulting.domain.errors import ValidationFailed

MOST_POINTS = 1_000_000
"""More than any search can score."""

LAST_NAME, LAST_ID = bindparam("last_name", type_=CodePoints), bindparam("last_id", type_=Uuid)

_CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "topics": researchers.c.topics.contains(bindparam("topics", type_=Texts)),
    "verified": researchers.c.verified == bindparam("verified", type_=Boolean),
    "highest_amount": researchers.c.rate_amount <= bindparam("highest_amount", type_=BigInteger),
    "currency": researchers.c.rate_currency == bindparam("currency", type_=Text),
    "last_name": tuple_(researchers.c.name, researchers.c.id) > tuple_(LAST_NAME, LAST_ID),
}


def page(*, wanted: DirectoryFilter, after: str | None) -> tuple[Prepared, Mapping[str, Any]]:
    """Give the statement for a page of the list by name, and its values but for `limit` and `at`.

    Raises ValidationFailed (field `cursor`).
    """
    values: dict[str, Any] = {}
    if wanted.expertise is not None:
        values["topics"] = [topic(wanted.expertise)]
    if wanted.verified is not None:
        values["verified"] = wanted.verified
    if wanted.highest_rate is not None:
        values |= {"highest_amount": wanted.highest_rate.amount, "currency": wanted.highest_rate.currency}
    if after is not None:
        name, last_id = read_cursor(after, kinds=(str, str))
        values |= {"last_name": name, "last_id": UUID(last_id)}
    return _page(tuple(values)), values


@cache
def _page(given: tuple[str, ...]) -> Prepared:
    """Build the statement for these conditions; there are few combinations."""
    conditions = [_CONDITIONS[each] for each in given if each in _CONDITIONS]
    by_name = (researchers.c.name, researchers.c.id)
    found = select(researchers).where(researchers.c.active, *conditions).order_by(*by_name).limit(LIMIT).cte("found")
    return prepare(with_next_available(found).order_by(found.c.name, found.c.id))


def with_next_available(found: CTE) -> Select[Any]:
    """Add the next slot to each researcher of a page: after the page was cut, so that nobody else's is looked for."""
    upcoming = next_available(found)
    return select(found, *upcoming.c).select_from(found).outerjoin(upcoming, true())


def write_cursor(*key: int | str) -> str:
    """Write the sort key of the last one seen as text that means nothing to the caller."""
    return urlsafe_b64encode(json.dumps(key, ensure_ascii=False, separators=(",", ":")).encode()).decode()


def read_cursor(cursor: str, *, kinds: tuple[type, ...]) -> Any:
    """Read a cursor, whose last parts are a name and an id; raise ValidationFailed (field `cursor`) for any other."""
    try:
        key = json.loads(b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode())
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, list) or tuple(type(part) for part in key) != kinds or not _is_place(*key):
        raise ValidationFailed.of("cursor", "give the cursor that the page before ended with")
    return key


def _is_place(*key: Any) -> bool:
    """Tell whether this can be a researcher's place in a list."""
    *score, name, last_id = key
    try:
        return (
            "\0" not in name.encode().decode()
            and str(UUID(last_id)) == last_id
            and all(abs(points) <= MOST_POINTS for points in score)
        )
    except ValueError:
        return False
