"""The meetings of one host, as Zoom lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from consulting.application.ports.meeting_rooms import MeetingRequest, MeetingRoomsUnavailable
from consulting.domain.meetings import Meeting
from consulting.domain.period import Period

LONGEST_TOPIC: Final = 200
_SCHEDULED: Final = 2
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A meeting in a host's list; `period` is None for one that has no fixed time."""

    number: int
    join_link: str
    agenda: str
    period: Period | None

    def is_of(self, session_id: UUID) -> bool:
        """Tell whether it was made for this session."""
        return marker(session_id) in self.agenda

    def meets(self, period: Period) -> bool:
        """Tell whether it runs at some instant of the period."""
        return self.period is not None and self.period.overlaps(period)

    def held_by(self, host: str) -> Meeting:
        """Give it as the meeting of a session."""
        return Meeting(id=str(self.number), join_link=self.join_link, host=host)


def marker(session_id: UUID) -> str:
    """Give the words in a meeting's agenda by which it is found again; they name nobody."""
    return f"Booking reference {session_id}"


def fields(request: MeetingRequest) -> dict[str, Any]:
    """Give what Zoom is to know of the meeting. zoomus writes a `Z` behind any time, so the start is in UTC."""
    return {
        "topic": " ".join(request.topic.split())[:LONGEST_TOPIC],
        "agenda": marker(request.session_id),
        "type": _SCHEDULED,
        "start_time": request.period.start.astimezone(UTC),
        "duration": minutes(request.period),
        "timezone": request.timezone,
        "settings": {"waiting_room": True, "join_before_host": False},
    }


def minutes(period: Period) -> int:
    """Give the length in whole minutes, rounded up, as Zoom counts."""
    return -(-period.duration // _MINUTE)


def read(given: Any) -> Listed:
    """Read a meeting of a list, or of the answer to its creation. Raises MeetingRoomsUnavailable for nonsense."""
    try:
        return Listed(
            number=int(given["id"]),
            join_link=str(given["join_url"]),
            agenda=str(given.get("agenda") or ""),
            period=_period(given),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise MeetingRoomsUnavailable from None


def _period(given: Mapping[str, Any]) -> Period | None:
    if not given.get("start_time") or not given.get("duration"):
        return None
    start = datetime.fromisoformat(given["start_time"]).astimezone(UTC)
    return Period(start, start + int(given["duration"]) * _MINUTE)


def is_full(meetings: Iterable[Listed], *, request: MeetingRequest, at_once: int) -> bool:
    """Tell whether the host has `at_once` other meetings or more that overlap the request's time."""
    others = (each for each in meetings if not each.is_of(request.session_id))
    return sum(each.meets(request.period) for each in others) >= at_once
