"""The record of what was sent to whom."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.tables import notifications
from consulting.application.ports.records import Notification

_COLUMNS = notifications.c
_OF_SESSION = _COLUMNS.session_id == bindparam("session_id", type_=Uuid)

MARK = prepare(
    insert(notifications)
    .values({column.name: bindparam(column.name, type_=column.type) for column in _COLUMNS})
    .on_conflict_do_nothing()
    .returning(_COLUMNS.session_id)
)
MARKED = prepare(
    select(_COLUMNS.session_id).where(
        _OF_SESSION,
        _COLUMNS.kind == bindparam("kind", type_=Text),
        _COLUMNS.recipient == bindparam("recipient", type_=Text),
        _COLUMNS.about == bindparam("about", type_=Text),
    )
)
OF_SESSION = prepare(
    select(notifications)
    .where(_OF_SESSION)
    .order_by(_COLUMNS.marked_at, _COLUMNS.kind, _COLUMNS.recipient, _COLUMNS.about)
)


class PostgresNotifications:
    """The record of what was sent to whom."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def mark(self, notification: Notification) -> bool:
        """Record it; False, and nothing changed, if it is recorded already."""
        marked = self._link.rows(
            MARK,
            session_id=notification.session_id,
            kind=notification.kind,
            recipient=notification.recipient,
            about=notification.about,
            message_id=notification.message_id,
            marked_at=notification.marked_at,
        )
        return bool(marked)

    def marked(self, *, session_id: UUID, kind: str, recipient: str, about: str) -> bool:
        """Tell whether it is recorded."""
        return bool(self._link.rows(MARKED, session_id=session_id, kind=kind, recipient=recipient, about=about))

    def of_session(self, session_id: UUID) -> Sequence[Notification]:
        """List what is recorded of a session, the oldest first."""
        return [Notification(**row._asdict()) for row in self._link.rows(OF_SESSION, session_id=session_id)]
