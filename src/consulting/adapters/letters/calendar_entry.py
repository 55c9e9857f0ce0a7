"""A session as an iCalendar object (RFC 5545 and 5546), in UTC throughout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from icalendar import Alarm, Calendar, Event, vCalAddress, vText, vUri

from consulting.adapters.letters.wording import one_line
from consulting.domain.session_states import Status
from consulting.domain.sessions import Session

ALARM: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in a calendar entry."""

    name: str
    address: str


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
    at: datetime,
) -> bytes:
    """Write the entry, as it stands at this instant.

    The UID stays for the session's whole life and SEQUENCE rises with each change, so a calendar follows the session
    instead of showing it twice.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//{one_line(organizer.name)}//sessions//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method_of(session))
    event = _event(session, summary=summary, uid=f"{session.id}@{uid_domain}", at=at)
    event.add("organizer", _address(organizer), encode=False)
    event.add("attendee", _attending(attendee), encode=False)
    if link is not None and session.status is not Status.CANCELED:
        event.add("location", link)
        event.add("url", vUri(link))
    event.add("description", _description(session, link))
    if session.status is not Status.CANCELED:
        event.add_component(_alarm(summary))
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _event(session: Session, *, summary: str, uid: str, at: datetime) -> Event:
    event = Event()
    event.add("uid", uid)
    event.add("sequence", session.sequence)
    event.add("dtstamp", at)
    event.add("dtstart", session.period.start)
    event.add("dtend", session.period.end)
    event.add("summary", one_line(summary))
    event.add("status", "CANCELLED" if session.status is Status.CANCELED else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if session.status is Status.CANCELED else "OPAQUE")
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
