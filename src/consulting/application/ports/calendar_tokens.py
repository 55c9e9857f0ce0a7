"""The secrets under which calendar programs read somebody's sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class CalendarTokens(Protocol):
    """One token a user at most, of which only the digest is kept."""

    def replace(self, user_id: str, *, digest: str, at: datetime) -> None:
        """Keep the digest of the user's token; their former one opens nothing from then on."""

    def remove(self, user_id: str) -> None:
        """Forget the user's token; none is done."""

    def user_of(self, digest: str) -> str | None:
        """Give the user whose token has this digest."""
