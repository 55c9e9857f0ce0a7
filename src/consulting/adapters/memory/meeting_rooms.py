"""A meeting provider in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from threading import Lock
from uuid import UUID

from consulting.adapters.memory.provider_line import ProviderLine, Trouble
from consulting.application.ports.meeting_rooms import (
    MeetingRequest,
    MeetingRoomsMisconfigured,
    MeetingRoomsUnavailable,
    NoFreeHost,
)
from consulting.domain.meetings import Meeting
from consulting.domain.period import Period

_OWN_HOST = "host@meet.example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMeeting:
    """A meeting as the provider has it."""

    meeting: Meeting
    session_id: UUID
    topic: str
    period: Period
    timezone: str


class MemoryMeetingRooms:
    """Meetings, in this object alone; safe to share between threads. `line` makes calls fail.

    A host has `most_each` meetings at most; None sets no limit.
    """

    def __init__(self, *, most_each: int | None = None) -> None:
        """Begin without meetings."""
        self.line = ProviderLine()
        self._most_each = most_each
        self._full: set[str] = set()
        self._open: dict[str, OpenMeeting] = {}
        self._numbers = count(1)
        self._lock = Lock()

    def open(self, request: MeetingRequest) -> Meeting:
        """Give the session's meeting: the one it has already, or a new one. Raises NoFreeHost."""
        with self._call():
            return self._found_or_opened(request)

    def move(self, meeting: Meeting, request: MeetingRequest) -> Meeting:
        """Move the meeting to the request's time, or open another if it is gone. Raises NoFreeHost."""
        with self._call():
            if meeting.id not in self._open:
                meeting = self._found_or_opened(request)
            known = self._open[meeting.id]
            self._open[meeting.id] = replace(known, period=request.period, timezone=request.timezone)
            return meeting

    def close(self, meeting: Meeting) -> None:
        """Delete the meeting; one that is gone already is done."""
        with self._call():
            self._open.pop(meeting.id, None)

    def clear(self, request: MeetingRequest, *, known: Meeting | None) -> None:
        """Delete every meeting of the session, known or not."""
        with self._call():
            mine = [each.meeting for each in self._open.values() if each.session_id == request.session_id]
            for meeting in (*mine, *([known] if known else [])):
                self._open.pop(meeting.id, None)

    def start_link(self, meeting: Meeting) -> str:
        """Give the host's link of the moment, another one each time; a meeting that is gone has none."""
        with self._call():
            if meeting.id not in self._open:
                raise MeetingRoomsMisconfigured
            return f"https://meet.example.org/s/{meeting.id}?token={next(self._numbers)}"

    @property
    def open_meetings(self) -> tuple[OpenMeeting, ...]:
        """Every meeting that there is, the oldest first."""
        return tuple(self._open.values())

    def fill(self, host: str) -> None:
        """Let this host have no room for another meeting."""
        self._full.add(host)

    def lose(self, meeting: Meeting) -> None:
        """Let the provider lose the meeting, as when somebody deletes it there."""
        self._open.pop(meeting.id, None)

    def open_another(self, request: MeetingRequest) -> Meeting:
        """Let the session have a meeting more, as when the creation of one was not heard of."""
        with self._lock:
            return self._opened(request)

    def _found_or_opened(self, request: MeetingRequest) -> Meeting:
        mine = (each.meeting for each in self._open.values() if each.session_id == request.session_id)
        return next(mine, None) or self._opened(request)

    def _opened(self, request: MeetingRequest) -> Meeting:
        number = next(self._numbers)
        meeting = Meeting(id=str(number), join_link=f"https://meet.example.org/j/{number}", host=self._host(request))
        self._open[meeting.id] = OpenMeeting(
            meeting=meeting,
            session_id=request.session_id,
            topic=request.topic,
            period=request.period,
            timezone=request.timezone,
        )
        return meeting

    def _host(self, request: MeetingRequest) -> str:
        hosts = request.hosts or (_OWN_HOST,)
        free = (host for host in hosts if host not in self._full and self._has_room(host))
        host = next(free, None)
        if host is None:
            raise NoFreeHost
        return host

    def _has_room(self, host: str) -> bool:
        used = sum(each.meeting.host == host for each in self._open.values())
        return self._most_each is None or used < self._most_each

    @contextmanager
    def _call(self) -> Iterator[None]:
        with self._lock:
            trouble = self.line.next()
            if trouble is Trouble.DOWN:
                raise MeetingRoomsUnavailable
            if trouble is Trouble.REFUSED:
                raise MeetingRoomsMisconfigured
            yield
            if trouble is Trouble.ANSWER_LOST:
                raise MeetingRoomsUnavailable
