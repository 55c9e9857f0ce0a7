"""How errands and messages stand, as SQL says it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, case, false, func, or_, select

from consulting.adapters.postgres.link import Row
from consulting.adapters.postgres.tables import fixed
from consulting.adapters.postgres.tables.work import Standing
from consulting.adapters.postgres.values import AT
from consulting.application.ports.backlog import Depth, WorkState

NOTHING: ColumnElement[bool] = false()
"""No row is behind another."""


def state_of(table: Table, *, due_at: ColumnElement[Any], behind: ColumnElement[bool]) -> ColumnElement[Any]:
    """Write how a row stands at an instant."""
    return case(
        (table.c.standing != fixed(Standing.WAITING), table.c.standing),
        (table.c.leased_until > AT, fixed(WorkState.LEASED)),
        (behind, fixed(WorkState.BEHIND)),
        (due_at <= AT, fixed(WorkState.DUE)),
        else_=fixed(WorkState.LATER),
    )


def is_open(table: Table) -> ColumnElement[bool]:
    """Write that somebody must still see to it; each half has an index of its own."""
    return or_(table.c.standing == fixed(Standing.WAITING), table.c.standing == fixed(Standing.DEAD))


def depth(
    table: Table, *, due_at: ColumnElement[Any], since: Column[Any], behind: ColumnElement[bool] = NOTHING
) -> Select[Any]:
    """Write the count of open rows by state, each with the instant of its oldest."""
    state = state_of(table, due_at=due_at, behind=behind).label("state")
    return (
        select(state, func.count().label("number"), func.min(since).label("oldest"))
        .where(is_open(table))
        .group_by("state")
    )


def read_depth(rows: Iterable[Row]) -> Depth:
    """Read what `depth` found."""
    found = {WorkState(row.state): row for row in rows}
    waiting = [row.oldest for state, row in found.items() if state is not WorkState.DEAD]
    return Depth(counts={state: row.number for state, row in found.items()}, oldest=min(waiting, default=None))
