"""The secrets under which calendar programs read somebody's sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.tables import calendar_tokens

_COLUMNS = calendar_tokens.c
_NEW = insert(calendar_tokens).values({each.name: bindparam(each.name, type_=each.type) for each in _COLUMNS})
REPLACE = prepare(
    _NEW.on_conflict_do_update(
        index_elements=[_COLUMNS.user_id],
        set_={"digest": _NEW.excluded.digest, "made_at": _NEW.excluded.made_at},
    )
)
REMOVE = prepare(delete(calendar_tokens).where(_COLUMNS.user_id == bindparam("user_id", type_=Text)))
USER_OF = prepare(select(_COLUMNS.user_id).where(_COLUMNS.digest == bindparam("digest", type_=Text)))


class PostgresCalendarTokens:
    """One token a user at most, of which only the digest is kept."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def replace(self, user_id: str, *, digest: str, at: datetime) -> None:
        """Keep the digest of the user's token, in place of a former one."""
        self._link.rows(REPLACE, user_id=user_id, digest=digest, made_at=at)

    def remove(self, user_id: str) -> None:
        """Forget the user's token; none is done."""
        self._link.rows(REMOVE, user_id=user_id)

    def user_of(self, digest: str) -> str | None:
        """Give the user whose token has this digest."""
        row = self._link.one(USER_OF, digest=digest)
        return None if row is None else str(row.user_id)
