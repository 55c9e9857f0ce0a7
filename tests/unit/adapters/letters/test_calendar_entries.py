"""Calendar files, read back by two parsers that know nothing of each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import icalendar
import pytest
import vobject

from consulting.adapters.letters import HtmlLetters
from consulting.application.ports.mailer import CalendarEntry, Kind, Occasion, Role
from consulting.domain.cancellation import CanceledBy, Cancellation, CancellationReason
from consulting.domain.meetings import Meeting
from consulting.domain.session_states import Status
from consulting.domain.sessions import Client, Session

AnOccasion = Callable[..., Occasion]
ASession = Callable[..., Session]
NOW = datetime(2026, 11, 1, 14, 0, tzinfo=UTC)
WITH_CALENDAR = {Kind.CONFIRMATION, Kind.LINK, Kind.RESCHEDULED, Kind.CANCELLATION, Kind.BOOKING_NOTICE}


def read(written: bytes) -> tuple[icalendar.Calendar, icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(written)
    assert isinstance(calendar, icalendar.Calendar)
    (event,) = calendar.walk("VEVENT")
    assert isinstance(event, icalendar.Event)
    return calendar, event


def read_again(written: bytes) -> Any:
    calendar = vobject.readOne(written.decode())
    assert calendar.validate(raiseException=True)
    return calendar


def canceled(session: Session) -> Session:
    return replace(
        session,
        status=Status.CANCELED,
        sequence=session.sequence + 1,
        cancellation=Cancellation(by=CanceledBy.CLIENT, reason=CancellationReason.BY_CLIENT, note=None, at=NOW),
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_the_kinds_that_change_a_calendar_carry_one(letters: HtmlLetters, an_occasion: AnOccasion, kind: Kind) -> None:
    mail = letters.write(an_occasion(kind))
    assert (mail.calendar is not None) is (kind in WITH_CALENDAR)
    assert mail.calendar_method == ("REQUEST" if kind in WITH_CALENDAR else None)


def test_a_hold_that_was_never_confirmed_is_in_nobodys_calendar(
    letters: HtmlLetters, an_occasion: AnOccasion, a_session: ASession
) -> None:
    mail = letters.write(an_occasion(Kind.CANCELLATION, session=canceled(a_session(confirmed_at=None))))
    assert mail.calendar is None


def test_both_parsers_read_the_same_entry(letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    written = letters.write(an_occasion(Kind.CONFIRMATION)).calendar
    assert written is not None
    calendar, event = read(written)
    other = read_again(written)
    assert str(calendar["METHOD"]) == other.method.value == "REQUEST"
    assert event.start == other.vevent.dtstart.value == datetime(2026, 11, 2, 14, 0, tzinfo=UTC)
    assert event.end == other.vevent.dtend.value == datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
    assert event.DTSTAMP == other.vevent.dtstamp.value == NOW
    assert str(event["UID"]) == other.vevent.uid.value == "0192f0c1-0000-7000-8000-000000000001@consulting.example"
    assert str(event["SUMMARY"]) == other.vevent.summary.value == "Consultation with Dr. Ada Ångström"
    link = "https://zoom.example/j/123?pwd=a&b=c"
    assert str(event["LOCATION"]) == other.vevent.location.value == str(event["URL"]) == other.vevent.url.value == link
    assert event.sequence == int(other.vevent.sequence.value) == 0
    assert str(event["STATUS"]) == other.vevent.status.value == "CONFIRMED"


def test_organizer_attendee_and_alarm_are_there(letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    written = letters.write(an_occasion(Kind.BOOKING_NOTICE, Role.RESEARCHER)).calendar
    assert written is not None
    _, event = read(written)
    other = read_again(written).vevent
    assert str(event["ORGANIZER"]) == other.organizer.value == "mailto:sessions@consulting.example"
    assert str(event["ATTENDEE"]) == other.attendee.value == "mailto:ada@example.org"
    assert event["ATTENDEE"].params["CN"] == other.attendee.params["CN"][0] == "Dr. Ada Ångström"
    assert other.valarm.trigger.value == timedelta(minutes=-10)
    assert str(event["SUMMARY"]) == "Consultation with Kim Park"
    assert b"kim@example.net" not in written


def test_lines_are_short_and_end_as_the_standard_says(letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    written = letters.write(an_occasion(Kind.CONFIRMATION)).calendar
    assert written is not None
    assert written.endswith(b"\r\n")
    assert b"\n" not in written.replace(b"\r\n", b"")
    assert max(len(line) for line in written.split(b"\r\n")) <= 75
    assert b"TZID" not in written


def test_the_uid_stays_and_the_sequence_rises_to_the_cancellation(
    letters: HtmlLetters, a_session: ASession, a_researcher: Callable[..., Any]
) -> None:
    first = a_session()
    lives = [first, replace(first, sequence=1), canceled(replace(first, sequence=1))]
    entries = [read(letters.calendar(session=each, researcher=a_researcher(), role=Role.CLIENT)) for each in lives]
    assert len({str(event["UID"]) for _, event in entries}) == 1
    assert [event.sequence for _, event in entries] == [0, 1, 2]
    assert [str(calendar["METHOD"]) for calendar, _ in entries] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [str(event["STATUS"]) for _, event in entries] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    last = entries[-1][1]
    assert "LOCATION" not in last
    assert not list(last.walk("VALARM"))


def test_an_entry_without_a_link_says_that_it_follows(
    letters: HtmlLetters, a_session: ASession, a_researcher: Callable[..., Any]
) -> None:
    written = letters.calendar(session=a_session(meeting=None), researcher=a_researcher(), role=Role.CLIENT)
    _, event = read(written)
    assert "URL" not in event
    assert "follows" in str(event["DESCRIPTION"])


@pytest.mark.parametrize(
    "name",
    ["محمد", '👩‍🔬 Zoë; Ltd, "Q"', "a\r\nATTENDEE:mailto:evil@example.com", "x\x00\x07y", "ü" * 300, "a:b;c=d^e", ""],
)
def test_any_name_makes_a_valid_entry_and_adds_nothing_to_it(
    letters: HtmlLetters, a_session: ASession, a_researcher: Callable[..., Any], name: str
) -> None:
    client = Client(user_id="u", email="kim@example.net", name=name, timezone="Europe/Berlin")
    written = letters.calendar(session=a_session(client=client), researcher=a_researcher(name=name), role=Role.CLIENT)
    _, event = read(written)
    other = read_again(written).vevent
    assert str(event["ATTENDEE"]) == other.attendee.value == "mailto:kim@example.net"
    assert len(other.contents["attendee"]) == 1
    assert not set(written) & (set(range(32)) - {10, 13})


def test_no_question_or_paper_is_in_a_calendar(letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    for role in Role:
        written = letters.write(an_occasion(Kind.CONFIRMATION, role)).calendar or b""
        assert b"converge" not in written
        assert b"10.1000" not in written


def test_the_entry_that_brings_the_link_replaces_the_one_without(
    letters: HtmlLetters, a_session: ASession, a_researcher: Callable[..., Any]
) -> None:
    before = a_session(meeting=None)
    after = before.linked(meeting=a_session().meeting, at=NOW + timedelta(minutes=5))
    entries = [
        read(letters.calendar(session=each, researcher=a_researcher(), role=Role.CLIENT))[1] for each in (before, after)
    ]
    assert entries[0].sequence < entries[1].sequence
    assert [each.DTSTAMP for each in entries] == [NOW, NOW + timedelta(minutes=5)]
    assert [each.LAST_MODIFIED for each in entries] == [NOW, NOW + timedelta(minutes=5)]
    assert ["URL" in each for each in entries] == [False, True]


def test_a_session_that_has_not_changed_gives_the_same_entry(letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    confirmation = letters.write(an_occasion(Kind.CONFIRMATION)).calendar
    later = letters.write(an_occasion(Kind.LINK, written_at=NOW + timedelta(hours=1))).calendar
    assert confirmation == later


def test_each_of_the_two_has_the_other_in_their_entry(
    letters: HtmlLetters, a_session: ASession, a_researcher: Callable[..., Any]
) -> None:
    session = a_session()
    shown = {role: read(letters.calendar(session=session, researcher=a_researcher(), role=role))[1] for role in Role}
    assert {role: (str(each["SUMMARY"]), str(each["ATTENDEE"])) for role, each in shown.items()} == {
        Role.CLIENT: ("Consultation with Dr. Ada Ångström", "mailto:kim@example.net"),
        Role.RESEARCHER: ("Consultation with Kim Park", "mailto:ada@example.org"),
    }


def test_somebody_without_a_name_is_named_by_no_address(
    letters: HtmlLetters, a_session: ASession, a_researcher: Callable[..., Any]
) -> None:
    client = Client(user_id="u", email="kim@example.net", name=" \x00 ", timezone="UTC")
    written = letters.calendar(session=a_session(client=client), researcher=a_researcher(), role=Role.RESEARCHER)
    assert str(read(written)[1]["SUMMARY"]) == "Consultation with a client"
    assert b"kim@example.net" not in written


def test_a_long_link_stays_whole(letters: HtmlLetters, a_session: ASession, a_researcher: Callable[..., Any]) -> None:
    link = f"https://zoom.example/j/123?pwd={'x' * 400}"
    session = a_session(meeting=Meeting(id="123", join_link=link, host="host@example.org"))
    _, event = read(letters.calendar(session=session, researcher=a_researcher(), role=Role.CLIENT))
    assert str(event["URL"]) == str(event["LOCATION"]) == link


# Feeds


def entries(a_session: ASession, a_researcher: Callable[..., Any]) -> list[CalendarEntry]:
    first = a_session()
    sessions = [first, canceled(replace(first, id=UUID(int=5))), replace(first, id=UUID(int=6), meeting=None)]
    roles = [Role.CLIENT, Role.CLIENT, Role.RESEARCHER]
    return [
        CalendarEntry(session=session, researcher=a_researcher(), role=role)
        for session, role in zip(sessions, roles, strict=True)
    ]


def test_a_feed_asks_to_be_read_again_and_invites_nobody(
    letters: HtmlLetters, a_session: ASession, a_researcher: Callable[..., Any]
) -> None:
    written = letters.feed(entries(a_session, a_researcher))
    calendar = icalendar.Calendar.from_ical(written)
    assert isinstance(calendar, icalendar.Calendar)
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in written
    assert b"X-PUBLISHED-TTL:PT1H\r\n" in written
    assert (str(calendar["METHOD"]), str(calendar["X-WR-CALNAME"])) == ("PUBLISH", "Consulting sessions")
    assert b"ATTENDEE" not in written
    other = read_again(written)
    assert [each.status.value for each in other.vevent_list] == ["CONFIRMED", "CANCELLED", "CONFIRMED"]
    assert [each.organizer.value for each in other.vevent_list] == ["mailto:sessions@consulting.example"] * 3


def test_a_feed_has_the_entries_of_the_mails(
    letters: HtmlLetters, a_session: ASession, a_researcher: Callable[..., Any]
) -> None:
    given = entries(a_session, a_researcher)
    calendar = icalendar.Calendar.from_ical(letters.feed(given))
    mailed = [
        read(letters.calendar(session=each.session, researcher=each.researcher, role=each.role))[1] for each in given
    ]
    for event in mailed:
        del event["ATTENDEE"]
    assert [each.to_ical() for each in calendar.walk("VEVENT")] == [each.to_ical() for each in mailed]


def test_an_empty_feed_is_a_calendar_too(letters: HtmlLetters) -> None:
    calendar = icalendar.Calendar.from_ical(letters.feed([]))
    assert not calendar.walk("VEVENT")


def test_a_feed_tells_nothing_that_a_mailed_entry_does_not(
    letters: HtmlLetters, a_session: ASession, a_researcher: Callable[..., Any]
) -> None:
    written = letters.feed(entries(a_session, a_researcher))
    assert not [word for word in (b"converge", b"10.1000", b"kim@example.net", b"ada@example.org") if word in written]
