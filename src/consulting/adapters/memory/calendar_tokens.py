"""The secrets under which calendar programs read somebody's sessions."""

from __future__ import annotations

from datetime import datetime

from consulting.adapters.memory.kept import Kept, require_unique


class MemoryCalendarTokens:
    """One token a user at most, of which only the digest is kept."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def replace(self, user_id: str, *, digest: str, at: datetime) -> None:
        """Keep the digest of the user's token, in place of a former one."""
        require_unique(taken=self.user_of(digest) not in {None, user_id}, what="a token of this digest")
        self._kept.calendar_tokens[user_id] = (digest, at)

    def remove(self, user_id: str) -> None:
        """Forget the user's token; none is done."""
        self._kept.calendar_tokens.pop(user_id, None)

    def user_of(self, digest: str) -> str | None:
        """Give the user whose token has this digest."""
        return next((user for user, (kept, _) in self._kept.calendar_tokens.items() if kept == digest), None)
