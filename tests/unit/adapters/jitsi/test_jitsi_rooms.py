from __future__ import annotations

import re

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.meeting_rooms import request
from consulting.adapters.jitsi import JitsiRooms, open_meeting_rooms
from consulting.application.ports.meeting_rooms import MeetingRoomsMisconfigured
from consulting.contracts import MeetingRoomsContract
from consulting.domain.meetings import Meeting

URL = "https://meet.example.org/rooms"
SECRET = "a-secret-for-tests-that-is-long-enough"
ZOOM = Meeting(id="123", join_link="https://zoom.example/j/123", host="host@example.org")


def rooms_of(url: str = URL, secret: str = SECRET) -> JitsiRooms:
    return open_meeting_rooms(url=url, secret=secret)


class TestJitsiRooms(MeetingRoomsContract):
    @pytest.fixture
    def rooms(self) -> JitsiRooms:
        return rooms_of()


def test_a_room_is_a_name_of_160_bits_on_the_configured_server() -> None:
    meeting = rooms_of(f"{URL}/").open(request())

    assert re.fullmatch(r"session-[a-z2-7]{32}", meeting.id)
    assert meeting.join_link == f"{URL}/{meeting.id}"
    assert meeting.host == "meet.example.org"


def test_every_worker_makes_the_same_room_and_a_restart_changes_nothing() -> None:
    assert rooms_of().open(request()) == rooms_of().open(request(topic="another", period=sample.hour(50)))


def test_a_name_follows_from_the_secret_and_tells_nothing_of_the_session() -> None:
    names = [rooms_of(secret=secret).open(request()).id for secret in (SECRET, SECRET + "!")]

    assert len(set(names)) == 2
    assert not any(part in names[0] for part in str(request().session_id).split("-"))


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(rooms_of())


def test_a_meeting_that_another_provider_made_gives_way_when_it_moves_and_has_no_start_link_here() -> None:
    rooms = rooms_of()

    assert rooms.move(ZOOM, request()) == rooms.open(request())
    with pytest.raises(MeetingRoomsMisconfigured):
        rooms.start_link(ZOOM)


def test_a_room_made_under_a_former_secret_stays_the_sessions_room() -> None:
    before = rooms_of(secret="the-former-secret-was-long-enough-too").open(request())

    assert rooms_of().move(before, request(period=sample.hour(50))) == before
    assert rooms_of().start_link(before) == before.join_link
