"""The provider of video meetings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from consulting.domain.errors import ConsultingError
from consulting.domain.meetings import Meeting
from consulting.domain.period import Period

PORT_VERSION: Final = 1
"""The version of this port: it rises with every change that an adapter has to follow."""


class MeetingRoomsUnavailable(ConsultingError):
    """The meeting provider doesn't answer at the moment."""

    code = "MEETING_PROVIDER_UNAVAILABLE"

    def __init__(self, message: str | None = None, *, retry_after: timedelta | None = None) -> None:
        """Take over how long the provider asks us to wait, if it does."""
        super().__init__(message)
        self.retry_after = retry_after


class MeetingRoomsMisconfigured(ConsultingError):
    """The meeting provider refuses our credentials or request."""

    code = "MEETING_PROVIDER_MISCONFIGURED"


class NoFreeHost(MeetingRoomsUnavailable):
    """No account at the meeting provider is free to host this meeting."""

    code = "NO_FREE_HOST"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingRequest:
    """What a meeting needs: the session that it is for, when, a topic without private data, and who hosts it.

    `timezone` is the researcher's IANA zone; `hosts` are the accounts to try, the preferred one first.
    """

    session_id: UUID
    topic: str
    period: Period
    timezone: str
    hosts: tuple[str, ...]


class MeetingRooms(Protocol):
    """Meetings: a session has one, with one link.

    - Every call ends within 15 seconds, whatever the provider does.
    - Every call may be repeated until it is done; calls for one session come one after the other, for several at once.
    - The adapter remembers nothing that must outlive its process: a session's meeting is found again at the provider.
    - MeetingRoomsUnavailable: it may have been done or not; it is asked for again, at the earliest after `retry_after`.
    - MeetingRoomsMisconfigured: the provider refuses our credentials or what we ask for; a repeat won't help.
    - No other error is raised, but for those that a method names.
    """

    def open(self, request: MeetingRequest) -> Meeting:
        """Give the session's meeting: the one it has already, though its creation's answer was lost, or a new one.

        Repeating gives the same id and link. The link begins with https:// and tells nothing of topic or people. The
        meeting takes place at the request's instants, whatever its timezone is for. The first of the hosts that is free
        gets it; NoFreeHost where none is. Any topic is taken, in any letters and of any length.
        """

    def move(self, meeting: Meeting, request: MeetingRequest) -> Meeting:
        """Move the meeting to the request's time under the same link, or open another if the provider has lost it."""

    def close(self, meeting: Meeting) -> None:
        """Delete this one meeting; one that is gone already is done."""

    def clear(self, request: MeetingRequest, *, known: Meeting | None) -> None:
        """Delete every meeting of the session: the known one, and any whose creation was not heard of; none is done.

        Of the request, the session and the hosts count.
        """

    def start_link(self, meeting: Meeting) -> str:
        """Give the host's link of the moment; it is short-lived and is never kept or mailed."""
