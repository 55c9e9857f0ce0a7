"""The trail of what admins did."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Uuid, bindparam, select

from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.prepared import insert_into, prepare
from consulting.adapters.postgres.tables import admin_acts
from consulting.adapters.postgres.values import LIMIT
from consulting.domain.admin_acts import Act, AdminAct

ADD = prepare(insert_into(admin_acts))
_NEWEST = select(admin_acts).order_by(admin_acts.c.id.desc()).limit(LIMIT)
PAGE = prepare(_NEWEST)
PAGE_AFTER = prepare(_NEWEST.where(admin_acts.c.id < bindparam("after", type_=Uuid)))


class PostgresAdminActs:
    """Every act of an admin; nothing in it is ever changed or taken out, the database refuses it."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def add(self, act: AdminAct) -> None:
        """Write an act down; one whose id is in the trail already is refused."""
        self._link.rows(
            ADD,
            id=act.id,
            acted_at=act.at,
            acted_by=act.by,
            act=act.act.value,
            subject=act.subject,
            before=Jsonb(dict(act.before)),
            after=Jsonb(dict(act.after)),
        )

    def page(self, *, after: UUID | None, limit: int) -> Sequence[AdminAct]:
        """List acts, the newest first (by id), those before the one of this id."""
        if after is None:
            rows = self._link.rows(PAGE, limit=limit)
        else:
            rows = self._link.rows(PAGE_AFTER, limit=limit, after=after)
        return [_act(row) for row in rows]


def _act(row: Row) -> AdminAct:
    return AdminAct(
        id=row.id,
        at=row.acted_at,
        by=row.acted_by,
        act=Act(row.act),
        subject=row.subject,
        before=row.before,
        after=row.after,
    )
