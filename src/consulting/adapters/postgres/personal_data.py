"""What is kept of a person, to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Table, Text, Uuid, bindparam, delete, func, null, update

from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.tables import (
    fixed,
    idempotency_keys,
    notifications,
    outbox,
    refunds,
    reviews,
    sessions,
)
from consulting.application.ports.outbox import Errand

ERASED: Final = "erased"

_PSEUDONYM = bindparam("pseudonym", type_=Text)
_IDS = func.any(bindparam("session_ids", type_=ARRAY(Uuid)))


def _of(table: Table) -> ColumnElement[bool]:
    column: Any = table.c.id if table is sessions else table.c.session_id
    matches: ColumnElement[bool] = column == _IDS
    return matches


SESSIONS = prepare(
    update(sessions)
    .where(_of(sessions))
    .values(
        user_id=_PSEUDONYM,
        client_email=fixed(""),
        client_name=null(),
        client_timezone=fixed("UTC"),
        paper_id=null(),
        questions=null(),
        cancellation_note=null(),
    )
)
REVIEWS = prepare(
    update(reviews)
    .where(_of(reviews))
    .values(user_id=_PSEUDONYM, comment=null(), answer=null(), answered_at=null(), hidden_because=null())
)
REFUNDS = prepare(update(refunds).where(_of(refunds)).values(note=null()))
NOTIFICATIONS = prepare(
    update(notifications).where(_of(notifications), notifications.c.reason.is_not(None)).values(reason=fixed(ERASED))
)
LETTERS = prepare(delete(outbox).where(_of(outbox), outbox.c.errand == fixed(Errand.NOTIFY)))
ERRORS = prepare(update(outbox).where(_of(outbox)).values(error=null()))
ANSWERS = prepare(delete(idempotency_keys).where(idempotency_keys.c.caller == bindparam("user_id", type_=Text)))


class PostgresPersonalData:
    """Everything by which a client could be known again."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def forget(self, user_id: str, *, session_ids: Sequence[UUID], pseudonym: str) -> None:
        """Forget the client of these sessions: the pseudonym takes the place of their id."""
        these = {"session_ids": list(session_ids)}
        named = these | {"pseudonym": pseudonym}
        self._link.together(
            (SESSIONS, named),
            (REVIEWS, named),
            (REFUNDS, these),
            (NOTIFICATIONS, these),
            (LETTERS, these),
            (ERRORS, these),
            (ANSWERS, {"user_id": user_id}),
        )
