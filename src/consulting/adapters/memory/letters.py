"""Letters in plain words, without templates: enough to see who is told what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from consulting.application.ports.mailer import CalendarEntry, Kind, Mail, Occasion, Role
from consulting.domain.local_time import zone
from consulting.domain.period import Period
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import Status
from consulting.domain.sessions import Session

WITH_CALENDAR = frozenset({Kind.CONFIRMATION, Kind.LINK, Kind.RESCHEDULED, Kind.CANCELLATION, Kind.BOOKING_NOTICE})
"""The kinds of mail that put the session into the reader's calendar, or take it out."""

_STAMP = "%Y%m%dT%H%M%SZ"


class PlainLetters:
    """Writes the facts of an occasion line by line, the same for the same occasion every time."""

    def write(self, occasion: Occasion) -> Mail:
        """Write the mail in both forms, times in the reader's own zone, with its .ics where the kind has one."""
        to_client = occasion.role is Role.CLIENT
        session, researcher = occasion.session, occasion.researcher
        text = "\n".join(_lines(occasion)) + "\n"
        calendar, method = self._enclosed(occasion)
        return Mail(
            message_id=occasion.message_id,
            to_name=session.client.name if to_client else researcher.name,
            to_address=session.client.email if to_client else researcher.email,
            subject=f"{occasion.kind.replace('_', ' ').capitalize()}: {researcher.name}",
            text=text,
            html=f"<pre>{escape(text)}</pre>",
            calendar=calendar,
            calendar_method=method,
        )

    def calendar(self, *, session: Session, researcher: Researcher, role: Role) -> bytes:
        """Write the session as an iCalendar object: METHOD:REQUEST, or CANCEL once it is canceled."""
        return _calendar(_method(session), _event(session, researcher, role))

    def feed(self, entries: Sequence[CalendarEntry]) -> bytes:
        """Write one iCalendar object of all these entries, METHOD:PUBLISH."""
        events = (_event(each.session, each.researcher, each.role) for each in entries)
        return _calendar("PUBLISH", (line for event in events for line in event))

    def _enclosed(self, occasion: Occasion) -> tuple[bytes | None, str | None]:
        if occasion.kind not in WITH_CALENDAR:
            return None, None
        calendar = self.calendar(session=occasion.session, researcher=occasion.researcher, role=occasion.role)
        return calendar, _method(occasion.session)


def _calendar(method: str, events: Iterable[str]) -> bytes:
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//consulting//plain letters//EN", f"METHOD:{method}")
    return "".join(f"{line}\r\n" for line in (*head, *events, "END:VCALENDAR")).encode()


def _event(session: Session, researcher: Researcher, role: Role) -> Iterator[str]:
    other = researcher.name if role is Role.CLIENT else session.client.name or "a client"
    yield "BEGIN:VEVENT"
    yield f"UID:{session.id}@consulting"
    yield f"SEQUENCE:{session.sequence}"
    yield f"DTSTAMP:{session.updated_at:{_STAMP}}"
    yield f"DTSTART:{session.period.start:{_STAMP}}"
    yield f"DTEND:{session.period.end:{_STAMP}}"
    yield f"SUMMARY:{_escaped(f'Consultation with {other}')}"
    yield f"STATUS:{'CANCELLED' if session.status is Status.CANCELED else 'CONFIRMED'}"
    if session.meeting is not None and session.status is not Status.CANCELED:
        yield f"LOCATION:{_escaped(session.meeting.join_link)}"
    yield "END:VEVENT"


def _lines(occasion: Occasion) -> Iterator[str]:
    session, researcher = occasion.session, occasion.researcher
    timezone = session.client.timezone if occasion.role is Role.CLIENT else researcher.timezone
    yield f"Consultation with {researcher.name}"
    yield f"Client: {session.client.name or session.client.email}"
    yield f"Time: {_local(session.period, timezone)}"
    if occasion.before is not None:
        yield f"Before: {_local(occasion.before, timezone)}"
    yield f"Link: {session.meeting.join_link if session.meeting else 'it follows in another mail'}"
    yield f"Price: {session.price}"
    if session.cancellation is not None:
        yield f"Canceled: {session.cancellation.reason}"
    for refund in occasion.refunds:
        yield f"Refund: {refund.amount}, {refund.state}"


def _local(period: Period, timezone: str) -> str:
    start, end = (instant.astimezone(zone(timezone)) for instant in (period.start, period.end))
    return f"{start:%Y-%m-%d %H:%M %z} to {end:%Y-%m-%d %H:%M %z} ({timezone})"


def _method(session: Session) -> str:
    return "CANCEL" if session.status is Status.CANCELED else "REQUEST"


def _escaped(text: str) -> str:
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text
