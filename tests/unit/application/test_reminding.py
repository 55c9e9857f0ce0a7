from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import pytest

from consulting.adapters.memory import Trouble
from consulting.application.ports.mailer import Mail, MailRefused, MailUnavailable, MailUncertain, Occasion
from consulting.application.ports.records import Outcome
from consulting.application.reminders import (
    ABANDONED_AFTER,
    LATEST_RETRY,
    SOONEST_RETRY,
    WHY_ABANDONED,
    WHY_GIVEN_UP,
    WHY_SKIPPED,
)
from consulting.domain.reminders import Verdict
from consulting.domain.sessions import Session
from tests.unit.application.fuse import Crash
from tests.unit.application.marketplace import NOON
from tests.unit.application.scene import ADA, TICK, Scene, let_pass


@pytest.fixture
def scene() -> Scene:
    return Scene()


def at_lead(scene: Scene, session: Session, lead: timedelta) -> None:
    scene.market.clock.set(session.period.start - lead)


def booked_far_ahead(scene: Scene) -> Session:
    session = scene.confirmed(slot=scene.slot(ahead=timedelta(hours=30)))
    let_pass(scene, TICK)
    return session


def test_both_are_reminded_a_day_and_an_hour_before_once_each(scene: Scene) -> None:
    session = booked_far_ahead(scene)
    at_lead(scene, session, timedelta(hours=24) + TICK)
    assert scene.market.remind() == 0

    sent = []
    for lead in (24, 12, 2, 1, 0.5):
        at_lead(scene, session, timedelta(hours=lead))
        sent.append(scene.market.remind())
        scene.market.remind()

    assert sent == [2, 0, 0, 2, 0]
    kinds = [kind for kind in scene.mails() if kind.startswith("reminder")]
    assert sorted(kinds) == [
        "reminder_1h.client",
        "reminder_1h.researcher",
        "reminder_24h.client",
        "reminder_24h.researcher",
    ]


def test_a_canceled_session_is_not_reminded_of(scene: Scene) -> None:
    session = booked_far_ahead(scene)
    scene.market.cancel(session.id, caller=ADA)
    at_lead(scene, session, timedelta(hours=1))

    assert scene.market.remind() == 0


def test_a_hold_is_not_reminded_of(scene: Scene) -> None:
    session = scene.held()
    at_lead(scene, session, timedelta(hours=24))

    assert scene.market.remind() == 0


def test_a_confirmation_is_not_followed_by_a_reminder_that_says_the_same(scene: Scene) -> None:
    session = scene.confirmed(slot=scene.slot(ahead=timedelta(hours=5)))
    assert scene.market.remind() == 0

    at_lead(scene, session, timedelta(hours=1))
    assert scene.market.remind() == 2


def test_a_worker_that_was_down_sends_what_is_still_of_use(scene: Scene) -> None:
    session = booked_far_ahead(scene)

    at_lead(scene, session, timedelta(minutes=20))
    assert scene.market.remind() == 2
    at_lead(scene, session, timedelta(0))
    assert scene.market.remind() == 0

    assert {kind for kind in scene.mails() if "reminder" in kind} == {"reminder_1h.client", "reminder_1h.researcher"}


def test_a_moved_session_is_reminded_of_anew(scene: Scene) -> None:
    session = scene.confirmed(slot=scene.slot(ahead=timedelta(hours=25)))
    later = scene.slot(ahead=timedelta(hours=50))
    scene.market.reschedule(session.id, time_slot_id=later.id, caller=ADA)
    at_lead(scene, session, timedelta(hours=1))
    assert scene.market.remind() == 0

    at_lead(scene, scene.saved(session), timedelta(hours=24))
    assert scene.market.remind() == 2


def test_a_reminder_that_could_not_be_sent_is_dropped_not_repeated(scene: Scene) -> None:
    session = booked_far_ahead(scene)
    at_lead(scene, session, timedelta(hours=1))

    with scene.market.mailer.line.suffering(Trouble.ANSWER_LOST):
        scene.market.remind()
    scene.market.remind()

    reminders = [kind for kind in scene.mails() if "reminder" in kind]
    assert sorted(reminders) == ["reminder_1h.client", "reminder_1h.researcher"]


def test_a_reminder_of_which_nobody_knows_whether_it_arrived_is_not_repeated_and_recorded_as_such(
    scene: Scene,
) -> None:
    session = booked_far_ahead(scene)
    at_lead(scene, session, timedelta(hours=24))

    with scene.market.mailer.line.suffering(Trouble.ANSWER_LOST):
        scene.market.remind()
    let_pass_reminding(scene, timedelta(hours=1))

    assert reminders(scene, session) == both("reminder_24h", Outcome.UNCERTAIN, repr(MailUncertain()))
    assert scene.mails().count("reminder_24h.client") == 1


def let_pass_reminding(scene: Scene, time: timedelta) -> int:
    """Let time pass while the worker looks for reminders twice a minute, and count those that went out."""
    sent = 0
    for _ in range(int(time / timedelta(seconds=30))):
        scene.market.clock.advance(timedelta(seconds=30))
        sent += scene.market.remind()
    return sent


def test_a_reminder_that_the_server_did_not_take_is_tried_again_and_arrives_once(scene: Scene) -> None:
    session = booked_far_ahead(scene)
    at_lead(scene, session, timedelta(hours=24))

    with scene.market.mailer.line.suffering(Trouble.DOWN):
        scene.market.remind()
        assert reminders(scene, session) == both("reminder_24h", Outcome.WAITING, repr(MailUnavailable()))
        assert let_pass_reminding(scene, timedelta(hours=2)) == 0
    assert let_pass_reminding(scene, timedelta(hours=1)) == 2

    assert reminders(scene, session) == both("reminder_24h", Outcome.SENT, None)
    assert sorted(kind for kind in scene.mails() if "reminder" in kind) == [
        "reminder_24h.client",
        "reminder_24h.researcher",
    ]


def test_a_reminder_is_tried_again_every_few_minutes_at_most(scene: Scene) -> None:
    session = booked_far_ahead(scene)
    at_lead(scene, session, timedelta(hours=24))
    tried = []

    def refuse(mail: Mail) -> None:
        tried.append(scene.market.clock.now())
        raise MailUnavailable

    scene.market.remind = replace(scene.market.remind, mailer=Mailman(refuse))
    scene.market.remind()
    let_pass_reminding(scene, timedelta(hours=6))

    pauses = {after - before for before, after in pairwise(tried)} - {timedelta(0)}
    assert (min(pauses), max(pauses)) == (SOONEST_RETRY, LATEST_RETRY)


def test_a_reminder_that_was_not_taken_while_it_was_of_use_is_given_up_with_the_reason(scene: Scene) -> None:
    session = booked_far_ahead(scene)
    at_lead(scene, session, timedelta(hours=1))

    with scene.market.mailer.line.suffering(Trouble.DOWN):
        scene.market.remind()
        let_pass_reminding(scene, timedelta(hours=1, minutes=1))

    recorded = {each for each in reminders(scene, session) if each[0] == "reminder_1h"}
    assert recorded == both("reminder_1h", Outcome.FAILED, WHY_GIVEN_UP + repr(MailUnavailable()))
    assert let_pass_reminding(scene, timedelta(hours=1)) == 0


def test_a_session_canceled_while_its_reminder_waits_is_not_reminded_of(scene: Scene) -> None:
    session = booked_far_ahead(scene)
    at_lead(scene, session, timedelta(hours=24))
    with scene.market.mailer.line.suffering(Trouble.DOWN):
        scene.market.remind()

    scene.market.cancel(session.id, caller=ADA)

    assert let_pass_reminding(scene, timedelta(hours=24)) == 0


def test_a_session_moved_to_a_near_start_gets_no_reminder_of_a_day_before(scene: Scene) -> None:
    session = scene.confirmed(slot=scene.slot(ahead=timedelta(hours=30)))
    let_pass(scene, TICK)
    nearer = scene.slot(ahead=timedelta(hours=20))
    assert nearer.period.start < session.period.start
    scene.market.reschedule(session.id, time_slot_id=nearer.id, caller=ADA)

    assert scene.market.remind() == 0
    at_lead(scene, scene.saved(session), timedelta(hours=1))
    assert scene.market.remind() == 2


@dataclass(frozen=True)
class Mailman:
    """A mailer that does what it is told."""

    send: Callable[[Mail], None]


def reminders(scene: Scene, session: Session) -> set[tuple[str, str, Outcome, str | None]]:
    with scene.market.transactions.begin() as tx:
        known = tx.notifications.of_session(session.id)
    return {(each.kind, each.recipient, each.outcome, each.reason) for each in known if "reminder" in each.kind}


def both(kind: str, outcome: Outcome, reason: str | None) -> set[tuple[str, str, Outcome, str | None]]:
    return {(kind, role, outcome, reason) for role in ("client", "researcher")}


def test_what_was_sent_is_recorded_as_sent(scene: Scene) -> None:
    session = booked_far_ahead(scene)
    at_lead(scene, session, timedelta(hours=24))

    scene.market.remind()

    assert reminders(scene, session) == both("reminder_24h", Outcome.SENT, None)


def test_what_a_worker_that_was_down_missed_is_recorded_with_the_reason(scene: Scene) -> None:
    session = booked_far_ahead(scene)
    at_lead(scene, session, timedelta(minutes=20))

    scene.market.remind()

    missed = both("reminder_24h", Outcome.SKIPPED, WHY_SKIPPED[Verdict.TOO_LATE])
    assert reminders(scene, session) == missed | both("reminder_1h", Outcome.SENT, None)


@pytest.mark.parametrize("swept", [False, True])
def test_a_worker_that_comes_back_after_the_end_records_that_nobody_was_reminded(scene: Scene, *, swept: bool) -> None:
    session = booked_far_ahead(scene)
    scene.market.clock.set(session.period.end + timedelta(days=1))
    if swept:
        scene.market.sweep()

    assert scene.market.remind() == scene.market.remind() == 0

    why = WHY_SKIPPED[Verdict.TOO_LATE]
    assert reminders(scene, session) == both("reminder_24h", Outcome.SKIPPED, why) | both(
        "reminder_1h", Outcome.SKIPPED, why
    )


def test_a_session_booked_half_an_hour_ahead_gets_no_reminder_and_that_is_recorded(scene: Scene) -> None:
    scene.market.clock.set(NOON.replace(hour=8, minute=30))
    session = scene.confirmed(slot=scene.slot(ahead=timedelta(minutes=30)))

    assert scene.market.remind() == 0

    why = WHY_SKIPPED[Verdict.JUST_TOLD]
    assert {(outcome, reason) for _, _, outcome, reason in reminders(scene, session)} == {(Outcome.SKIPPED, why)}


def test_a_reminder_that_is_refused_is_recorded_with_the_reason(scene: Scene) -> None:
    session = booked_far_ahead(scene)
    at_lead(scene, session, timedelta(hours=24))

    with scene.market.mailer.line.suffering(Trouble.REFUSED):
        scene.market.remind()

    assert reminders(scene, session) == both("reminder_24h", Outcome.FAILED, repr(MailRefused()))


def test_a_reminder_whose_worker_died_is_dropped_and_recorded(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(mail: Mail) -> None:
        raise Crash

    session = booked_far_ahead(scene)
    at_lead(scene, session, timedelta(hours=24))
    with monkeypatch.context() as patched:
        patched.setattr(scene.market.mailer, "send", die)
        with pytest.raises(Crash):
            scene.market.remind()
    scene.market.clock.advance(ABANDONED_AFTER + TICK)

    assert scene.market.remind() == 1

    assert {(outcome, reason) for _, _, outcome, reason in reminders(scene, session)} == {
        (Outcome.FAILED, WHY_ABANDONED),
        (Outcome.SENT, None),
    }


def test_reminders_go_out_at_the_leads_of_the_settings(scene: Scene) -> None:
    session = scene.confirmed(slot=scene.slot(ahead=timedelta(hours=50)))
    let_pass(scene, TICK)
    remind = replace(scene.market.remind, leads=(timedelta(hours=48), timedelta(minutes=30)))

    sent = []
    for lead in (48.1, 48, 24, 1, 0.5):
        at_lead(scene, session, timedelta(hours=lead))
        sent.append(remind())

    assert sent == [0, 2, 0, 0, 2]


def test_a_reminder_that_cannot_be_written_stops_no_other(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned, other = scene.free(), scene.free()
    let_pass(scene, TICK)
    at_lead(scene, other, timedelta(hours=1))
    write = scene.market.letters.write

    def write_unless_poisoned(occasion: Occasion) -> Mail:
        if occasion.session.id == poisoned.id:
            raise ValueError("poison")
        return write(occasion)

    monkeypatch.setattr(scene.market.letters, "write", write_unless_poisoned)

    scene.market.remind()

    assert {outcome for _, _, outcome, _ in reminders(scene, other)} >= {Outcome.SENT}
    assert all(outcome is not Outcome.SENT for _, _, outcome, _ in reminders(scene, poisoned))


def test_reminders_go_through_all_sessions_a_few_at_a_time(scene: Scene) -> None:
    sessions = [scene.free() for _ in range(5)]
    at_lead(scene, sessions[-1], timedelta(hours=24))

    assert scene.market.remind(limit=2) == 10
