"""The record of what was sent to whom."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from consulting.adapters.memory.kept import Kept, require
from consulting.application.ports.records import Notification


class MemoryNotifications:
    """The record of what was sent to whom."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def mark(self, notification: Notification) -> bool:
        """Record it; False, and nothing changed, if it is recorded already."""
        require(self._kept.sessions, notification.session_id)
        telling = (notification.session_id, notification.kind, notification.recipient, notification.about)
        if telling in self._kept.notifications:
            return False
        self._kept.notifications[telling] = notification
        return True

    def marked(self, *, session_id: UUID, kind: str, recipient: str, about: str) -> bool:
        """Tell whether it is recorded."""
        return (session_id, kind, recipient, about) in self._kept.notifications

    def of_session(self, session_id: UUID) -> Sequence[Notification]:
        """List what is recorded of a session, the oldest first."""
        own = (each for each in self._kept.notifications.values() if each.session_id == session_id)
        return sorted(own, key=lambda each: each.marked_at)
