"""The trail of what admins did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from consulting.domain.admin_acts import AdminAct


class AdminActs(Protocol):
    """Every act of an admin; nothing in it is ever changed or taken out."""

    def add(self, act: AdminAct) -> None:
        """Write an act down; one whose id is in the trail already is a fault of the caller."""

    def page(self, *, after: UUID | None, limit: int) -> Sequence[AdminAct]:
        """List acts, the newest first (by id), those before the one of this id."""
