"""The trail of what admins did."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from consulting.adapters.memory.kept import Kept, put_new
from consulting.domain.admin_acts import AdminAct


class MemoryAdminActs:
    """Every act of an admin; nothing in it is ever changed or taken out."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def add(self, act: AdminAct) -> None:
        """Write an act down; ForbiddenRecord for one whose id is in the trail already."""
        put_new(self._kept.admin_acts, act.id, act)

    def page(self, *, after: UUID | None, limit: int) -> Sequence[AdminAct]:
        """List acts, the newest first (by id), those before the one of this id."""
        acts = sorted(self._kept.admin_acts.values(), key=lambda each: each.id, reverse=True)
        return [each for each in acts if after is None or each.id < after][:limit]
