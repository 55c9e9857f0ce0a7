"""The provider as meeting rooms. A meeting carries its session's id, so that it is found again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from consulting.domain import Meeting
from consulting.ports import MeetingRequest, MeetingRoomsMisconfigured, NoFreeHost
from teams_meetings.calls import HostBusy, Json, NotThere, Teams

LONGEST_SUBJECT = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsRooms:
    """Meetings at the provider; it remembers nothing. Safe to share between threads."""

    teams: Teams

    def open(self, request: MeetingRequest) -> Meeting:
        """Give the session's meeting, on whichever host it is, or make one on the first host that is free."""
        return next(self._of(request), None) or self._created(request)

    def move(self, meeting: Meeting, request: MeetingRequest) -> Meeting:
        """Give the meeting its new time; the link stays."""
        try:
            self.teams.call("PATCH", _path(meeting), body=_times(request))
        except NotThere:
            opened = self.open(request)
            self.teams.call("PATCH", _path(opened), body=_times(request))
            return opened
        return meeting

    def close(self, meeting: Meeting) -> None:
        """Delete the meeting."""
        with suppress(NotThere):
            self.teams.call("DELETE", _path(meeting))

    def clear(self, request: MeetingRequest, *, known: Meeting | None) -> None:
        """Delete the known meeting, and whatever carries the session's id."""
        if known is not None:
            self.close(known)
        for meeting in list(self._of(request)):
            self.close(meeting)

    def start_link(self, meeting: Meeting) -> str:
        """Ask for the organizer's link, which holds for minutes."""
        try:
            link: str = self.teams.call("GET", _path(meeting))["organizerLink"]
        except NotThere as error:
            raise MeetingRoomsMisconfigured from error
        return link

    def _of(self, request: MeetingRequest) -> Iterator[Meeting]:
        for host in request.hosts:
            found = self.teams.call("GET", _meetings(host), query={"externalId": str(request.session_id)})
            yield from (_read(each, host) for each in found["value"])

    def _created(self, request: MeetingRequest) -> Meeting:
        subject = " ".join(request.topic.split())[:LONGEST_SUBJECT] or "Consultation"
        body = {"externalId": str(request.session_id), "subject": subject, **_times(request)}
        for host in request.hosts:
            with suppress(HostBusy):
                return _read(self.teams.call("POST", _meetings(host), body=body), host)
        raise NoFreeHost


def _meetings(host: str) -> str:
    return f"/users/{quote(host, safe='')}/meetings"


def _path(meeting: Meeting) -> str:
    return f"{_meetings(meeting.host)}/{quote(meeting.id, safe='')}"


def _times(request: MeetingRequest) -> Json:
    return {"start": request.period.start.isoformat(), "end": request.period.end.isoformat()}


def _read(found: Json, host: str) -> Meeting:
    return Meeting(id=found["id"], join_link=found["joinLink"], host=host)
