from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from consulting.adapters.memory import Trouble
from consulting.application.errands import LEASE
from consulting.application.ports.mailer import Mail
from consulting.application.ports.meeting_rooms import MeetingRequest
from consulting.application.ports.outbox import Errand, Lane, OutboxEntry
from consulting.domain.meetings import Meeting
from consulting.domain.session_states import SC, Status
from consulting.entrypoints.container import Container
from consulting.entrypoints.worker import loops, running
from consulting.entrypoints.worker.loops import Work
from consulting.entrypoints.worker.works import works
from tests.integration.instance import PATIENCE, eventually
from tests.integration.worker.conftest import Workshop
from tests.unit.application.marketplace import client

HANGING = 5 * PATIENCE
"""Longer than anything here is waited for, so that whoever waits for what hangs is found out."""


def have_works(monkeypatch: pytest.MonkeyPatch, change: Callable[[Work], Work]) -> None:
    """Let the workers of a test do their work in another way."""

    def changed(container: Container, **given: Any) -> Iterable[Work]:
        return [change(work) for work in works(container, **given)]

    monkeypatch.setattr(running, "works", changed)


def test_a_confirmed_session_gets_its_meeting_and_its_mails_by_itself(workshop: Workshop) -> None:
    with workshop.working():
        (session,) = workshop.booked(workshop.researcher("lise"))
        eventually(lambda: len(workshop.mailer.delivered) == 2)
        eventually(lambda: workshop.unfinished() == 0)

    (meeting,) = workshop.rooms.open_meetings
    assert workshop.market.session(session.id, caller=client("client-0")).session.meeting == meeting.meeting
    assert all(meeting.meeting.join_link in mail.text for mail in workshop.mailer.delivered)


def test_two_workers_at_once_do_each_errand_once(workshop: Workshop) -> None:
    sessions = workshop.booked(workshop.researcher("lise"), count=60)

    with workshop.working(), workshop.working():
        eventually(lambda: workshop.unfinished() == 0)

    names = Counter(mail.message_id for mail in workshop.mailer.delivered)
    assert len(names) == 2 * len(sessions)
    assert set(names.values()) == {1}
    assert len(workshop.rooms.open_meetings) == len(sessions)
    assert workshop.read("SELECT max(attempts) FROM outbox WHERE lane = 'meeting'") == "1"


def test_the_database_wakes_a_worker_at_once(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its own accord this one looks for work once an hour only."""
    sessions = workshop.booked(workshop.researcher("lise"), count=12)
    with workshop.working():
        eventually(lambda: workshop.unfinished() == 0)
    monkeypatch.setattr(loops, "ATTENTIVE_FOR", timedelta(0))
    have_works(monkeypatch, lambda work: replace(work, every=timedelta(hours=1)))

    with workshop.working():
        for session in sessions:
            before = len(workshop.mailer.delivered)
            workshop.market.cancel(session.id, caller=client(session.client.user_id))
            eventually(partial(lambda seen: len(workshop.mailer.delivered) > seen, before))


def test_an_errand_of_a_worker_that_died_is_taken_over_after_its_lease(workshop: Workshop) -> None:
    workshop.booked(workshop.researcher("lise"))
    with workshop.market.transactions.begin() as tx:
        now = workshop.market.clock.now()
        leased = tx.outbox.lease(worker="dead", limit=10, lease=LEASE, at=now)
    assert {each.entry.lane for each in leased} == {Lane.MEETING, Lane.MAIL}

    with workshop.working():
        time.sleep(1.5)
        assert workshop.mailer.delivered == ()
        workshop.change(
            "UPDATE outbox SET leased_until = leased_until - interval '58 seconds' WHERE leased_by = 'dead'"
        )
        eventually(lambda: workshop.unfinished() == 0)

    assert workshop.read("SELECT attempts FROM outbox WHERE lane = 'meeting'") == "2"
    with workshop.market.transactions.begin() as tx:
        assert not any(tx.outbox.finish(each, at=now) for each in leased)


def test_a_poisoned_errand_stops_no_other(workshop: Workshop) -> None:
    researcher = workshop.researcher("lise")
    session, *others = workshop.booked(researcher, count=5)
    now = workshop.market.clock.now()
    poison = OutboxEntry(
        id=workshop.market.ids.new(),
        errand=Errand.NOTIFY,
        lane=Lane.MONEY,
        session_id=session.id,
        data={"kind": "nonsense"},
        due_at=now,
        recorded_at=now - timedelta(hours=1),
    )
    with workshop.market.transactions.begin() as tx:
        tx.outbox.add([poison])

    with workshop.working():
        eventually(lambda: workshop.unfinished() == 1)
        eventually(
            lambda: "ValueError" in workshop.read("SELECT error FROM outbox WHERE standing = 'waiting'"),
        )

    assert len(workshop.mailer.delivered) == 2 * (1 + len(others))


def test_a_provider_that_hangs_does_not_hold_up_what_goes_to_the_others(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, hanging = threading.Event(), threading.Semaphore(0)
    open_meeting = workshop.rooms.open

    def hang(request: MeetingRequest) -> Meeting:
        hanging.release()
        go_on.wait(HANGING)
        return open_meeting(request)

    monkeypatch.setattr(workshop.rooms, "open", hang)
    sessions = workshop.booked(workshop.researcher("lise"), count=6)

    with workshop.working():
        for _ in range(2):
            assert hanging.acquire(timeout=PATIENCE)
        for session in sessions:
            workshop.market.cancel(session.id, caller=client(session.client.user_id))
        eventually(lambda: len(workshop.mailer.delivered) == 2 * len(sessions))
        go_on.set()

    assert all("cancellation" in mail.message_id for mail in workshop.mailer.delivered)


def test_a_hold_that_nobody_pays_is_swept_and_its_intent_canceled(workshop: Workshop) -> None:
    researcher = workshop.researcher("lise", rate=12_000)
    (session,) = workshop.booked(researcher)
    intent = workshop.market.open_intent(session.id, caller=client("client-0")).intent
    workshop.change("UPDATE sessions SET expires_at = created_at + interval '1 second'")

    with workshop.working():
        eventually(
            lambda: workshop.read(f"SELECT status FROM sessions WHERE id = '{session.id}'") == Status.CANCELED,
        )
        eventually(lambda: workshop.unfinished() == 0)

    seen = workshop.gateway.retrieve_intent(intent.id)
    assert seen is not None
    assert seen.status == "canceled"


def test_a_paid_session_that_nobody_told_us_of_is_confirmed_by_reconciliation(workshop: Workshop) -> None:
    (session,) = workshop.booked(workshop.researcher("lise", rate=12_000))
    intent = workshop.market.open_intent(session.id, caller=client("client-0")).intent
    workshop.gateway.client_pays(intent.id)

    with workshop.working():  # it reconciles when it begins, and not again for a minute
        eventually(
            lambda: workshop.market.session(session.id, caller=client("client-0")).session.state == SC,
            seconds=PATIENCE / 3,
        )


def test_a_message_of_the_provider_is_settled_by_itself(workshop: Workshop) -> None:
    (session,) = workshop.booked(workshop.researcher("lise", rate=12_000))
    intent = workshop.market.open_intent(session.id, caller=client("client-0")).intent

    with workshop.working() as container:
        workshop.gateway.client_pays(intent.id)
        message = workshop.gateway.messages[-1]
        container.receive_provider_event()(body=message.body, headers=message.headers)
        eventually(lambda: workshop.read("SELECT standing FROM inbox") == "done")

    assert workshop.market.session(session.id, caller=client("client-0")).session.state == SC


def test_slots_are_topped_up_when_a_worker_begins(workshop: Workshop) -> None:
    researcher = workshop.researcher("lise")
    workshop.change("DELETE FROM time_slots")

    with workshop.working():
        eventually(lambda: workshop.read("SELECT count(*) > 1000 FROM time_slots") == "True")

    assert workshop.market.offered(researcher)


LOOPS = {
    "relay_meeting",
    "relay_money",
    "relay_mail",
    "inbox",
    "sweep",
    "openings",
    "reminders",
    "reconciliation",
    "slots",
    "pruning",
}


def test_a_worker_tells_how_its_loops_are_doing_and_leaves_no_sign_of_life_behind(workshop: Workshop) -> None:
    def successful() -> set[str]:
        since = workshop.market.clock.now() - timedelta(seconds=15)
        return {
            name
            for beat in container.heartbeats().since(since)
            for name, loop in beat.loops.items()
            if loop.last_success
        }

    with workshop.working() as container:
        eventually(lambda: successful() == LOOPS)

    assert container.heartbeats().since(workshop.market.clock.now() - timedelta(seconds=15)) == []


def test_a_stopping_worker_finishes_what_it_has_in_hand(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, in_hand = threading.Event(), []
    send = workshop.mailer.send

    def slowly(mail: Mail) -> None:
        in_hand.append(mail.message_id)
        begun.set()
        time.sleep(1)
        send(mail)

    monkeypatch.setattr(workshop.mailer, "send", slowly)
    monkeypatch.setattr(running, "GRACE", timedelta(seconds=PATIENCE / 2))
    workshop.booked(workshop.researcher("lise"))

    with workshop.working():
        assert begun.wait(PATIENCE)

    assert sorted(mail.message_id for mail in workshop.mailer.delivered) == sorted(in_hand)
    assert workshop.read("SELECT count(*) FROM outbox WHERE standing = 'done' AND lane = 'mail'") == str(len(in_hand))
    assert workshop.read("SELECT count(*) FROM outbox WHERE leased_by IS NOT NULL") == "0"


def test_a_stopping_worker_hands_back_what_it_cannot_finish_in_time(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "GRACE", timedelta(seconds=0.5))
    begun, go_on = threading.Event(), threading.Event()
    send = workshop.mailer.send

    def hanging(mail: Mail) -> None:
        begun.set()
        go_on.wait(HANGING)
        send(mail)

    monkeypatch.setattr(workshop.mailer, "send", hanging)
    workshop.booked(workshop.researcher("lise"))
    with workshop.working():
        assert begun.wait(PATIENCE)

    assert not go_on.is_set()
    assert workshop.read("SELECT count(*) FROM outbox WHERE leased_by IS NOT NULL") == "0"
    monkeypatch.undo()
    with workshop.working():
        eventually(lambda: len(workshop.mailer.delivered) == 2)
    go_on.set()
    eventually(lambda: not any(thread.name.startswith("relay") for thread in threading.enumerate()))


def test_an_outage_of_the_mail_server_delays_mails_and_loses_none(workshop: Workshop) -> None:
    workshop.booked(workshop.researcher("lise"), count=3)

    with workshop.working():
        with workshop.mailer.line.suffering(Trouble.DOWN):
            time.sleep(1.5)
        eventually(lambda: workshop.unfinished() == 0)

    assert len({mail.message_id for mail in workshop.mailer.delivered}) == 6


def test_a_worker_that_begins_before_the_database_does_waits_for_it(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    away = replace(workshop.settings, database_url="postgresql://nobody@127.0.0.1:9/none")
    tries = 3

    class Stop(threading.Event):
        """Is set when the database was asked for a few times."""

        def wait(self, timeout: float | None = None) -> bool:
            nonlocal tries
            tries -= 1
            if not tries:
                self.set()
            return super().wait(0)

    with caplog.at_level(logging.WARNING):
        begun = running._database_answers(Container(settings=away), Stop())

    assert (begun, tries) == (False, 0)
    told = [each.getMessage() for each in caplog.records if each.name == running.__name__]
    assert told == ["the database doesn't answer; the worker waits for it"]
    assert running._database_answers(workshop.container(), threading.Event())


def test_what_has_been_done_with_for_long_is_forgotten_and_what_was_given_up_is_not(workshop: Workshop) -> None:
    workshop.booked(workshop.researcher("lise"), count=2)
    with workshop.working() as container:
        eventually(lambda: workshop.unfinished() == 0)
    workshop.change("UPDATE outbox SET ended_at = ended_at - interval '31 days'")
    workshop.change("UPDATE outbox SET standing = 'dead' WHERE errand = 'create_meeting'")

    forgotten = container.prune()(at=workshop.market.clock.now())

    assert forgotten == 4
    assert workshop.read("SELECT count(*) FROM outbox") == "2"


def test_trouble_with_the_database_is_complained_about_once(
    workshop: Workshop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = Counter[str]()

    def counted(work: Work) -> Work:
        def run() -> int:
            tries[work.name] += 1
            return work.run()

        return replace(work, run=run, every=min(work.every, timedelta(seconds=0.5)))

    def try_some_more() -> None:
        enough = tries["relay_mail"] + 3
        eventually(lambda: tries["relay_mail"] >= enough)

    def said() -> list[str]:
        return [each.getMessage() for each in caplog.records if each.getMessage().startswith("relay_mail")]

    have_works(monkeypatch, counted)
    with workshop.working(), caplog.at_level(logging.WARNING):
        workshop.change("ALTER TABLE outbox RENAME TO elsewhere")
        eventually(said)
        try_some_more()
        workshop.change("ALTER TABLE elsewhere RENAME TO outbox")
        eventually(lambda: len(said()) >= 2)
        try_some_more()

    assert len(said()) == 2
    assert said()[0].startswith("relay_mail fails")
    assert said()[1].startswith("relay_mail works again")
