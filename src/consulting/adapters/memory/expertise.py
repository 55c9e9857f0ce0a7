"""The fields of expertise that are in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from consulting.adapters.memory.kept import Kept
from consulting.application.ports.expertise import ExpertiseTag
from consulting.domain.directory import topic


class MemoryExpertise:
    """What active researchers say they know."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def beginning_with(self, prefix: str, *, limit: int) -> Sequence[ExpertiseTag]:
        """List fields whose topic begins with the prefix, which is one itself; all for an empty one."""
        active = [each for each in self._kept.researchers.values() if each.active]
        fields = Counter(field for each in active for field in set(map(topic, each.expertise)))
        spellings = Counter((topic(tag), tag) for each in active for tag in set(each.expertise))
        found = [field for field in fields if field and field.startswith(prefix)]
        best = sorted(found, key=lambda field: (-fields[field], field))[:limit]
        return [ExpertiseTag(tag=_usual(field, spellings), researchers=fields[field]) for field in best]


def _usual(field: str, spellings: Counter[tuple[str, str]]) -> str:
    """Give the spelling that most use, of equals the lesser one."""
    return min((-number, tag) for (of, tag), number in spellings.items() if of == field)[1]
