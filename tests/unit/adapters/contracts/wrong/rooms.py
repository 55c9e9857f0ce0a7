"""Meeting rooms that each break one promise, as an honest mistake would."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from uuid import uuid4
from zoneinfo import ZoneInfo

from consulting.adapters.memory import MemoryMeetingRooms
from consulting.application.ports.meeting_rooms import (
    MeetingRequest,
    MeetingRoomsMisconfigured,
    MeetingRoomsUnavailable,
    NoFreeHost,
)
from consulting.domain.meetings import Meeting
from consulting.domain.period import Period


class OpensTwice(MemoryMeetingRooms):
    """Doesn't look for the meeting that the session has."""

    def open(self, request: MeetingRequest) -> Meeting:
        with self._call():
            return self._opened(request)


class MovesByOpeningAnother(MemoryMeetingRooms):
    """Deletes the meeting and opens one at the new time, under another link."""

    def move(self, meeting: Meeting, request: MeetingRequest) -> Meeting:
        self.close(meeting)
        return self.open(request)


class ForgetsToMove(MemoryMeetingRooms):
    """Answers with the meeting as it was."""

    def move(self, meeting: Meeting, request: MeetingRequest) -> Meeting:
        return self.open(request)


class HasOneRoomForAll(MemoryMeetingRooms):
    """Gives everybody the link of the account's personal room."""

    def open(self, request: MeetingRequest) -> Meeting:
        return replace(super().open(request), join_link="https://meet.example.org/j/personal")


class TellsTheTopic(MemoryMeetingRooms):
    """Makes the link of the topic."""

    def open(self, request: MeetingRequest) -> Meeting:
        found = super().open(request)
        words = "-".join(each for each in request.topic.split() if each.isalpha() and each.isascii())
        return replace(found, join_link=f"{found.join_link}-{words[:40]}")


class ClosesAll(MemoryMeetingRooms):
    """Deletes whatever there is."""

    def close(self, meeting: Meeting) -> None:
        with self._call():
            self._open.clear()


class TakesUtcForLocalTime(MemoryMeetingRooms):
    """Sends the hours of UTC, and the researcher's zone beside them."""

    def open(self, request: MeetingRequest) -> Meeting:
        zone = ZoneInfo(request.timezone)
        start, end = (each.replace(tzinfo=zone).astimezone(UTC) for each in (request.period.start, request.period.end))
        return super().open(replace(request, period=Period(start, end)))


class SwallowsOutages(MemoryMeetingRooms):
    """Takes what it couldn't delete for deleted."""

    def close(self, meeting: Meeting) -> None:
        try:
            super().close(meeting)
        except MeetingRoomsUnavailable:
            return


class ClearsWhatItKnows(MemoryMeetingRooms):
    """Deletes the meeting that we know of, and not the one whose creation was not heard of."""

    def clear(self, request: MeetingRequest, *, known: Meeting | None) -> None:
        if known is not None:
            self.close(known)


class CallsWrongKeysAnOutage(MemoryMeetingRooms):
    """Lets the worker try until the start what only other credentials can mend."""

    def open(self, request: MeetingRequest) -> Meeting:
        try:
            return super().open(request)
        except MeetingRoomsMisconfigured:
            raise MeetingRoomsUnavailable from None


class OpensWithoutAHost(MemoryMeetingRooms):
    """Gives a link where nobody is free to host."""

    def open(self, request: MeetingRequest) -> Meeting:
        try:
            return super().open(request)
        except NoFreeHost:
            return Meeting(id=str(uuid4()), join_link=f"https://meet.example.org/j/{uuid4()}", host="nobody")
