"""A session as an iCalendar object (RFC 5545 and 5546), in UTC throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from icalendar import Alarm, Calendar, Event, vCalAddress, vDuration, vText, vUri

from consulting.adapters.letters.wording import one_line
from consulting.domain.session_states import Status
from consulting.domain.sessions import Session

ALARM: Final = timedelta(minutes=10)
REFRESH_EVERY: Final = timedelta(hours=1)
"""How often a calendar program is asked to look at a feed again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in a calendar entry."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """A session in somebody's feed."""

    session: Session
    summary: str
    link: str | None


def method_of(session: Session) -> str:
    """Give the METHOD that tells a calendar how the session stands."""
    return "CANCEL" if session.status is Status.CANCELED else "REQUEST"


def write_entry(
    *,
    session: Session,
    summary: str,
    organizer: Person,
    attendee: Person,
    uid_domain: str,
    link: str | None,
) -> bytes:
    """Write the entry: always the same for a session that hasn't changed.

    The UID stays for the session's whole life and SEQUENCE rises with each change, so a calendar follows the session
    instead of showing it twice.
    """
    calendar = _calendar(organizer, method=method_of(session))
    event = _event(session, summary=summary, organizer=organizer, uid_domain=uid_domain, link=link)
    event.add("attendee", _attending(attendee), encode=False)
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def write_feed(
    entries: Sequence[FeedEntry], *, organizer: Person, uid_domain: str, refresh_every: timedelta = REFRESH_EVERY
) -> bytes:
    """Write one object of many sessions, for calendar programs that subscribe to it.

    Nobody is invited by it: METHOD:PUBLISH has no ATTENDEE (RFC 5546, 3.2.1). UID and SEQUENCE are those of the mails.
    """
    calendar = _calendar(organizer, method="PUBLISH")
    for name in ("name", "x-wr-calname"):
        calendar.add(name, f"{one_line(organizer.name)} sessions")
    calendar.add("refresh-interval", refresh_every, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(refresh_every))
    for each in entries:
        event = _event(each.session, summary=each.summary, organizer=organizer, uid_domain=uid_domain, link=each.link)
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _calendar(organizer: Person, *, method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", f"-//{one_line(organizer.name)}//sessions//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _event(session: Session, *, summary: str, organizer: Person, uid_domain: str, link: str | None) -> Event:
    event = _times(session, uid=f"{session.id}@{uid_domain}")
    event.add("summary", one_line(summary))
    event.add("status", "CANCELLED" if session.status is Status.CANCELED else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if session.status is Status.CANCELED else "OPAQUE")
    event.add("organizer", _address(organizer), encode=False)
    event.add("description", _description(session, link))
    if session.status is not Status.CANCELED:
        if link is not None:
            event.add("location", link)
            event.add("url", vUri(link))
        event.add_component(_alarm(summary))
    return event


def _times(session: Session, *, uid: str) -> Event:
    event = Event()
    event.add("uid", uid)
    event.add("sequence", session.sequence)
    event.add("dtstamp", session.updated_at)
    event.add("created", session.created_at)
    event.add("last-modified", session.updated_at)
    event.add("dtstart", session.period.start)
    event.add("dtend", session.period.end)
    return event


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{one_line(person.address)}")
    address.params["CN"] = vText(one_line(person.name))
    return address


def _attending(person: Person) -> vCalAddress:
    # Whoever booked has said yes already: calendars need not ask.
    address = _address(person)
    for name, value in (("ROLE", "REQ-PARTICIPANT"), ("PARTSTAT", "ACCEPTED"), ("RSVP", "FALSE")):
        address.params[name] = vText(value)
    return address


def _description(session: Session, link: str | None) -> str:
    if session.status is Status.CANCELED:
        return "This session was canceled."
    return f"Join: {link}" if link is not None else "The link to join follows by e-mail."


def _alarm(summary: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", one_line(summary))
    alarm.add("trigger", -ALARM)
    return alarm
