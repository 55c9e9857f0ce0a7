"""The keys of partners' backends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from consulting.domain.api_keys import ApiKey


class ApiKeys(Protocol):
    """The keys, never themselves, but their hashes."""

    def get(self, id: UUID) -> ApiKey | None:
        """Give the key, revoked ones too."""

    def of_hash(self, hash: bytes) -> ApiKey | None:
        """Give the key of this hash, revoked ones too."""

    def page(self, *, after: UUID | None, limit: int) -> Sequence[ApiKey]:
        """List keys, the newest first (by id), those before the one of this id; revoked ones too."""

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""

    def save(self, key: ApiKey) -> None:
        """Keep a known key's new values, but for its last use."""

    def note_use(self, id: UUID, *, at: datetime) -> None:
        """Keep that it was used at this instant, unless a later use is known."""
