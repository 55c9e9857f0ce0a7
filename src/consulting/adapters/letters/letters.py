"""The port Letters: one template a kind, rendered twice, as HTML and as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from consulting.adapters.letters.calendar_entry import FeedEntry, Person, method_of, write_entry, write_feed
from consulting.adapters.letters.partners import check_letters, check_names, naming_faults
from consulting.adapters.letters.telling import join_link, tell
from consulting.adapters.letters.wording import isolated, one_line
from consulting.application.ports.mailer import CalendarEntry, Kind, Mail, Occasion, Role
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session

CARRIES_CALENDAR: Final = frozenset(
    {Kind.CONFIRMATION, Kind.LINK, Kind.RESCHEDULED, Kind.CANCELLATION, Kind.BOOKING_NOTICE}
)
_NOBODY_NAMED: Final = {Role.RESEARCHER: "a client", Role.CLIENT: "your researcher"}
"""Whom an entry names to this reader where the other person gave no name."""

_REMINDERS: Final = frozenset({Kind.REMINDER_24H, Kind.REMINDER_1H})
_PACKAGE: Final = "consulting.adapters.letters"
_TOO_MANY_BREAKS: Final = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlLetters:
    """Writes the mails of the product, in English. Build it with `open_letters`; safe to share between threads."""

    public_url: str
    sender: Person
    uid_domain: str
    _html: Environment = field(repr=False)
    _text: Environment = field(repr=False)

    def write(self, occasion: Occasion) -> Mail:
        """Write the mail in both forms, times in the reader's own zone, with its .ics where the kind has one."""
        name = _template_of(occasion.kind)
        words = {**tell(occasion).words(), "sender": self.sender.name, "public_url": self.public_url}
        words["subject"] = _subject(self._text.get_template(name), words)
        reader = _reader(occasion)
        carries = occasion.kind in CARRIES_CALENDAR and occasion.session.confirmed_at is not None
        return Mail(
            message_id=occasion.message_id,
            to_name=reader.name or None,
            to_address=reader.address,
            subject=words["subject"],
            text=_tidy(self._text.get_template(name).render(words)),
            html=self._html.get_template(name).render(words),
            calendar=self._entry(occasion) if carries else None,
            calendar_method=method_of(occasion.session) if carries else None,
        )

    def calendar(self, *, session: Session, researcher: Researcher, role: Role) -> bytes:
        """Write the session as an iCalendar object: METHOD:REQUEST, or CANCEL once it is canceled."""
        reader = _reader_of(session, researcher, role)
        return write_entry(
            session=session,
            summary=_summary(session, researcher, role),
            organizer=self.sender,
            attendee=Person(name=reader.name or reader.address, address=reader.address),
            uid_domain=self.uid_domain,
            link=join_link(session),
        )

    def feed(self, entries: Sequence[CalendarEntry]) -> bytes:
        """Write one iCalendar object of all these entries, METHOD:PUBLISH."""
        return write_feed([_in_feed(each) for each in entries], organizer=self.sender, uid_domain=self.uid_domain)

    def _entry(self, occasion: Occasion) -> bytes:
        return self.calendar(session=occasion.session, researcher=occasion.researcher, role=occasion.role)


def _template_of(kind: Kind) -> str:
    return "reminder.jinja" if kind in _REMINDERS else f"{kind.value}.jinja"


def _reader(occasion: Occasion) -> Person:
    return _reader_of(occasion.session, occasion.researcher, occasion.role)


def _reader_of(session: Session, researcher: Researcher, role: Role) -> Person:
    if role is Role.RESEARCHER:
        return Person(name=one_line(researcher.name), address=researcher.email)
    return Person(name=one_line(session.client.name or ""), address=session.client.email)


def _in_feed(entry: CalendarEntry) -> FeedEntry:
    session = entry.session
    return FeedEntry(session=session, summary=_summary(session, entry.researcher, entry.role), link=join_link(session))


def _summary(session: Session, researcher: Researcher, role: Role) -> str:
    other = session.client.name if role is Role.RESEARCHER else researcher.name
    return f"Consultation with {one_line(other or '') or _NOBODY_NAMED[role]}"


def _subject(template: Template, words: dict[str, Any]) -> str:
    written = "".join(template.blocks["subject"](template.new_context(words)))
    return " ".join(written.split())


def _tidy(text: str) -> str:
    return _TOO_MANY_BREAKS.sub("\n\n", "\n".join(line.rstrip() for line in text.splitlines())).strip() + "\n"


def open_letters(
    *, public_url: str, sender_name: str, sender_address: str, uid_domain: str, templates: Path | None = None
) -> HtmlLetters:
    """Load the templates. `public_url` is named at the foot of each mail; `uid_domain` makes calendar ids unique.

    Those in the folder `templates` replace ours of the same name. Raises TemplateFault where one of them can't be used.
    """
    if templates is not None:
        check_names(templates, ours=PackageLoader(_PACKAGE).list_templates(), environment=Environment(autoescape=True))
    with naming_faults(templates):
        letters = HtmlLetters(
            public_url=public_url,
            sender=Person(name=sender_name or sender_address, address=sender_address),
            uid_domain=uid_domain,
            _html=_environment("html", templates),
            _text=_environment("text", templates),
        )
    if templates is not None:
        check_letters(letters, folder=templates)
    return letters


def _environment(form: str, templates: Path | None) -> Environment:
    ours = PackageLoader(_PACKAGE)
    environment = Environment(
        loader=ours if templates is None else ChoiceLoader([FileSystemLoader(templates), ours]),
        autoescape=form == "html",  # noqa: S701 -- plain text has nothing to escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["name"] = _name_in_html if form == "html" else isolated
    environment.globals["layout"] = f"layout.{form}.jinja"
    environment.globals["say"] = environment.get_template(f"parts.{form}.jinja").module
    return environment


def _name_in_html(name: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(name)
