"""The keys of partners' backends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from consulting.adapters.memory.kept import Kept, put_new, require, require_unique
from consulting.domain.api_keys import ApiKey


class MemoryApiKeys:
    """The keys, never themselves, but their hashes."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def get(self, id: UUID) -> ApiKey | None:
        """Give the key, revoked ones too."""
        return self._kept.api_keys.get(id)

    def of_hash(self, hash: bytes) -> ApiKey | None:
        """Give the key of this hash, revoked ones too."""
        return next((each for each in self._kept.api_keys.values() if each.hash == hash), None)

    def page(self, *, after: UUID | None, limit: int) -> Sequence[ApiKey]:
        """List keys, the newest first (by id), those before the one of this id; revoked ones too."""
        keys = sorted(self._kept.api_keys.values(), key=lambda each: each.id, reverse=True)
        return [each for each in keys if after is None or each.id < after][:limit]

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""
        require_unique(taken=self.of_hash(key.hash) is not None, what="a key of this hash")
        put_new(self._kept.api_keys, key.id, key)

    def save(self, key: ApiKey) -> None:
        """Keep a known key's new values, but for its last use."""
        known = require(self._kept.api_keys, key.id)
        self._kept.api_keys[key.id] = replace(key, last_used_at=known.last_used_at)

    def note_use(self, id: UUID, *, at: datetime) -> None:
        """Keep that it was used at this instant, unless a later use is known."""
        known = require(self._kept.api_keys, id)
        latest = at if known.last_used_at is None else max(at, known.last_used_at)
        self._kept.api_keys[id] = replace(known, last_used_at=latest)
