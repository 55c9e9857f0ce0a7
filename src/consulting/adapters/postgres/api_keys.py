"""The keys of partners' backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, bindparam, func, select, update

from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.prepared import insert_into, prepare, update_of
from consulting.adapters.postgres.tables import api_keys
from consulting.adapters.postgres.values import AT, LIMIT
from consulting.domain.api_keys import ApiKey, Scope

_ID = bindparam("id", type_=Uuid)
GET = prepare(select(api_keys).where(api_keys.c.id == _ID))
OF_HASH = prepare(select(api_keys).where(api_keys.c.hash == bindparam("hash", type_=LargeBinary)))
_NEWEST = select(api_keys).order_by(api_keys.c.id.desc()).limit(LIMIT)
PAGE = prepare(_NEWEST)
PAGE_AFTER = prepare(_NEWEST.where(api_keys.c.id < bindparam("after", type_=Uuid)))
ADD = prepare(insert_into(api_keys))
SAVE = prepare(update_of(api_keys).values(last_used_at=api_keys.c.last_used_at).returning(api_keys.c.id))
NOTE_USE = prepare(
    update(api_keys)
    .where(api_keys.c.id == _ID)
    .values(last_used_at=func.greatest(api_keys.c.last_used_at, AT))
    .returning(api_keys.c.id)
)


class PostgresApiKeys:
    """The keys, never themselves, but their hashes."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def get(self, id: UUID) -> ApiKey | None:
        """Give the key, revoked ones too."""
        row = self._link.one(GET, id=id)
        return None if row is None else _key(row)

    def of_hash(self, hash: bytes) -> ApiKey | None:
        """Give the key of this hash, revoked ones too."""
        row = self._link.one(OF_HASH, hash=hash)
        return None if row is None else _key(row)

    def page(self, *, after: UUID | None, limit: int) -> Sequence[ApiKey]:
        """List keys, the newest first (by id), those before the one of this id; revoked ones too."""
        if after is None:
            rows = self._link.rows(PAGE, limit=limit)
        else:
            rows = self._link.rows(PAGE_AFTER, limit=limit, after=after)
        return [_key(row) for row in rows]

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""
        self._link.rows(ADD, **_columns(key))

    def save(self, key: ApiKey) -> None:
        """Keep a known key's new values, but for its last use; LookupError if it isn't known."""
        self._link.change(SAVE, what=f"key {key.id}", **_columns(key))

    def note_use(self, id: UUID, *, at: datetime) -> None:
        """Keep that it was used at this instant, unless a later use is known; LookupError if it isn't known."""
        self._link.change(NOTE_USE, what=f"key {id}", id=id, at=at)


def _columns(key: ApiKey) -> Mapping[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "hash": key.hash,
        "scopes": sorted(scope.value for scope in key.scopes),
        "created_by": key.created_by,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


def _key(row: Row) -> ApiKey:
    told = {**row._asdict(), "hash": bytes(row.hash), "scopes": frozenset(Scope(each) for each in row.scopes)}
    return ApiKey(**told)
