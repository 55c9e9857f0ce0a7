"""Patterns, overrides, one-off slots and blocks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Table, Uuid, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.tables import blocks, one_off_slots, overrides, patterns
from consulting.domain.availability import Block, OneOffSlot, Override, Pattern, Rules
from consulting.domain.local_time import LocalClock, LocalWindow
from consulting.domain.period import Period

_ID, _RESEARCHER = bindparam("id", type_=Uuid), bindparam("researcher_id", type_=Uuid)


def _of_researcher(table: Table) -> Prepared:
    return prepare(select(table).where(table.c.researcher_id == _RESEARCHER).order_by(table.c.id))


def _save(table: Table) -> Prepared:
    """Write a rule, new or changed."""
    places = {column.name: bindparam(column.name, type_=column.type) for column in table.c}
    new = insert(table).values(places)
    changes = {name: new.excluded[name] for name in places if name != "id"}
    return prepare(new.on_conflict_do_update(index_elements=["id"], set_=changes))


def _remove(table: Table) -> Prepared:
    return prepare(delete(table).where(table.c.id == _ID, table.c.researcher_id == _RESEARCHER).returning(table.c.id))


PATTERNS, OVERRIDES = _of_researcher(patterns), _of_researcher(overrides)
ONE_OFFS, BLOCKS = _of_researcher(one_off_slots), _of_researcher(blocks)
SAVE_PATTERN, SAVE_OVERRIDE, SAVE_ONE_OFF, SAVE_BLOCK = (
    _save(each) for each in (patterns, overrides, one_off_slots, blocks)
)
REMOVALS = tuple(_remove(each) for each in (patterns, overrides, one_off_slots, blocks))


class PostgresAvailability:
    """Patterns, overrides, one-off slots and blocks."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def rules(self, researcher_id: UUID) -> Rules:
        """Give all of a researcher's rules, each kind by id."""
        whose = {"researcher_id": researcher_id}
        weekly, dated, once, off = self._link.together(
            (PATTERNS, whose), (OVERRIDES, whose), (ONE_OFFS, whose), (BLOCKS, whose)
        )
        return Rules(
            patterns=tuple(_pattern(row) for row in weekly),
            overrides=tuple(_override(row) for row in dated),
            one_offs=tuple(_one_off(row) for row in once),
            blocks=tuple(_block(row) for row in off),
        )

    def save_pattern(self, pattern: Pattern) -> None:
        """Keep a pattern, new or changed."""
        self._link.rows(SAVE_PATTERN, **_pattern_columns(pattern))

    def save_override(self, override: Override) -> None:
        """Keep an override, new or changed."""
        self._link.rows(SAVE_OVERRIDE, **_override_columns(override))

    def save_one_off(self, slot: OneOffSlot) -> None:
        """Keep a one-off slot, new or changed."""
        self._link.rows(
            SAVE_ONE_OFF,
            id=slot.id,
            researcher_id=slot.researcher_id,
            start_time=slot.period.start,
            end_time=slot.period.end,
        )

    def save_block(self, block: Block) -> None:
        """Keep a block, new or changed."""
        self._link.rows(
            SAVE_BLOCK,
            id=block.id,
            researcher_id=block.researcher_id,
            start_time=block.period.start,
            end_time=block.period.end,
            reason=block.reason,
        )

    def remove(self, id: UUID, *, researcher_id: UUID) -> bool:
        """Forget the researcher's rule of this id, of whichever kind; False if there is none."""
        which = {"id": id, "researcher_id": researcher_id}
        return any(self._link.together(*((removal, which) for removal in REMOVALS)))


@lru_cache(maxsize=4096)
def _window(start: int, end: int) -> LocalWindow:
    """Give the window; a calendar may have thousands, of which most are alike."""
    return LocalWindow(start=LocalClock(start), end=LocalClock(end))


def _pattern(row: Row) -> Pattern:
    return Pattern(
        id=row.id,
        researcher_id=row.researcher_id,
        weekday=row.weekday,
        window=_window(row.start_minute, row.end_minute),
        timezone=row.timezone,
        slot_minutes=row.slot_minutes,
        gap_minutes=row.gap_minutes,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        every_weeks=row.every_weeks,
    )


def _pattern_columns(pattern: Pattern) -> Mapping[str, Any]:
    return {
        "id": pattern.id,
        "researcher_id": pattern.researcher_id,
        "weekday": pattern.weekday,
        "start_minute": pattern.window.start.minutes,
        "end_minute": pattern.window.end.minutes,
        "timezone": pattern.timezone,
        "slot_minutes": pattern.slot_minutes,
        "gap_minutes": pattern.gap_minutes,
        "valid_from": pattern.valid_from,
        "valid_until": pattern.valid_until,
        "every_weeks": pattern.every_weeks,
    }


def _override(row: Row) -> Override:
    return Override(
        id=row.id,
        researcher_id=row.researcher_id,
        date=row.date,
        timezone=row.timezone,
        windows=tuple([_window(start, end) for start, end in row.windows]),
        slot_minutes=row.slot_minutes,
        gap_minutes=row.gap_minutes,
    )


def _override_columns(override: Override) -> Mapping[str, Any]:
    return {
        "id": override.id,
        "researcher_id": override.researcher_id,
        "date": override.date,
        "timezone": override.timezone,
        "windows": Jsonb([[window.start.minutes, window.end.minutes] for window in override.windows]),
        "slot_minutes": override.slot_minutes,
        "gap_minutes": override.gap_minutes,
    }


def _one_off(row: Row) -> OneOffSlot:
    return OneOffSlot(id=row.id, researcher_id=row.researcher_id, period=Period(row.start_time, row.end_time))


def _block(row: Row) -> Block:
    return Block(
        id=row.id, researcher_id=row.researcher_id, period=Period(row.start_time, row.end_time), reason=row.reason
    )
