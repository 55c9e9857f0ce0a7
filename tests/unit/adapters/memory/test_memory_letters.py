from __future__ import annotations

from dataclasses import replace

import pytest
from icalendar import Calendar

from consulting.adapters.contracts import sample
from consulting.adapters.memory import PlainLetters
from consulting.application.ports.mailer import Kind, Mail, Occasion, Role
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session

RESEARCHER = sample.researcher(name="Ada, Countess; of <Lovelace>", timezone="Europe/Berlin")
SESSION = replace(sample.confirmed(sample.slot()), client=sample.client(timezone="Asia/Kathmandu"))


def written(
    kind: Kind = Kind.CONFIRMATION,
    role: Role = Role.CLIENT,
    *,
    session: Session = SESSION,
    researcher: Researcher = RESEARCHER,
) -> Mail:
    occasion = Occasion(
        kind=kind,
        role=role,
        session=session,
        researcher=researcher,
        message_id="<m@example.org>",
        written_at=sample.NOW,
    )
    return PlainLetters().write(occasion)


def test_each_reads_the_time_in_their_own_zone() -> None:
    assert "2026-09-08 14:45 +0545" in written(role=Role.CLIENT).text
    assert "2026-09-08 11:00 +0200" in written(role=Role.RESEARCHER).text


def test_a_letter_goes_to_its_reader_under_its_own_name() -> None:
    to_client, to_researcher = written(role=Role.CLIENT), written(role=Role.RESEARCHER)
    assert (to_client.to_name, to_client.to_address) == ("Kim 1", "kim1@example.org")
    assert (to_researcher.to_name, to_researcher.to_address) == (RESEARCHER.name, RESEARCHER.email)
    assert to_client.message_id == "<m@example.org>"


def test_the_same_occasion_gives_the_same_letter() -> None:
    assert written() == written()


def test_what_people_wrote_is_no_html() -> None:
    assert "<Lovelace>" not in written().html


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_can_be_written(kind: Kind) -> None:
    mail = written(kind)
    assert (mail.calendar is None) is (mail.calendar_method is None)


def test_the_invitation_is_one_that_calendars_read() -> None:
    mail = written()
    assert mail.calendar is not None
    calendar = Calendar.from_ical(mail.calendar.decode())
    (event,) = calendar.events
    assert (calendar["METHOD"], mail.calendar_method) == ("REQUEST", "REQUEST")
    assert event["SUMMARY"] == f"Consultation with {RESEARCHER.name}"
    assert (event.start, event.end) == (SESSION.period.start, SESSION.period.end)


def test_a_canceled_session_is_taken_out_of_the_calendar() -> None:
    mail = written(Kind.CANCELLATION, session=sample.canceled(SESSION))
    assert mail.calendar is not None
    assert mail.calendar_method == "CANCEL"
    assert b"METHOD:CANCEL" in mail.calendar
