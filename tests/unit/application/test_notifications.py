from __future__ import annotations

from datetime import timedelta

import pytest

from consulting.adapters.memory import Trouble
from consulting.adapters.memory.kept import Standing
from consulting.application.errands import LEASE
from consulting.application.notifications import LINK_PATIENCE
from consulting.application.ports.mailer import Mail
from consulting.domain.sessions import Session
from tests.unit.application.fuse import Crash
from tests.unit.application.scene import ADA, TICK, Scene, let_pass


@pytest.fixture
def scene() -> Scene:
    return Scene()


def text_of(scene: Scene, kind: str) -> str:
    return next(mail.text for mail in scene.market.mailer.delivered if mail.message_id.startswith(f"<{kind}."))


# Confirmations and the link


def test_a_confirmation_brings_the_link_and_an_invitation(scene: Scene) -> None:
    session = scene.confirmed()

    let_pass(scene, TICK)

    assert scene.mails(to=ADA) == ["receipt.client", "confirmation.client"]
    assert scene.mails().count("booking_notice.researcher") == 1
    meeting = scene.saved(session).meeting
    assert meeting is not None
    mail = scene.market.mailer.delivered[-1]
    assert meeting.join_link in mail.text
    assert mail.calendar is not None
    assert mail.calendar_method == "REQUEST"


def test_a_confirmation_waits_for_the_link_a_few_minutes_at_most(scene: Scene) -> None:
    session = scene.confirmed()

    with scene.market.rooms.line.suffering(Trouble.DOWN):
        let_pass(scene, LINK_PATIENCE - TICK)
        assert scene.mails(to=ADA) == ["receipt.client"]
        let_pass(scene, timedelta(minutes=1))

    assert scene.mails(to=ADA) == ["receipt.client", "confirmation.client"]
    assert "it follows" in text_of(scene, "confirmation")
    assert scene.now(session).payment_status == "completed"


def test_a_link_that_came_late_follows_by_itself_to_both(scene: Scene) -> None:
    session = scene.confirmed()
    with scene.market.rooms.line.suffering(Trouble.DOWN):
        let_pass(scene, timedelta(minutes=30), every=timedelta(seconds=30))

    let_pass(scene, timedelta(hours=1), every=timedelta(seconds=30))

    assert scene.mails(to=ADA)[-1] == "link.client"
    assert scene.mails().count("link.client") == scene.mails().count("link.researcher") == 1
    meeting = scene.saved(session).meeting
    assert meeting is not None
    assert meeting.join_link in text_of(scene, "link")
    assert len(scene.market.rooms.open_meetings) == 1


def test_a_meeting_whose_creation_got_lost_is_found_again(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.rooms.line.order(Trouble.ANSWER_LOST)

    let_pass(scene, timedelta(seconds=10))

    (meeting,) = scene.market.rooms.open_meetings
    assert scene.saved(session).meeting == meeting.meeting
    assert scene.mails(to=ADA) == ["receipt.client", "confirmation.client"]


def test_a_waiting_confirmation_holds_up_a_cancellation_for_seconds_only(scene: Scene) -> None:
    session = scene.confirmed()
    with scene.market.rooms.line.suffering(Trouble.DOWN):
        let_pass(scene, timedelta(minutes=2))
        scene.market.cancel(session.id, caller=ADA)
        let_pass(scene, timedelta(seconds=6))

    assert "cancellation.client" in scene.mails(to=ADA)
    assert "confirmation.client" not in scene.mails(to=ADA)


def test_a_session_canceled_before_its_meeting_was_made_leaves_no_meeting_behind(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.rooms.line.order(Trouble.ANSWER_LOST)
    scene.market.work()
    scene.market.cancel(session.id, caller=ADA)

    let_pass(scene, timedelta(seconds=10))

    assert scene.market.rooms.open_meetings == ()
    assert scene.saved(session).meeting is None


def test_a_free_sessions_client_gets_no_receipt(scene: Scene) -> None:
    scene.free()

    let_pass(scene, TICK)

    assert scene.mails(to=ADA) == ["confirmation.client"]


# A mail server in trouble


def test_a_mail_server_that_is_down_delays_mails_and_loses_none(scene: Scene) -> None:
    scene.confirmed()

    with scene.market.mailer.line.suffering(Trouble.DOWN):
        let_pass(scene, timedelta(minutes=10), every=timedelta(seconds=20))
    assert scene.mails() == []
    let_pass(scene, timedelta(hours=1), every=timedelta(seconds=30))

    assert sorted(scene.mails()) == ["booking_notice.researcher", "confirmation.client", "receipt.client"]


def test_a_mail_whose_answer_got_lost_is_repeated_under_the_same_name(scene: Scene) -> None:
    scene.free()
    scene.market.mailer.line.order(Trouble.ANSWER_LOST)

    let_pass(scene, timedelta(seconds=10))

    names = [mail.message_id for mail in scene.market.mailer.delivered]
    assert len(names) == 3
    assert len(set(names)) == 2


def without_a_link(scene: Scene) -> Session:
    """Let a session's confirmation be about to go out without a link, its researcher's mail behind it being out."""
    session = scene.free()
    with scene.market.rooms.line.suffering(Trouble.DOWN):
        let_pass(scene, LINK_PATIENCE - TICK)
        scene.market.clock.advance(TICK)
    return session


def copies(scene: Scene, kind: str) -> list[Mail]:
    return [mail for mail in scene.market.mailer.delivered if mail.message_id.startswith(f"<{kind}.")]


def test_a_repeat_after_a_crash_says_what_the_first_one_said_and_the_link_that_came_meanwhile_follows(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_a_link(scene)
    send = scene.market.mailer.send

    def send_and_die(mail: Mail) -> None:
        send(mail)
        if mail.message_id.startswith("<confirmation"):
            raise Crash

    with monkeypatch.context() as patched, scene.market.rooms.line.suffering(Trouble.DOWN):
        patched.setattr(scene.market.mailer, "send", send_and_die)
        with pytest.raises(Crash):
            let_pass(scene, TICK)
    let_pass(scene, timedelta(minutes=10))

    first, again = copies(scene, "confirmation")
    assert (first.message_id, first.subject, first.text) == (again.message_id, again.subject, again.text)
    assert "it follows" in again.text
    assert scene.mails().count("link.client") == 1


def test_a_repeat_after_a_lost_answer_says_what_the_first_one_said(scene: Scene) -> None:
    without_a_link(scene)
    with scene.market.rooms.line.suffering(Trouble.DOWN), scene.market.mailer.line.suffering(Trouble.ANSWER_LOST):
        scene.market.work()
    let_pass(scene, timedelta(minutes=10))

    assert len({mail.text for mail in copies(scene, "confirmation")}) == 1
    assert len({mail.text for mail in copies(scene, "booking_notice")}) == 1
    assert scene.mails().count("link.client") == scene.mails().count("link.researcher") == 1


def test_a_mail_that_was_not_taken_brings_the_link_that_came_meanwhile(scene: Scene) -> None:
    session = without_a_link(scene)
    with scene.market.mailer.line.suffering(Trouble.DOWN):
        scene.market.work()
        let_pass(scene, timedelta(minutes=10), every=timedelta(seconds=20))
    let_pass(scene, timedelta(minutes=20), every=timedelta(seconds=20))

    (confirmation,) = copies(scene, "confirmation")
    meeting = scene.saved(session).meeting
    assert meeting is not None
    assert meeting.join_link in confirmation.text
    assert "link.client" not in scene.mails()


def test_a_worker_that_lost_its_lease_sends_nothing(scene: Scene) -> None:
    scene.free()
    now = scene.market.clock.now()
    with scene.market.transactions.begin() as tx:
        leased = tx.outbox.lease(worker="slow", limit=9, lease=LEASE, at=now)
    scene.market.clock.advance(LEASE + LINK_PATIENCE)
    scene.market.work()
    sent = scene.mails()

    for each in leased:
        scene.market.errands.runners[each.entry.errand](each)

    assert scene.mails() == sent


def test_a_mail_that_is_refused_for_good_is_given_up_and_the_others_go_out(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.mailer.line.order(Trouble.REFUSED)

    let_pass(scene, timedelta(seconds=5))

    (dead,) = scene.errands(Standing.DEAD)
    assert dead.entry.data["kind"] == "receipt"
    assert scene.mails(to=ADA) == ["confirmation.client"]
    assert scene.now(session).payment_status == "completed"
