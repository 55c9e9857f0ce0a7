"""The Zoom adapter over real sockets against the sandbox, with its faults."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from consulting.adapters.memory import MovingClock
from consulting.adapters.zoom import ZoomRooms, open_meeting_rooms
from consulting.application.ports.meeting_rooms import (
    MeetingRequest,
    MeetingRoomsMisconfigured,
    MeetingRoomsUnavailable,
    NoFreeHost,
)
from consulting.domain.meetings import Meeting
from consulting.domain.period import Period
from consulting.entrypoints.sandbox import SandboxOptions
from consulting.entrypoints.sandbox import clock as sandbox_clock
from consulting.entrypoints.supervisor.ports import free_port
from tests.integration.instance import PATIENCE, eventually

START = datetime(2027, 3, 1, 14, 0, tzinfo=UTC)
ONE, TWO = "one@example.org", "two@example.org"


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def rooms_at(url: str, **changes: Any) -> ZoomRooms:
    plain: dict[str, Any] = {
        "account_id": "sandbox-account",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "api_url": f"{url}/zoom/v2",
        "oauth_url": f"{url}/zoom/oauth/token",
        "timeout_seconds": PATIENCE,
        "clock": SystemClock(),
    }
    return open_meeting_rooms(**{**plain, **changes})


@pytest.fixture
def rooms(outside: Any) -> ZoomRooms:
    return rooms_at(outside.url)


@pytest.fixture
def hasty(rooms: ZoomRooms) -> ZoomRooms:
    """They give Zoom up after two seconds."""
    return replace(rooms, timeout_seconds=2.0)


def over(outside: Any) -> None:
    """Wait until the fault was met, and let go on what hangs."""
    eventually(lambda: outside.faults_left() == 0)
    outside.clear_faults()


def request(number: int = 1, *, start: datetime = START, hosts: tuple[str, ...] = (ONE, TWO)) -> MeetingRequest:
    return MeetingRequest(
        session_id=UUID(int=number),
        topic="Consultation with Dr. Ada Ångström",
        period=Period(start, start + timedelta(hours=1)),
        timezone="Europe/Berlin",
        hosts=hosts,
    )


def kept(outside: Any) -> list[dict[str, Any]]:
    return [each for each in outside.get("/zoom/meetings")["meetings"] if not each["deleted"]]


def test_a_meeting_is_made_as_asked_for(rooms: ZoomRooms, outside: Any) -> None:
    meeting = rooms.open(request())
    (made,) = kept(outside)
    assert (meeting.id, meeting.join_link, meeting.host) == (str(made["id"]), made["join_url"], ONE)
    assert (made["start_time"], made["duration"], made["timezone"]) == ("2027-03-01T14:00:00Z", 60, "Europe/Berlin")
    assert made["topic"] == "Consultation with Dr. Ada Ångström"
    assert made["settings"]["waiting_room"] is True


def test_a_session_has_one_meeting_however_often_it_is_asked_for(rooms: ZoomRooms, outside: Any) -> None:
    assert rooms.open(request()) == rooms.open(request())
    assert len(kept(outside)) == 1


@pytest.mark.parametrize("fault", ["drop_answer", "hang"])
def test_a_create_whose_answer_was_lost_is_found_before_another_is_made(
    rooms: ZoomRooms, hasty: ZoomRooms, outside: Any, fault: str
) -> None:
    outside.fault("zoom", fault, "meetings.create", value=120 if fault == "hang" else None)
    with pytest.raises(MeetingRoomsUnavailable):
        (hasty if fault == "hang" else rooms).open(request())
    over(outside)
    eventually(lambda: kept(outside))
    meeting = rooms.open(request())
    assert [str(each["id"]) for each in kept(outside)] == [meeting.id]


@pytest.mark.parametrize(("fault", "value"), [("drop_answer", None), ("refuse", None), ("hang", 120), ("status", 502)])
def test_after_a_create_without_an_answer_nobody_is_to_try_again_at_once_since_it_may_still_happen(
    rooms: ZoomRooms, hasty: ZoomRooms, outside: Any, fault: str, value: float | None
) -> None:
    outside.fault("zoom", fault, "meetings.create", value=value)
    with pytest.raises(MeetingRoomsUnavailable) as raised:
        (hasty if fault == "hang" else rooms).open(request())
    assert raised.value.retry_after == timedelta(seconds=30)


def test_it_is_found_on_whichever_host_and_page_it_is(outside: Any) -> None:
    rooms = rooms_at(outside.url)
    before = [rooms.open(request(n, start=START + timedelta(days=n), hosts=(TWO,))) for n in range(2, 5)]
    first = rooms.open(request(1, hosts=(TWO,)))
    assert len(before) == 3
    assert rooms.open(request(1)) == first


def test_long_lists_are_read_to_the_end(outside: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consulting.adapters.zoom.rooms._PAGE", 2)
    rooms = rooms_at(outside.url)
    made = [rooms.open(request(n, start=START + timedelta(days=n), hosts=(ONE,))) for n in range(5)]
    assert [rooms.open(request(n, start=START + timedelta(days=n), hosts=(ONE,))) for n in range(5)] == made
    assert len(kept(outside)) == 5


def test_no_host_has_two_meetings_at_once(rooms: ZoomRooms, outside: Any) -> None:
    assert rooms.open(request(1)).host == ONE
    assert rooms.open(request(2, start=START + timedelta(minutes=30))).host == TWO
    with pytest.raises(NoFreeHost):
        rooms.open(request(3))
    assert rooms.open(request(4, start=START + timedelta(hours=2))).host == ONE
    assert outside.get("/zoom/meetings")["overlapping"] == 0


def test_a_host_on_a_larger_plan_has_two(outside: Any) -> None:
    rooms = rooms_at(outside.url, meetings_at_once=2)
    assert [rooms.open(request(n)).host for n in (1, 2, 3)] == [ONE, ONE, TWO]


def test_workers_that_ask_at_once_never_leave_a_host_with_two_meetings(rooms: ZoomRooms, outside: Any) -> None:
    got_one: list[Meeting] = []

    def ask(number: int) -> Meeting | None:
        while len(got_one) < 2:
            try:
                got_one.append(rooms.open(request(number)))
            except MeetingRoomsUnavailable:
                time.sleep(0.02 * number)
            else:
                return got_one[-1]
        return None

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(ask, range(1, 5)))
    got = [each for each in made if each is not None]
    assert {each.id for each in got} == {str(each["id"]) for each in kept(outside)}
    assert sorted(each.host for each in got) == [ONE, TWO]
    assert outside.get("/zoom/meetings")["overlapping"] == 0


def test_a_host_at_its_limit_of_the_day_gives_way_to_the_next(
    tmp_path: Path, open_outside: Callable[[SandboxOptions], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime(2027, 2, 28, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(sandbox_clock, "now", noon.timestamp)  # on no day that may end meanwhile
    with open_outside(SandboxOptions(folder=tmp_path / "limited", zoom_creates_per_day=1)) as sandbox:
        rooms = rooms_at(sandbox.url, clock=MovingClock(noon))
        hosts = [rooms.open(request(n, start=START + timedelta(days=n))).host for n in (1, 2)]
        assert hosts == [ONE, TWO]
        with pytest.raises(NoFreeHost) as nobody:
            rooms.open(request(3, start=START + timedelta(days=3)))
        assert nobody.value.retry_after is not None
        assert nobody.value.retry_after == timedelta(hours=12)


def test_moving_keeps_the_meeting_and_its_link(rooms: ZoomRooms, outside: Any) -> None:
    meeting = rooms.open(request())
    assert rooms.move(meeting, request(start=START + timedelta(minutes=30))) == meeting
    (made,) = kept(outside)
    assert made["start_time"] == "2027-03-01T14:30:00Z"
    assert made["duration"] == 60


def test_moving_to_where_the_host_is_busy_takes_another_host(rooms: ZoomRooms, outside: Any) -> None:
    later = START + timedelta(hours=5)
    rooms.open(request(2, start=later))
    meeting = rooms.open(request(1))
    moved = rooms.move(meeting, request(1, start=later))
    assert (meeting.host, moved.host) == (ONE, TWO)
    assert len(kept(outside)) == 2
    assert rooms.move(meeting, request(1, start=later)) == moved
    assert outside.get("/zoom/meetings")["overlapping"] == 0


def test_moving_a_meeting_that_zoom_has_lost_makes_another(rooms: ZoomRooms, outside: Any) -> None:
    meeting = rooms.open(request())
    rooms.close(meeting)
    moved = rooms.move(meeting, request(start=START + timedelta(days=1)))
    assert moved.id != meeting.id
    assert [each["start_time"] for each in kept(outside)] == ["2027-03-02T14:00:00Z"]


def test_a_meeting_found_at_another_time_is_moved(rooms: ZoomRooms, outside: Any) -> None:
    meeting = rooms.open(request())
    assert rooms.open(request(start=START + timedelta(days=1))) == meeting
    assert [each["start_time"] for each in kept(outside)] == ["2027-03-02T14:00:00Z"]


def test_closing_twice_is_closing(rooms: ZoomRooms, outside: Any) -> None:
    meeting = rooms.open(request())
    rooms.close(meeting)
    rooms.close(meeting)
    rooms.close(replace(meeting, id="1/../../users"))
    assert kept(outside) == []


def test_the_start_link_is_fresh_each_time_and_is_no_join_link(rooms: ZoomRooms, outside: Any) -> None:
    meeting = rooms.open(request())
    link = rooms.start_link(meeting)
    assert link != meeting.join_link
    assert httpx.get(link, trust_env=False, timeout=PATIENCE).status_code == 200
    with pytest.raises(MeetingRoomsMisconfigured):
        rooms.start_link(replace(meeting, id="../users"))


def test_another_providers_meeting_is_replaced(rooms: ZoomRooms) -> None:
    other = Meeting(id="jitsi-room", join_link="https://meet.example/room", host="")
    assert rooms.move(other, request()).host == ONE


def test_a_zone_that_zoom_does_not_know_does_not_cost_the_meeting(rooms: ZoomRooms, outside: Any) -> None:
    rooms.open(replace(request(), timezone="Moon/Tranquility"))
    assert [each["timezone"] for each in kept(outside)] == ["UTC"]


# Tokens


def test_a_token_that_was_rejected_is_renewed_once(rooms: ZoomRooms, outside: Any) -> None:
    rooms.open(request())
    outside.fault("zoom", "status", "meetings.get", value=401)
    assert rooms.start_link(rooms.open(request()))


def test_a_token_is_renewed_before_it_ends(tmp_path: Path, open_outside: Callable[[SandboxOptions], Any]) -> None:
    with open_outside(SandboxOptions(folder=tmp_path / "short", zoom_token_seconds=2.0)) as sandbox:
        rooms = rooms_at(sandbox.url)
        meeting = rooms.open(request())
        time.sleep(1.2)
        held = rooms.calls.tokens._held.token
        assert rooms.start_link(meeting)
        assert rooms.calls.tokens._held.token != held


def test_many_threads_share_one_token(rooms: ZoomRooms, outside: Any) -> None:
    outside.fault("zoom", "hang", "oauth.token", value=0.3)
    meeting_times = [START + timedelta(days=n) for n in range(1, 7)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda n: rooms.open(request(n, start=meeting_times[n - 1])), range(1, 7)))
    assert len({each.id for each in made}) == 6


# Failure


@pytest.mark.parametrize("operation", ["oauth.token", "meetings.list", "meetings.create"])
@pytest.mark.parametrize(("fault", "value"), [("status", 500), ("status", 503), ("refuse", None), ("hang", 120)])
def test_an_outage_is_unavailable_within_seconds_and_then_over(
    rooms: ZoomRooms, hasty: ZoomRooms, outside: Any, operation: str, fault: str, value: float | None
) -> None:
    outside.fault("zoom", fault, operation, value=value)
    began = time.monotonic()
    with pytest.raises(MeetingRoomsUnavailable):
        (hasty if fault == "hang" else rooms).open(request())
    assert time.monotonic() - began < 60
    over(outside)
    if (operation, fault) == ("meetings.create", "hang"):
        eventually(lambda: kept(outside))
    rooms.open(request())
    assert len(kept(outside)) == 1


def test_being_too_fast_says_how_long_to_wait(rooms: ZoomRooms, outside: Any) -> None:
    outside.fault("zoom", "status", "meetings.list", value=429)
    with pytest.raises(MeetingRoomsUnavailable) as unavailable:
        rooms.open(request())
    assert unavailable.value.retry_after == timedelta(seconds=1)


@pytest.mark.parametrize("changes", [{"client_secret": "wrong-and-hush"}, {"account_id": "another"}])
def test_wrong_credentials_are_misconfigured_and_appear_nowhere(
    outside: Any, caplog: pytest.LogCaptureFixture, changes: dict[str, str]
) -> None:
    caplog.set_level(logging.DEBUG)
    rooms = rooms_at(outside.url, **changes)
    with pytest.raises(MeetingRoomsMisconfigured) as refused:
        rooms.open(request())
    assert "hush" not in f"{caplog.text} {refused.value!r} {refused.value.__cause__!r} {rooms!r}"


def test_a_host_that_zoom_does_not_know_is_passed_over(rooms: ZoomRooms, outside: Any) -> None:
    assert rooms.open(request(hosts=("nobody", ONE))).host == ONE
    with pytest.raises(MeetingRoomsMisconfigured):
        rooms.open(request(2, hosts=("nobody", "../users")))
    with pytest.raises(MeetingRoomsMisconfigured):
        rooms.open(request(3, hosts=()))


def test_a_token_that_stays_rejected_is_misconfigured(rooms: ZoomRooms, outside: Any) -> None:
    outside.fault("zoom", "status", "meetings.list", value=401, count=2)
    with pytest.raises(MeetingRoomsMisconfigured):
        rooms.open(request())


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(MeetingRoomsUnavailable):
        rooms_at(f"http://127.0.0.1:{free_port(host='127.0.0.1')}").open(request())


def test_a_page_of_html_instead_of_an_answer_is_unavailable(outside: Any) -> None:
    for changes in ({"oauth_url": f"{outside.url}/"}, {"api_url": f"{outside.url}/zoom/j"}):
        with pytest.raises((MeetingRoomsUnavailable, MeetingRoomsMisconfigured)):
            rooms_at(outside.url, **changes).open(request())
