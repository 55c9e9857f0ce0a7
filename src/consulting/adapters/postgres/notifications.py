"""The record of what was sent to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.tables import fixed, notifications
from consulting.application.ports.records import Notification, Outcome

_COLUMNS = notifications.c
_NEW = insert(notifications).values({column.name: bindparam(column.name, type_=column.type) for column in _COLUMNS})
_TOLD_BY_TRYING = ("message_id", "marked_at", "outcome", "reason")
MARK = prepare(
    _NEW.on_conflict_do_update(
        index_elements=list(notifications.primary_key.columns),
        set_={name: _NEW.excluded[name] for name in _TOLD_BY_TRYING},
        where=_COLUMNS.outcome == fixed(Outcome.WAITING),
    ).returning(_COLUMNS.session_id)
)
_THIS = (
    _COLUMNS.session_id == bindparam("session_id", type_=Uuid),
    _COLUMNS.kind == bindparam("kind", type_=Text),
    _COLUMNS.recipient == bindparam("recipient", type_=Text),
    _COLUMNS.about == bindparam("about", type_=Text),
)
CONCLUDE = prepare(
    update(notifications)
    .where(*_THIS)
    .values(outcome=bindparam("outcome", type_=Text), reason=bindparam("reason", type_=Text))
    .returning(_COLUMNS.session_id)
)
MARKED = prepare(select(_COLUMNS.session_id).where(*_THIS))
OF_SESSIONS = prepare(
    select(notifications)
    .where(_COLUMNS.session_id == func.any(bindparam("session_ids", type_=ARRAY(Uuid))))
    .order_by(_COLUMNS.marked_at, _COLUMNS.kind, _COLUMNS.recipient, _COLUMNS.about)
)


class PostgresNotifications:
    """The record of what was sent to whom."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def mark(self, notification: Notification) -> bool:
        """Record it; False, and nothing changed, if it is recorded already and isn't waiting to be tried again."""
        values = {**_telling(notification), "message_id": notification.message_id, "marked_at": notification.marked_at}
        return bool(self._link.rows(MARK, **values, **_became(notification)))

    def conclude(self, notification: Notification) -> None:
        """Keep what became of a mail that is recorded; of one that isn't, nothing."""
        self._link.rows(CONCLUDE, **_telling(notification), **_became(notification))

    def marked(self, *, session_id: UUID, kind: str, recipient: str, about: str) -> bool:
        """Tell whether it is recorded."""
        return bool(self._link.rows(MARKED, session_id=session_id, kind=kind, recipient=recipient, about=about))

    def of_session(self, session_id: UUID) -> Sequence[Notification]:
        """List what is recorded of a session, the oldest first."""
        return self.of_sessions([session_id])

    def of_sessions(self, session_ids: Sequence[UUID]) -> Sequence[Notification]:
        """List what is recorded of several sessions at once, the oldest first."""
        return [_notification(row) for row in self._link.rows(OF_SESSIONS, session_ids=list(session_ids))]


def _telling(notification: Notification) -> Mapping[str, Any]:
    return {name: getattr(notification, name) for name in ("session_id", "kind", "recipient", "about")}


def _became(notification: Notification) -> Mapping[str, Any]:
    return {"outcome": notification.outcome.value, "reason": notification.reason}


def _notification(row: Row) -> Notification:
    return Notification(**{**row._asdict(), "outcome": Outcome(row.outcome)})
