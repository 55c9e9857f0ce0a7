"""Patterns, overrides, one-off slots and blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar
from uuid import UUID

from consulting.adapters.memory.kept import Kept, require
from consulting.domain.availability import Block, OneOffSlot, Override, Pattern, Rules


class _Rule(Protocol):
    @property
    def id(self) -> UUID: ...

    @property
    def researcher_id(self) -> UUID: ...


_SomeRule = TypeVar("_SomeRule", bound=_Rule)


class MemoryAvailability:
    """Patterns, overrides, one-off slots and blocks."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def rules(self, researcher_id: UUID) -> Rules:
        """Give all of a researcher's rules."""
        return Rules(
            patterns=_of(self._kept.patterns, researcher_id),
            overrides=_of(self._kept.overrides, researcher_id),
            one_offs=_of(self._kept.one_offs, researcher_id),
            blocks=_of(self._kept.blocks, researcher_id),
        )

    def save_pattern(self, pattern: Pattern) -> None:
        """Keep a pattern, new or changed."""
        self._save(self._kept.patterns, pattern)

    def save_override(self, override: Override) -> None:
        """Keep an override, new or changed."""
        self._save(self._kept.overrides, override)

    def save_one_off(self, slot: OneOffSlot) -> None:
        """Keep a one-off slot, new or changed."""
        self._save(self._kept.one_offs, slot)

    def save_block(self, block: Block) -> None:
        """Keep a block, new or changed."""
        self._save(self._kept.blocks, block)

    def remove(self, id: UUID, *, researcher_id: UUID) -> bool:
        """Forget the researcher's rule of this id, of whichever kind; False if there is none."""
        return (
            _forget(self._kept.patterns, id, researcher_id)
            or _forget(self._kept.overrides, id, researcher_id)
            or _forget(self._kept.one_offs, id, researcher_id)
            or _forget(self._kept.blocks, id, researcher_id)
        )

    def _save(self, table: dict[UUID, _SomeRule], rule: _SomeRule) -> None:
        require(self._kept.researchers, rule.researcher_id)
        table[rule.id] = rule


def _of(table: Mapping[UUID, _SomeRule], researcher_id: UUID) -> tuple[_SomeRule, ...]:
    return tuple(rule for _, rule in sorted(table.items()) if rule.researcher_id == researcher_id)


def _forget(table: dict[UUID, _SomeRule], id: UUID, researcher_id: UUID) -> bool:
    if id not in table or table[id].researcher_id != researcher_id:
        return False
    del table[id]
    return True
