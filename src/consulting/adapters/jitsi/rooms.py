"""A Jitsi Meet server as the port MeetingRooms. Its rooms are just names, so nothing is ever asked of it."""

from __future__ import annotations

import hmac
from base64 import b32encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from consulting.application.ports.meeting_rooms import MeetingRequest, MeetingRoomsMisconfigured
from consulting.domain.meetings import Meeting

PREFIX: Final = "session-"
_BYTES: Final = 20
"""What of the digest is in a room's name: 160 bits, in 32 letters and digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JitsiRooms:
    """Rooms whose names nobody can guess. Build it with `open_meeting_rooms`; safe to share between threads.

    A room exists as long as somebody is in it, and whoever knows its name may enter. The name is made of the session's
    id under a secret, so every try of every worker makes the same one, with nothing remembered between them; another
    secret changes only the rooms of sessions that have none yet.
    """

    url: str
    secret: str = field(repr=False)

    def open(self, request: MeetingRequest) -> Meeting:
        """Give the session's room: always the same one."""
        name = self._name(request.session_id)
        return Meeting(id=name, join_link=f"{self.url}/{name}", host=urlsplit(self.url).hostname or self.url)

    def move(self, meeting: Meeting, request: MeetingRequest) -> Meeting:
        """Keep the room, which knows no time; one of another provider or server gives way to one here."""
        return meeting if self._is_here(meeting) else self.open(request)

    def close(self, meeting: Meeting) -> None:
        """Do nothing: a room that nobody is in doesn't exist."""

    def clear(self, request: MeetingRequest, *, known: Meeting | None) -> None:
        """Do nothing, as in `close`."""

    def start_link(self, meeting: Meeting) -> str:
        """Give the room's link, which is everybody's: the server decides who leads there.

        Raises MeetingRoomsMisconfigured for a meeting of another provider or server.
        """
        if not self._is_here(meeting):
            raise MeetingRoomsMisconfigured
        return meeting.join_link

    def _name(self, session_id: UUID) -> str:
        digest = hmac.digest(self.secret.encode(), session_id.bytes, sha256)
        return PREFIX + b32encode(digest[:_BYTES]).decode().lower()

    def _is_here(self, meeting: Meeting) -> bool:
        return meeting.id.startswith(PREFIX) and meeting.join_link == f"{self.url}/{meeting.id}"


def open_meeting_rooms(*, url: str, secret: str) -> JitsiRooms:
    """Build it without asking anybody anything; `url` is where the server's rooms are, such as https://meet.example."""
    return JitsiRooms(url=url.rstrip("/"), secret=secret)
