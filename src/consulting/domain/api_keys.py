"""Keys by which partners' backends call, and what each of them may do."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from consulting.domain.errors import FieldProblem, ValidationFailed

LONGEST_NAME: Final = 100
SECRET_BYTES: Final = 32
SHOWN_LETTERS: Final = 11
"""How much of a key is shown in lists: `ck_` and eight of its 43 letters."""

NOTED_EVERY: Final = timedelta(minutes=1)
"""How exactly the last use is known: a write for each request would cost more than the request."""

_KEY: Final = re.compile(r"ck_[A-Za-z0-9_-]{43}")


class Scope(StrEnum):
    """What a key may be for.

    read: look at what signed-in users see; book: book, pay, cancel and review; calendar: change a researcher's
    calendar; act:users: do so for users, whom the request names; admin: what admins do, but for API keys themselves.
    """

    READ = "read"
    BOOK = "book"
    CALENDAR = "calendar"
    ACT_USERS = "act:users"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept: never itself, but its hash, and the `prefix` by which people recognize it."""

    id: UUID
    name: str
    prefix: str
    hash: bytes
    scopes: frozenset[Scope]
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def valid(self, *, at: datetime) -> bool:
        """Tell whether it opens anything at this instant."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def use_to_note(self, *, at: datetime) -> bool:
        """Tell whether a use at this instant is news: the last one that was written down is a minute old."""
        return self.last_used_at is None or at - self.last_used_at >= NOTED_EVERY

    def revoked(self, *, at: datetime) -> ApiKey:
        """Take it back; one that was taken back stays as it is."""
        return self if self.revoked_at is not None else replace(self, revoked_at=at)


def issue(
    *,
    id: UUID,
    key: str,
    name: str,
    scopes: frozenset[Scope],
    created_by: str,
    expires_at: datetime | None,
    at: datetime,
) -> ApiKey:
    """Give the record of a new key. Raises ValidationFailed (fields `name`, `scopes`, `expires_at`)."""
    problems = []
    if not name.strip() or len(name) > LONGEST_NAME:
        problems.append(FieldProblem("name", f"give a name of 1 to {LONGEST_NAME} characters"))
    if not scopes:
        problems.append(FieldProblem("scopes", "give at least one scope"))
    if expires_at is not None and expires_at <= at:
        problems.append(FieldProblem("expires_at", "give an instant in the future"))
    if problems:
        raise ValidationFailed(problems)
    return ApiKey(
        id=id,
        name=name,
        prefix=key[:SHOWN_LETTERS],
        hash=hash_of(key),
        scopes=scopes,
        created_by=created_by,
        created_at=at,
        expires_at=expires_at,
    )


def looks_like_key(text: str) -> bool:
    """Tell whether this can be a key at all, so that anything else is refused without a look-up."""
    return _KEY.fullmatch(text) is not None


def hash_of(key: str) -> bytes:
    """Give what is kept of a key: 256 random bits can't be guessed, so a plain SHA-256 hides them for good."""
    return hashlib.sha256(key.encode()).digest()
