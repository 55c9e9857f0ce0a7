from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest

from consulting.adapters.contracts.meeting_rooms import HOSTS, request
from consulting.adapters.memory import MemoryMeetingRooms
from consulting.application.ports.meeting_rooms import MeetingRequest, MeetingRoomsMisconfigured, NoFreeHost
from consulting.contracts import MeetingProviderContract
from consulting.domain.meetings import Meeting
from consulting.domain.period import Period
from tests.unit.adapters.memory.trouble import MemoryLine


@dataclass(frozen=True)
class Provider:
    rooms: MemoryMeetingRooms

    def meetings_of(self, session_id: UUID) -> Sequence[Period]:
        return [each.period for each in self.rooms.open_meetings if each.session_id == session_id]

    def lose(self, meeting: Meeting) -> None:
        self.rooms.lose(meeting)

    def fill(self, host: str) -> None:
        self.rooms.fill(host)

    def open_another(self, request: MeetingRequest) -> object:
        return self.rooms.open_another(request)


class TestMemoryMeetingRooms(MeetingProviderContract):
    @pytest.fixture
    def rooms(self) -> MemoryMeetingRooms:
        return MemoryMeetingRooms()

    @pytest.fixture
    def provider(self, rooms: MemoryMeetingRooms) -> Provider:
        return Provider(rooms)

    @pytest.fixture
    def line(self, rooms: MemoryMeetingRooms) -> MemoryLine:
        return MemoryLine(rooms.line)


def test_hosts_take_so_many_meetings_each_and_a_closed_one_makes_room() -> None:
    rooms = MemoryMeetingRooms(most_each=1)
    first, second = rooms.open(request(1)), rooms.open(request(2))
    assert (first.host, second.host) == HOSTS
    with pytest.raises(NoFreeHost):
        rooms.open(request(3))
    rooms.close(first)
    assert rooms.open(request(3)).host == HOSTS[0]


def test_a_start_link_is_another_one_each_time_and_a_closed_meeting_has_none() -> None:
    rooms = MemoryMeetingRooms()
    meeting = rooms.open(request())
    assert rooms.start_link(meeting) != rooms.start_link(meeting)
    rooms.close(meeting)
    with pytest.raises(MeetingRoomsMisconfigured):
        rooms.start_link(meeting)
