"""Keys for partners' backends: handed out and taken back by admins, recognized at every call."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import UUID

from consulting.application.callers import Caller
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.transactions import Transactions
from consulting.application.trail import Deed, write_down
from consulting.domain.admin_acts import Act
from consulting.domain.api_keys import SECRET_BYTES, ApiKey, Scope, hash_of, issue, looks_like_key
from consulting.domain.errors import ApiKeyNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new key: its record, and the key itself, which nobody can see again."""

    record: ApiKey
    key: str


@dataclass(frozen=True, slots=True)
class CreateApiKey:
    """Make an API key.

    - The key itself is shown in this answer alone; what is kept is its hash, and the prefix by which to recognize it.
    - Its scopes say what it is for; with `act:users` it acts for the user whom each request names.
    - Only people make keys: a key never makes another one.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities
    random: Random

    def __call__(
        self, *, name: str, scopes: frozenset[Scope], expires_at: datetime | None, caller: Caller
    ) -> IssuedKey:
        """Give the key. Raises ValidationFailed (fields `name`, `scopes`, `expires_at`)."""
        key = "ck_" + urlsafe_b64encode(self.random.randbytes(SECRET_BYTES)).decode().rstrip("=")
        now = self.clock.now()
        record = issue(
            id=self.ids.new(),
            key=key,
            name=name,
            scopes=scopes,
            created_by=caller.user_id,
            expires_at=expires_at,
            at=now,
        )
        after = {
            "name": name,
            "prefix": record.prefix,
            "scopes": sorted(scopes),
            "expires_at": None if expires_at is None else expires_at.isoformat(),
        }
        with self.transactions.begin() as tx:
            tx.api_keys.add(record)
            deed = Deed(act=Act.CREATE_API_KEY, subject=str(record.id), after=after)
            write_down(tx, deed, by=caller, ids=self.ids, at=now)
        return IssuedKey(record=record, key=key)


@dataclass(frozen=True, slots=True)
class ListApiKeys:
    """List API keys, the newest first, revoked ones too; `last_used_at` is right to the minute."""

    transactions: Transactions

    def __call__(self, *, after: UUID | None, limit: int) -> Sequence[ApiKey]:
        """Give one page, those before the key of this id."""
        with self.transactions.begin() as tx:
            return tx.api_keys.page(after=after, limit=limit)


@dataclass(frozen=True, slots=True)
class GetApiKey:
    """Show what is kept of an API key."""

    transactions: Transactions

    def __call__(self, id: UUID) -> ApiKey:
        """Give the key. Raises ApiKeyNotFound."""
        with self.transactions.begin() as tx:
            found = tx.api_keys.get(id)
        if found is None:
            raise ApiKeyNotFound
        return found


@dataclass(frozen=True, slots=True)
class RevokeApiKey:
    """Revoke an API key for good: within seconds no process takes it any more. Revoking it again changes nothing."""

    transactions: Transactions
    clock: Clock
    ids: Identities

    def __call__(self, id: UUID, *, caller: Caller) -> ApiKey:
        """Give the key afterwards. Raises ApiKeyNotFound."""
        with self.transactions.begin() as tx:
            now = self.clock.now()
            known = tx.api_keys.get(id)
            if known is None:
                raise ApiKeyNotFound
            revoked = known.revoked(at=now)
            if revoked != known:
                tx.api_keys.save(revoked)
                deed = Deed(act=Act.REVOKE_API_KEY, subject=str(id), after={"name": known.name})
                write_down(tx, deed, by=caller, ids=self.ids, at=now)
            return revoked


@dataclass(frozen=True, slots=True)
class RecognizeApiKey:
    """Find the record of a key that somebody calls with, and note once a minute that it is used."""

    transactions: Transactions
    clock: Clock

    def __call__(self, key: str) -> ApiKey | None:
        """Give the record; None for what is no key, and for one that was revoked or has expired."""
        if not looks_like_key(key):
            return None
        with self.transactions.begin() as tx:
            now = self.clock.now()
            found = tx.api_keys.of_hash(hash_of(key))
            if found is None or not found.valid(at=now):
                return None
            if found.use_to_note(at=now):
                tx.api_keys.note_use(found.id, at=now)
            return found
