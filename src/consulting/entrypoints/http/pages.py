"""Long lists in pages: one more is asked for than shown, which tells whether there is a next page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from litestar.params import QueryParameter

from consulting.domain.errors import ResearcherNotFound, ValidationFailed
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.queries import text_parameter

_T = TypeVar("_T")

DEFAULT_LIMIT = 20

Limit = Annotated[int, QueryParameter(ge=1, le=100, description="How many to give at most, 1 to 100.")]
Cursor = Annotated[
    str | None,
    text_parameter(max_length=1000, description="`next_cursor` of the page before; absent for the first page."),
]


def cut(found: Sequence[_T], *, limit: int) -> tuple[Sequence[_T], _T | None]:
    """Give what a page shows of limit + 1 found, and the last one shown if more follow."""
    shown = found[:limit]
    return shown, shown[-1] if len(found) > limit else None


def cursor_of(instant: datetime, id: UUID) -> str:
    """Write the cursor of a list that goes by time, then id; whoever puts it into a query as it is may do so."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat()}Z_{id}"


def after_id(cursor: str | None) -> UUID | None:
    """Read the cursor of a list whose cursors are ids. Raises ValidationFailed (field `cursor`)."""
    try:
        return None if cursor is None else read_id(cursor, ResearcherNotFound)
    except ResearcherNotFound:
        raise unknown_cursor() from None


def unknown_cursor() -> ValidationFailed:
    """Say that this cursor came from no page."""
    return ValidationFailed.of("cursor", "give the `next_cursor` of the page before")
