"""Promises P4 and P5 on a day on which Zoom and the mail server fail at random and workers are killed in turn."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from consulting.application.ports.mailer import Role
from consulting.application.ports.records import Outcome
from consulting.domain.session_states import DC, SC
from consulting.entrypoints.sandbox import SandboxOptions, running_sandbox
from tests.integration.conftest import seed_of
from tests.integration.days.day import Day, Plan, Premises, planned
from tests.integration.instance import PATIENCE

SMALL = Plan(sessions=30, researchers=5, hours=8, waves=5)
EACH_REMINDER_ONCE = Counter((kind, role) for kind in ("reminder_24h", "reminder_1h") for role in Role)
LARGE = Plan(sessions=300, researchers=15, hours=24, waves=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A mail in the sandbox's inbox, as its Message-ID names it."""

    name: str
    kind: str
    role: str
    session_id: UUID
    text: str
    written_at: Any

    @classmethod
    def read(cls, mail: dict[str, Any]) -> Arrived:
        name = mail["headers"]["message-id"]
        kind, role, *_, session_id = name.strip("<>").partition("@")[0].split(".")
        return cls(
            name=name,
            kind=kind,
            role=role,
            session_id=UUID(session_id),
            text=mail["text"],
            written_at=parsedate_to_datetime(mail["headers"]["date"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """What is there when the day is over: at Zoom, in the inboxes, and in our own records."""

    day: Day
    meetings: list[dict[str, Any]]
    mails: list[Arrived]

    def names(self, session_id: UUID, kind: str, role: str) -> Counter[str]:
        """Count the copies of each mail of this kind."""
        return Counter(
            mail.name for mail in self.mails if (mail.session_id, mail.kind, mail.role) == (session_id, kind, role)
        )

    def reminders_that_stand(self) -> Counter[str]:
        """Count what became of the reminders of all sessions that took place, by kind and outcome."""
        return Counter(
            f"{each.kind} {each.outcome}"
            for session_id in self.day.standing()
            for each in self.day.reminders(session_id)
            if each.about == self.day.session(session_id).period.start.isoformat()
        )

    def meetings_of(self, session_id: UUID) -> list[dict[str, Any]]:
        return [each for each in self.meetings if str(session_id) in each["agenda"] and not each["deleted"]]


@pytest.fixture(
    scope="module",
    params=[pytest.param(SMALL, id="30 sessions"), pytest.param(LARGE, id="300 sessions", marks=pytest.mark.proof)],
)
def evening(
    request: pytest.FixtureRequest, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evening]:
    seed = seed_of(request.config)
    folder = tmp_path_factory.mktemp("day")
    with running_sandbox(SandboxOptions(folder=folder / "sandbox")) as sandbox:
        premises = Premises(database_url=module_database_url, sandbox_url=sandbox.url, smtp_port=sandbox.smtp_port)
        with planned(request.param, premises, folder=folder, seed=seed) as day:
            day.pass_by()
            evening = _look(day, sandbox.url)
            _tell(request, evening, seed)
            yield evening


def _look(day: Day, url: str) -> Evening:
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as sandbox:
        meetings = sandbox.get("/zoom/meetings").json()["meetings"]
        mails = [Arrived.read(each) for each in sandbox.get("/mail").json()["mails"]]
    return Evening(day=day, meetings=meetings, mails=mails)


def _tell(request: pytest.FixtureRequest, evening: Evening, seed: int) -> None:
    copies = Counter(mail.name for mail in evening.mails)
    line = (
        f"seed {seed}: {len(evening.day.sessions)} sessions, {len(evening.day.moved)} moved, "
        f"{len(evening.day.canceled_at)} canceled, {evening.day.crew.killed} workers killed; "
        f"{len(copies)} mails, {sum(copies.values()) - len(copies)} repeated; "
        f"{sum(each['deleted'] for each in evening.meetings)} meetings deleted; "
        f"reminders {dict(evening.reminders_that_stand())}; faults {dict(evening.day.weather.seen)}"
    )
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    with nullcontext() if capture is None else capture.global_and_fixture_disabled():
        sys.stdout.write(f"\n{line}\n")


def test_nothing_was_given_up(evening: Evening) -> None:
    assert evening.day.read("SELECT errand, data, error FROM outbox WHERE standing <> 'done'") == []


def test_the_audit_finds_nothing(evening: Evening) -> None:
    assert list(evening.day.container.audit()()) == []


def test_every_session_that_stands_has_exactly_one_meeting_at_its_time_and_every_other_none(evening: Evening) -> None:
    for session_id in evening.day.sessions:
        session, meetings = evening.day.session(session_id), evening.meetings_of(session_id)
        if session_id in evening.day.canceled_at:
            assert meetings == [], session
            continue
        assert session.state in {SC, DC}
        assert session.meeting is not None
        assert [str(each["id"]) for each in meetings] == [session.meeting.id]
        assert meetings[0]["start_time"] == f"{session.period.start:%Y-%m-%dT%H:%M:%SZ}"
        assert meetings[0]["join_url"] == session.meeting.join_link


def test_no_host_has_two_meetings_at_once(evening: Evening) -> None:
    assert [each["id"] for each in evening.meetings if each["overlapping"]] == []


def test_both_sides_got_one_confirmation_whatever_was_repeated_had_the_same_name(evening: Evening) -> None:
    for session_id in evening.day.sessions:
        for kind, role in (("confirmation", "client"), ("booking_notice", "researcher")):
            assert len(evening.names(session_id, kind, role)) == 1


def test_whoever_has_a_session_has_its_link(evening: Evening) -> None:
    for session_id in evening.day.standing():
        meeting = evening.day.session(session_id).meeting
        assert meeting is not None
        told = [mail for mail in evening.mails if mail.session_id == session_id and mail.role == "client"]
        assert any(meeting.join_link in mail.text for mail in told)


def test_both_sides_were_told_of_every_change(evening: Evening) -> None:
    for kind, changed in (("rescheduled", evening.day.moved), ("cancellation", set(evening.day.canceled_at))):
        for session_id in changed:
            for role in ("client", "researcher"):
                assert len(evening.names(session_id, kind, role)) == 1


def test_nobody_was_reminded_twice(evening: Evening) -> None:
    reminders = Counter(mail.name for mail in evening.mails if mail.kind.startswith("reminder"))
    assert reminders
    assert set(reminders.values()) == {1}


def test_of_every_session_that_took_place_each_reminder_was_sent_or_is_recorded_with_the_reason(
    evening: Evening,
) -> None:
    arrived = Counter(mail.name for mail in evening.mails)
    for session_id in evening.day.standing():
        start = evening.day.session(session_id).period.start.isoformat()
        known = [each for each in evening.day.reminders(session_id) if each.about == start]
        assert Counter((each.kind, each.recipient) for each in known) == EACH_REMINDER_ONCE
        for each in known:
            assert each.outcome is not Outcome.SKIPPED
            assert each.outcome is not Outcome.SENT or arrived[each.message_id] == 1
            assert each.outcome is not Outcome.FAILED or each.reason
    assert evening.reminders_that_stand()["reminder_24h sent"] > 0
    assert evening.reminders_that_stand()["reminder_1h sent"] > 0


def test_nobody_was_reminded_of_what_was_canceled(evening: Evening) -> None:
    for mail in evening.mails:
        if mail.kind.startswith("reminder") and mail.session_id in evening.day.canceled_at:
            assert mail.written_at < evening.day.canceled_at[mail.session_id]
