from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import requests

from consulting.adapters.zoom import open_meeting_rooms
from consulting.adapters.zoom.refusals import Refused, retry_after
from consulting.adapters.zoom.schedule import fields, is_full, marker, minutes, read
from consulting.application.ports.meeting_rooms import MeetingRequest, MeetingRoomsUnavailable
from consulting.domain.period import Period

SESSION = UUID("0192f0c1-0000-7000-8000-000000000001")
START = datetime(2026, 11, 2, 14, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 1, 23, 50, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOW


def request(**changes: Any) -> MeetingRequest:
    plain: dict[str, Any] = {
        "session_id": SESSION,
        "topic": "Consultation with Ada",
        "period": Period(START, START + timedelta(hours=1)),
        "timezone": "Europe/Berlin",
        "hosts": ("host@example.org",),
    }
    return MeetingRequest(**{**plain, **changes})


def listed(start: str | None = "2026-11-02T14:00:00Z", duration: int = 60, agenda: str = "") -> dict[str, Any]:
    return {
        "id": 81234567890,
        "join_url": "https://zoom.example/j/1",
        "agenda": agenda,
        "start_time": start,
        "duration": duration,
    }


def response(status: int, headers: dict[str, str], body: bytes = b"{}") -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made.headers.update(headers)
    made._content = body
    return made


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("30", timedelta(seconds=30)),
        ("2026-11-02T00:00:00Z", timedelta(minutes=10)),
        ("Mon, 02 Nov 2026 00:00:00 GMT", timedelta(minutes=10)),
        ("2026-11-01T00:00:00Z", timedelta(0)),
        ("2099-01-01T00:00:00Z", timedelta(days=1)),
        ("9" * 30, timedelta(days=1)),
        ("", None),
        ("soon", None),
        ("-1", None),
    ],
)
def test_how_long_zoom_asks_to_wait_is_read_in_every_form(asked: str, wait: timedelta | None) -> None:
    assert retry_after(response(429, {"Retry-After": asked}), at=NOW) == wait


def test_a_limit_of_the_day_is_told_from_one_of_the_second() -> None:
    assert Refused(response(429, {"X-RateLimit-Type": "Daily-limit"}), at=NOW).of_the_day
    assert not Refused(response(429, {"X-RateLimit-Type": "QPS"}), at=NOW).of_the_day


@pytest.mark.parametrize(
    ("status", "message", "of_the_day"),
    [
        (429, "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted.", True),
        (429, "You have reached the maximum per-second rate limit for this API. Try again later.", False),
        (400, "The daily rate limit is no field.", False),
    ],
)
def test_a_limit_of_the_day_is_known_by_its_words_too(status: int, message: str, of_the_day: bool) -> None:
    body = json.dumps({"code": status, "message": message}).encode()
    assert Refused(response(status, {}, body), at=NOW).of_the_day is of_the_day


@pytest.mark.parametrize(
    ("status", "body", "of_the_host"),
    [
        (404, b'{"code": 1001, "message": "User does not exist: nobody."}', True),
        (400, b'{"code": 1010, "message": "User not found on this account."}', True),
        (400, b'{"code": 3161, "message": "Meeting hosting is not allowed for your user account."}', True),
        (400, b'{"code": 300, "message": "Validation Failed."}', False),
        (401, b'{"code": 124, "message": "Invalid access token."}', False),
        (502, b"<html>1010</html>", False),
        (400, b'["1010"]', False),
    ],
)
def test_what_only_this_host_is_refused_is_told_from_what_nobody_gets(
    status: int, body: bytes, of_the_host: bool
) -> None:
    assert Refused(response(status, {}, body), at=NOW).of_the_host is of_the_host


def test_what_zoom_is_told_names_nobody_but_the_topic_and_is_in_utc() -> None:
    told = fields(request(topic="x" * 300))
    assert told["start_time"] == START
    assert told["start_time"].tzinfo is UTC
    assert (told["duration"], told["timezone"], told["type"]) == (60, "Europe/Berlin", 2)
    assert told["agenda"] == f"Booking reference {SESSION}"
    assert len(told["topic"]) == 200
    assert told["settings"]["waiting_room"] is True


@pytest.mark.parametrize(("length", "whole"), [(60, 1), (61, 2), (3600, 60), (1, 1)])
def test_lengths_are_whole_minutes_rounded_up(length: int, whole: int) -> None:
    assert minutes(Period(START, START + timedelta(seconds=length))) == whole


def test_a_listed_meeting_is_known_by_its_marker() -> None:
    one = read(listed(agenda=marker(SESSION)))
    assert one.is_of(SESSION)
    assert not one.is_of(UUID(int=5))
    assert one.held_by("host@example.org").id == "81234567890"


@pytest.mark.parametrize(
    "given", [{}, None, [], {"id": "x", "join_url": "y"}, listed("never"), {**listed(), "duration": -5}]
)
def test_a_list_that_makes_no_sense_is_unavailable(given: Any) -> None:
    with pytest.raises(MeetingRoomsUnavailable):
        read(given)


@pytest.mark.parametrize(
    ("starts", "at_once", "full"),
    [
        ([], 1, False),
        (["2026-11-02T13:00:00Z"], 1, False),
        (["2026-11-02T15:00:00Z"], 1, False),
        (["2026-11-02T13:01:00Z"], 1, True),
        (["2026-11-02T14:30:00Z"], 2, False),
        (["2026-11-02T14:30:00Z", "2026-11-02T13:30:00Z"], 2, True),
        ([None], 1, False),
    ],
)
def test_a_host_is_full_by_the_meetings_that_overlap(starts: list[str | None], at_once: int, full: bool) -> None:
    meetings = [read(listed(start)) for start in starts]
    assert is_full(meetings, request=request(), at_once=at_once) is full


def test_the_sessions_own_meeting_takes_nobodys_room() -> None:
    assert not is_full([read(listed(agenda=marker(SESSION)))], request=request(), at_once=1)


def test_nothing_is_asked_when_it_is_built_and_no_secret_is_shown() -> None:
    rooms = open_meeting_rooms(
        account_id="account",
        client_id="client",
        client_secret="hush",
        api_url="http://127.0.0.1:9/v2/",
        oauth_url="http://127.0.0.1:9/token",
        timeout_seconds=1,
        clock=StoppedClock(),
    )
    assert "hush" not in repr(rooms)
