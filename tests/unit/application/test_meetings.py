from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from consulting.adapters.memory import Trouble
from consulting.adapters.memory.kept import Standing
from consulting.application.callers import Caller
from consulting.application.meetings import GetStartLink
from consulting.application.notifications import LINK_PATIENCE
from consulting.application.patience import MOST_TRIES
from consulting.application.ports.meeting_rooms import MeetingRequest, MeetingRoomsUnavailable
from consulting.application.ports.outbox import Errand
from consulting.domain.errors import SessionNotConfirmed, SessionNotFound
from consulting.domain.meetings import Meeting
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session
from tests.unit.application.marketplace import account_of, client
from tests.unit.application.scene import ADA, Scene

OWN = "lise@zoom.example"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def give_own_host(scene: Scene, researcher: Researcher) -> None:
    with scene.market.transactions.begin() as tx:
        tx.researchers.save(replace(researcher, zoom_user=OWN))


def start_link(scene: Scene) -> GetStartLink:
    return GetStartLink(scene.market.transactions, scene.market.rooms, scene.market.clock)


def met(scene: Scene, *, session: Session | None = None) -> Session:
    """Confirm a session and have its meeting made."""
    session = session or scene.confirmed()
    scene.market.work()
    assert scene.saved(session).meeting is not None
    return scene.saved(session)


# Who hosts


def test_a_researchers_own_account_hosts_their_meetings(scene: Scene) -> None:
    give_own_host(scene, scene.lise)

    assert met(scene).meeting == scene.market.rooms.open_meetings[0].meeting
    assert scene.market.rooms.open_meetings[0].meeting.host == OWN


def test_one_of_ours_hosts_for_whoever_has_no_account(scene: Scene) -> None:
    met(scene)

    assert scene.market.rooms.open_meetings[0].meeting.host == "host-1"


def test_one_of_ours_hosts_while_the_researchers_own_account_is_busy(scene: Scene) -> None:
    give_own_host(scene, scene.lise)
    scene.market.rooms.fill(OWN)

    met(scene)

    assert scene.market.rooms.open_meetings[0].meeting.host == "host-1"


def test_that_no_host_is_free_is_an_alert_once_and_a_retry(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    for host in ("host-1", "host-2"):
        scene.market.rooms.fill(host)
    session = scene.confirmed()

    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            scene.market.work()
            scene.market.clock.advance(MINUTE)

    (alert,) = (record.message for record in caplog.records if "NoFreeHost" in record.message)
    assert alert.startswith(f"create_meeting of session {session.id} failed, try 1: NoFreeHost(")
    assert scene.now(session).payment_status == "completed"
    scene.market.rooms._full.clear()
    scene.market.clock.advance(timedelta(hours=1))
    met(scene, session=session)


# One meeting a session


def test_of_two_workers_that_made_a_meeting_each_the_later_takes_its_own_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, rooms = scene.confirmed(), scene.market.rooms
    theirs = Meeting(id="77", join_link="https://meet.example.org/j/77", host="host-2")
    monkeypatch.setattr(rooms, "open", _overtaken(scene, session, theirs, rooms.open))

    scene.market.work()

    assert scene.saved(session).meeting == theirs
    assert rooms.open_meetings == ()


def _overtaken(
    scene: Scene, session: Session, theirs: Meeting, open_room: Callable[[MeetingRequest], Meeting]
) -> Callable[[MeetingRequest], Meeting]:
    """Let another worker save its meeting while this one waits for the provider's answer."""

    def open_late(request: MeetingRequest) -> Meeting:
        made = open_room(request)
        with scene.market.transactions.begin() as tx:
            tx.sessions.save(scene.saved(session).linked(meeting=theirs, at=scene.market.clock.now()))
        return made

    return open_late


def test_a_meeting_that_was_replaced_when_its_session_moved_is_announced_to_both(scene: Scene) -> None:
    session = met(scene)
    before = session.meeting
    assert before is not None
    scene.market.rooms.lose(before)
    scene.market.reschedule(session.id, time_slot_id=scene.slot(ahead=timedelta(hours=48)).id, caller=ADA)

    scene.market.work()

    after = scene.saved(session)
    assert after.meeting is not None
    assert after.meeting.id != before.id
    links = [mail for mail in scene.market.mailer.delivered if mail.message_id.startswith("<link.")]
    assert sorted(mail.to_address for mail in links) == sorted([str(ADA.email), scene.lise.email])
    assert all(after.meeting.join_link in mail.text for mail in links)
    assert all(f"SEQUENCE:{after.sequence}".encode() in (mail.calendar or b"") for mail in links)


def test_a_meeting_that_moved_along_is_not_announced(scene: Scene) -> None:
    session = met(scene)
    scene.market.reschedule(session.id, time_slot_id=scene.slot(ahead=timedelta(hours=48)).id, caller=ADA)

    scene.market.work()

    assert scene.saved(session).meeting == session.meeting
    assert not [kind for kind in scene.mails() if kind.startswith("link.")]


def test_a_meeting_that_was_given_up_is_made_when_its_session_moves(scene: Scene) -> None:
    session = scene.confirmed(slot=scene.slot(ahead=timedelta(hours=72)))
    with scene.market.rooms.line.suffering(Trouble.REFUSED):
        for _ in range(MOST_TRIES + 1):
            scene.market.work(rounds=1)
            scene.market.clock.advance(timedelta(hours=1))
    assert [each.entry.errand for each in scene.errands(Standing.DEAD)] == [Errand.CREATE_MEETING]

    scene.market.reschedule(session.id, time_slot_id=scene.slot(ahead=timedelta(hours=48)).id, caller=ADA)
    scene.market.work()

    moved = scene.saved(session)
    (made,) = scene.market.rooms.open_meetings
    assert (made.meeting, made.period) == (moved.meeting, moved.period)
    assert {"link.client", "link.researcher"} <= set(scene.mails())


def test_a_link_that_comes_after_the_confirmation_comes_with_a_newer_calendar_entry(scene: Scene) -> None:
    with scene.market.rooms.line.suffering(Trouble.DOWN):
        session = scene.confirmed()
        scene.market.work()
        scene.market.clock.advance(LINK_PATIENCE)
        scene.market.work()
    scene.market.clock.advance(timedelta(hours=1))
    scene.market.work()

    mails = {mail.message_id.split(".")[0]: mail for mail in scene.market.mailer.delivered if mail.calendar}
    sequences = [_sequence(mails[kind].calendar) for kind in ("<confirmation", "<link")]
    assert sequences == [0, 1]
    assert scene.saved(session).sequence == 1


def _sequence(calendar: bytes | None) -> int:
    (line,) = (line for line in (calendar or b"").splitlines() if line.startswith(b"SEQUENCE:"))
    return int(line.partition(b":")[2])


def test_for_a_session_canceled_meanwhile_no_meeting_is_made_and_a_lost_one_is_deleted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, rooms = scene.confirmed(), scene.market.rooms
    with rooms.line.suffering(Trouble.ANSWER_LOST):
        scene.market.work()
    made = len(rooms.open_meetings)
    scene.market.cancel(session.id, caller=ADA)
    monkeypatch.setattr(rooms, "open", _never)

    _let_pass(scene, hours=1)

    assert (made, len(rooms.open_meetings)) == (1, 0)
    assert scene.saved(session).meeting is None
    assert not {Errand.CREATE_MEETING, Errand.DELETE_MEETING} & scene.waiting()


def test_a_meeting_made_twice_by_a_fault_is_deleted_twice_with_its_session(scene: Scene) -> None:
    session = met(scene)
    request = MeetingRequest(session_id=session.id, topic="", period=session.period, timezone="UTC", hosts=("host-2",))
    scene.market.rooms.open_another(request)
    scene.market.cancel(session.id, caller=ADA)

    scene.market.work()

    assert scene.market.rooms.open_meetings == ()


def test_a_session_that_is_over_gets_no_meeting_any_more(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    session = scene.confirmed()
    with scene.market.rooms.line.suffering(Trouble.DOWN):
        scene.market.work()
    scene.market.clock.set(session.period.end)
    monkeypatch.setattr(scene.market.rooms, "open", _never)

    _let_pass(scene, hours=1)

    assert scene.saved(session).meeting is None
    assert Errand.CREATE_MEETING not in scene.waiting()


def _never(request: MeetingRequest) -> Meeting:
    pytest.fail(f"a meeting was asked for: {request}")


def _let_pass(scene: Scene, *, hours: int) -> None:
    for _ in range(hours * 6):
        scene.market.clock.advance(timedelta(minutes=10))
        scene.market.work()


# The researcher's start link


def test_the_researcher_gets_a_fresh_start_link_each_time(scene: Scene) -> None:
    session = met(scene)
    lise = account_of(scene.lise)

    links = {start_link(scene)(session.id, caller=lise) for _ in range(2)}

    assert len(links) == 2
    assert all(link.startswith("https://") for link in links)
    assert not any(link in mail.text for mail in scene.market.mailer.delivered for link in links)


@pytest.mark.parametrize(
    "caller",
    [ADA, client("bea"), Caller(user_id="root", roles=frozenset({"admin"})), Caller(user_id="researcher-emmy")],
)
def test_to_anybody_else_the_session_does_not_exist(scene: Scene, caller: Caller) -> None:
    session = met(scene)

    with pytest.raises(SessionNotFound):
        start_link(scene)(session.id, caller=caller)


def test_a_meeting_that_is_still_being_made_has_no_start_link_yet(scene: Scene) -> None:
    session = scene.confirmed()
    with scene.market.rooms.line.suffering(Trouble.DOWN):
        scene.market.work()

    with pytest.raises(MeetingRoomsUnavailable):
        start_link(scene)(session.id, caller=account_of(scene.lise))


def test_what_is_not_confirmed_or_over_has_no_start_link(scene: Scene) -> None:
    held, ended, canceled = scene.held(), met(scene), met(scene)
    scene.market.cancel(canceled.id, caller=ADA)
    scene.market.clock.set(max(ended.period.end, canceled.period.end))

    for session in (held, ended, canceled):
        with pytest.raises(SessionNotConfirmed):
            start_link(scene)(session.id, caller=account_of(scene.lise))
