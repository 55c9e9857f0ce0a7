"""Which host gets a meeting, and how long to wait where none does, by what Zoom answers for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import requests

from consulting.adapters.zoom import ZoomRooms
from consulting.adapters.zoom.refusals import Refused
from consulting.application.ports.meeting_rooms import MeetingRequest, MeetingRoomsMisconfigured, NoFreeHost
from consulting.domain.period import Period

START = datetime(2026, 11, 2, 14, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
BUSY = {"id": 5, "join_url": "https://zoom.example/j/5", "start_time": "2026-11-02T14:00:00Z", "duration": 60}
UNFIT = b'{"code": 3161, "message": "Meeting hosting is not allowed for your user account."}'


def refused(status: int, body: bytes = b"{}", **headers: str) -> Refused:
    response = requests.Response()
    response.status_code, response._content = status, body
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return Refused(response, at=NOW)


OF_THE_DAY = refused(429, X_RateLimit_Type="Daily-limit", Retry_After="2026-11-02T00:00:00Z")


@dataclass
class Zoom:
    """Zoom as `ZoomRooms` calls it: each host's list and what a creation there is answered."""

    lists: dict[str, Any] = field(default_factory=dict)
    creations: dict[str, Any] = field(default_factory=dict)

    def ask(self, work: Any, patience: object) -> Any:
        answer = work(self)
        if isinstance(answer, Refused):
            raise answer
        return answer

    def list(self, *, user_id: str, **_: Any) -> Any:
        found = self.lists.get(user_id, [])
        return found if isinstance(found, Refused) else {"meetings": found}

    def create(self, *, user_id: str, **_: Any) -> Any:
        return self.creations.get(user_id, {"id": 7, "join_url": "https://zoom.example/j/7"})


def rooms_at(zoom: Any) -> ZoomRooms:
    return ZoomRooms(calls=zoom, timeout_seconds=1, meetings_at_once=1)


def request(*hosts: str) -> MeetingRequest:
    return MeetingRequest(
        session_id=UUID(int=1),
        topic="Consultation with Ada",
        period=Period(START, START + timedelta(hours=1)),
        timezone="UTC",
        hosts=hosts,
    )


def test_where_every_host_has_used_up_its_day_the_next_day_is_waited_for() -> None:
    with pytest.raises(NoFreeHost) as nobody:
        rooms_at(Zoom(creations={"one": OF_THE_DAY, "two": OF_THE_DAY})).open(request("one", "two"))
    assert nobody.value.retry_after == timedelta(hours=12)


def test_a_host_that_is_only_busy_may_be_free_again_before_the_next_day() -> None:
    with pytest.raises(NoFreeHost) as nobody:
        rooms_at(Zoom(lists={"two": [BUSY]}, creations={"one": OF_THE_DAY})).open(request("one", "two"))
    assert nobody.value.retry_after is None


@pytest.mark.parametrize(
    "zoom", [Zoom(lists={"own": refused(400, UNFIT)}), Zoom(creations={"own": refused(400, UNFIT)})]
)
def test_a_host_that_may_not_hold_meetings_gives_way_to_the_next(zoom: Zoom) -> None:
    assert rooms_at(zoom).open(request("own", "ours")).host == "ours"


@pytest.mark.parametrize(
    "zoom", [Zoom(lists={"own": refused(400, UNFIT)}), Zoom(creations={"own": refused(400, UNFIT)})]
)
def test_where_no_host_may_hold_meetings_somebody_has_to_look(zoom: Zoom) -> None:
    with pytest.raises(MeetingRoomsMisconfigured):
        rooms_at(zoom).open(request("own"))
