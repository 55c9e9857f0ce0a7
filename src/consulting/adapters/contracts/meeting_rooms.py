"""What a meeting provider's adapter has to do.

MeetingRoomsContract is for every adapter, also for one whose rooms are just names. MeetingProviderContract adds what
an adapter that asks a provider has to do when the line to it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol
from uuid import UUID

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.contract import Contract, missing
from consulting.adapters.contracts.outside import Line, error_of, in_time, told
from consulting.adapters.contracts.turns import at_once
from consulting.application.ports.meeting_rooms import (
    MeetingRequest,
    MeetingRooms,
    MeetingRoomsMisconfigured,
    MeetingRoomsUnavailable,
    NoFreeHost,
)
from consulting.domain.meetings import Meeting
from consulting.domain.period import Period

HOSTS = ("first@meet.example.org", "second@meet.example.org")


def request(number: int = 1, *, period: Period | None = None, topic: str = "Consultation with Ada") -> MeetingRequest:
    """Ask for a meeting of the n-th session."""
    return MeetingRequest(
        session_id=sample.identity("session", number),
        topic=topic,
        period=period or sample.hour(24 + number),
        timezone="Europe/Berlin",
        hosts=HOSTS,
    )


class MeetingProvider(Protocol):
    """A look into the provider's own books, and a hand in them."""

    def meetings_of(self, session_id: UUID) -> Sequence[Period]:
        """Tell when the meetings take place that the provider has for this session."""

    def lose(self, meeting: Meeting) -> None:
        """Delete the meeting behind the adapter's back."""

    def fill(self, host: str) -> None:
        """Let this host be at its limit."""

    def open_another(self, request: MeetingRequest) -> object:
        """Make a meeting more for the session, on the request's last host, behind the adapter's back."""


class MeetingRoomsContract(Contract):
    """Each session has one meeting with a link. The one fixture: `rooms`."""

    @pytest.fixture
    def rooms(self) -> MeetingRooms:
        """Give the adapter, without any meeting yet."""
        missing("rooms", gives="the MeetingRooms to judge")

    def test_a_meeting_has_an_id_and_a_link_that_is_safe_to_open(self, rooms: MeetingRooms) -> None:
        meeting = rooms.open(request())
        assert meeting.id
        assert meeting.join_link.startswith(("https://", "http://127.0.0.1"))
        assert not set(meeting.join_link) & set(" \"'<>\r\n")

    def test_opening_again_gives_the_same_meeting(self, rooms: MeetingRooms) -> None:
        again = rooms.open(request())
        assert again == rooms.open(request()), "the session got another meeting: its two people miss each other"

    def test_opening_at_once_gives_the_same_meeting_in_the_end(self, rooms: MeetingRooms) -> None:
        outcomes = at_once(*[partial(rooms.open, request(number)) for number in (1, 2, 3, 4)])
        assert [outcome.raised for outcome in outcomes] == [None] * 4
        assert [outcome.result for outcome in outcomes] == [rooms.open(request(number)) for number in (1, 2, 3, 4)]

    def test_two_sessions_never_share_a_link(self, rooms: MeetingRooms) -> None:
        same_time = sample.hour(24)
        links = {rooms.open(request(number, period=same_time)).join_link for number in (1, 2)}
        assert len(links) == 2, "two sessions share a link: strangers would meet"

    def test_a_link_tells_nothing_of_the_topic(self, rooms: MeetingRooms) -> None:
        link = rooms.open(request(topic="Consultation with Winterbottom")).join_link
        assert "Winterbottom" not in link, "the link tells whom the session is with"

    @pytest.mark.parametrize("topic", ['王小明 «Zoë» & <b>"x"</b> 👩🏽‍🔬', "x" * 1000, "two\nlines", ""])
    def test_any_topic_is_taken(self, rooms: MeetingRooms, topic: str) -> None:
        assert rooms.open(request(topic=topic)).join_link

    @pytest.mark.parametrize("timezone", ["UTC", "Asia/Kathmandu", "Pacific/Chatham", "America/Argentina/Ushuaia"])
    def test_any_timezone_is_taken(self, rooms: MeetingRooms, timezone: str) -> None:
        assert rooms.open(replace(request(), timezone=timezone)).join_link

    def test_a_moved_meeting_is_the_same_one_in_the_end(self, rooms: MeetingRooms) -> None:
        meeting = rooms.open(request())
        moved = rooms.move(meeting, request(period=sample.hour(50)))
        assert moved == meeting, "the link that was mailed is no longer the meeting's"
        assert rooms.move(meeting, request(period=sample.hour(50))) == meeting
        assert rooms.open(request(period=sample.hour(50))) == meeting

    def test_closing_again_is_done_already(self, rooms: MeetingRooms) -> None:
        meeting = rooms.open(request())
        rooms.close(meeting)
        rooms.close(meeting)

    def test_closing_leaves_other_meetings_alone(self, rooms: MeetingRooms) -> None:
        meeting, other = rooms.open(request(1)), rooms.open(request(2))
        rooms.close(meeting)
        assert rooms.open(request(2)) == other, "another session's meeting was deleted"

    def test_clearing_what_is_not_there_is_done_already(self, rooms: MeetingRooms) -> None:
        meeting = rooms.open(request())
        rooms.clear(request(), known=meeting)
        rooms.clear(request(), known=meeting)
        rooms.clear(request(2), known=None)

    def test_clearing_leaves_other_sessions_meetings_alone(self, rooms: MeetingRooms) -> None:
        meeting, other = rooms.open(request(1)), rooms.open(request(2))
        rooms.clear(request(1), known=meeting)
        assert rooms.open(request(2)) == other, "another session's meeting was deleted"

    def test_a_host_has_a_link_of_the_moment(self, rooms: MeetingRooms) -> None:
        meeting = rooms.open(request())
        assert rooms.start_link(meeting).startswith(("https://", "http://127.0.0.1"))


class MeetingProviderContract(MeetingRoomsContract):
    """The provider has exactly one meeting for each session, whatever the line does.

    Fixtures besides `rooms`: `provider` and `line`.
    """

    @pytest.fixture
    def provider(self) -> MeetingProvider:
        """Give a hand at the other end."""
        missing("provider", gives="a MeetingProvider: meetings_of, lose, fill, open_another")

    @pytest.fixture
    def line(self) -> Line:
        """Give the line between the two."""
        missing("line", gives="a Line: unreachable, answer_lost, silent, credentials_refused")

    def test_the_provider_has_one_meeting_at_the_sessions_time(
        self, rooms: MeetingRooms, provider: MeetingProvider
    ) -> None:
        rooms.open(request())
        rooms.open(request())
        _require(provider, request().period)

    @pytest.mark.parametrize("timezone", ["America/New_York", "Asia/Kathmandu", "Pacific/Chatham"])
    def test_a_meeting_takes_place_at_the_sessions_instant_wherever_its_host_is(
        self, rooms: MeetingRooms, provider: MeetingProvider, timezone: str
    ) -> None:
        rooms.open(replace(request(), timezone=timezone))
        _require(provider, request().period)

    def test_a_meeting_whose_creation_was_not_heard_of_is_found_again(
        self, rooms: MeetingRooms, provider: MeetingProvider, line: Line
    ) -> None:
        with line.answer_lost():
            _require_unavailable_or_done(partial(rooms.open, request()))
        meeting = rooms.open(request())
        assert meeting == rooms.open(request())
        _require(provider, request().period)

    def test_a_move_takes_the_one_meeting_along(self, rooms: MeetingRooms, provider: MeetingProvider) -> None:
        meeting = rooms.open(request())
        later = sample.hour(50)
        rooms.move(meeting, request(period=later))
        _require(provider, later)

    def test_a_move_that_was_not_heard_of_can_be_repeated(
        self, rooms: MeetingRooms, provider: MeetingProvider, line: Line
    ) -> None:
        meeting = rooms.open(request())
        later = request(period=sample.hour(50))
        with line.answer_lost():
            _require_unavailable_or_done(partial(rooms.move, meeting, later))
        assert rooms.move(meeting, later) == meeting
        _require(provider, later.period)

    def test_a_lost_meeting_is_replaced_when_it_is_moved(self, rooms: MeetingRooms, provider: MeetingProvider) -> None:
        lost = rooms.open(request())
        provider.lose(lost)
        later = request(period=sample.hour(50))
        replaced = rooms.move(lost, later)
        assert replaced.id != lost.id, "the meeting that was given is the one that is lost"
        _require(provider, later.period)

    def test_a_lost_meeting_is_replaced_when_it_is_opened(self, rooms: MeetingRooms, provider: MeetingProvider) -> None:
        provider.lose(rooms.open(request()))
        rooms.open(request())
        _require(provider, request().period)

    def test_a_closed_meeting_is_gone(self, rooms: MeetingRooms, provider: MeetingProvider) -> None:
        meeting = rooms.open(request())
        rooms.close(meeting)
        _require(provider)

    def test_closing_what_the_provider_lost_is_done(self, rooms: MeetingRooms, provider: MeetingProvider) -> None:
        meeting = rooms.open(request())
        provider.lose(meeting)
        rooms.close(meeting)

    def test_clearing_deletes_every_meeting_of_the_session(
        self, rooms: MeetingRooms, provider: MeetingProvider
    ) -> None:
        meeting = rooms.open(request())
        provider.open_another(request())
        assert len(_times(provider)) == 2
        rooms.clear(request(), known=meeting)
        _require(provider)

    def test_clearing_finds_a_meeting_whose_creation_was_not_heard_of(
        self, rooms: MeetingRooms, provider: MeetingProvider, line: Line
    ) -> None:
        with line.answer_lost():
            _require_unavailable_or_done(partial(rooms.open, request()))
        assert len(_times(provider)) == 1
        rooms.clear(request(), known=None)
        _require(provider)

    def test_clearing_deletes_the_known_meeting_though_its_host_is_no_longer_one_of_ours(
        self, rooms: MeetingRooms, provider: MeetingProvider
    ) -> None:
        meeting = rooms.open(request())
        rooms.clear(replace(request(), hosts=HOSTS[1:]), known=meeting)
        _require(provider)

    def test_the_preferred_host_gets_the_meeting(self, rooms: MeetingRooms) -> None:
        assert rooms.open(request()).host == HOSTS[0]

    def test_the_next_host_gets_it_where_the_first_is_at_its_limit(
        self, rooms: MeetingRooms, provider: MeetingProvider
    ) -> None:
        provider.fill(HOSTS[0])
        assert rooms.open(request()).host == HOSTS[1]

    def test_without_a_free_host_it_says_so(self, rooms: MeetingRooms, provider: MeetingProvider) -> None:
        for host in HOSTS:
            provider.fill(host)
        with pytest.raises(NoFreeHost):
            rooms.open(request())
        _require(provider)

    def test_an_unreachable_provider_is_told_as_unavailable(self, rooms: MeetingRooms, line: Line) -> None:
        for name, call in _calls(rooms):
            with line.unreachable(), in_time():
                error = error_of(call)
            assert isinstance(error, MeetingRoomsUnavailable), told(name, error, due="MeetingRoomsUnavailable")

    def test_a_silent_provider_is_given_up_within_seconds(self, rooms: MeetingRooms, line: Line) -> None:
        for name, call in _calls(rooms):
            with line.silent(), in_time():
                error = error_of(call)
            assert isinstance(error, MeetingRoomsUnavailable), told(name, error, due="MeetingRoomsUnavailable")

    def test_refused_credentials_are_told_as_such(self, rooms: MeetingRooms, line: Line) -> None:
        for name, call in _calls(rooms):
            with line.credentials_refused():
                error = error_of(call)
            assert isinstance(error, MeetingRoomsMisconfigured), told(name, error, due="MeetingRoomsMisconfigured")

    def test_the_adapter_goes_on_after_an_outage(
        self, rooms: MeetingRooms, provider: MeetingProvider, line: Line
    ) -> None:
        with line.unreachable():
            error_of(partial(rooms.open, request()))
        rooms.open(request())
        _require(provider, request().period)


def _calls(rooms: MeetingRooms) -> Iterator[tuple[str, Callable[[], object]]]:
    meeting = rooms.open(request())
    yield "open", partial(rooms.open, request(2))
    yield "move", partial(rooms.move, meeting, request(period=sample.hour(50)))
    yield "start_link", partial(rooms.start_link, meeting)
    yield "close", partial(rooms.close, meeting)
    yield "clear", partial(rooms.clear, request(), known=meeting)


def _require_unavailable_or_done(call: Callable[[], object]) -> None:
    """Let an adapter repeat the call by itself; if it gives up, it has to say that the provider is unavailable."""
    error = error_of(call)
    assert error is None or isinstance(error, MeetingRoomsUnavailable), f"raised {error!r}"


def _require(provider: MeetingProvider, *periods: Period) -> None:
    """Fail unless the provider has exactly these meetings of the session."""
    times = _times(provider)
    assert len(times) <= len(periods), "the provider has a meeting too many of the session"
    assert len(times) >= len(periods), "a meeting is lost: the provider has none of the session"
    assert times == list(periods), "the meeting takes place at another time than the session"


def _times(provider: MeetingProvider) -> list[Period]:
    return list(provider.meetings_of(request().session_id))
