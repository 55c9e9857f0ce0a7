from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from consulting.adapters.memory import Trouble
from consulting.adapters.memory.kept import Standing
from consulting.application.errands import (
    LEASE,
    LONGEST_ERRAND,
    CarryOutErrands,
    ErrandRunner,
    NotYet,
)
from consulting.application.money_errands import CancelIntentErrand
from consulting.application.patience import (
    LONGEST_AT_START,
    LONGEST_WAIT,
    MOST_TRIES,
    MOST_TRIES_WHEN_NEAR,
    NEAR,
    backoff,
    next_wait,
)
from consulting.application.payments import CancelIntent
from consulting.application.ports.mailer import Kind, MailRefused, MailUnavailable, SenderRefused
from consulting.application.ports.meeting_rooms import MeetingRoomsUnavailable
from consulting.application.ports.outbox import Errand, Lane, LeasedEntry, OutboxEntry
from consulting.domain.payments import IntentStatus
from consulting.domain.period import Period
from consulting.domain.refunds import RefundState
from tests.unit.application.marketplace import NOON
from tests.unit.application.scene import ADA, Scene

SECOND = timedelta(seconds=1)


@pytest.fixture
def scene() -> Scene:
    return Scene()


class Notes:
    """A runner that notes what it is asked to do, and fails as it is told."""

    def __init__(self, fail: Callable[[LeasedEntry], Exception | None] = lambda _: None) -> None:
        self.done: list[UUID] = []
        self.attempts: list[int] = []
        self._fail = fail

    def __call__(self, leased: LeasedEntry) -> None:
        self.attempts.append(leased.attempt)
        failure = self._fail(leased)
        if failure is not None:
            raise failure
        self.done.append(leased.entry.id)


def relay(scene: Scene, runner: ErrandRunner, *, worker: str = "worker") -> CarryOutErrands:
    market = scene.market
    runners = dict.fromkeys(Errand, runner)
    return CarryOutErrands(market.transactions, market.clock, runners, worker, Random(1))


def ordered(scene: Scene, *, session: UUID, lane: Lane = Lane.MAIL, **data: str) -> UUID:
    """Put an errand into the outbox."""
    now = scene.market.clock.now()
    entry = OutboxEntry(
        id=scene.market.ids.new(),
        errand=Errand.NOTIFY,
        lane=lane,
        session_id=session,
        data=data,
        due_at=now,
        recorded_at=now,
    )
    with scene.market.transactions.begin() as tx:
        tx.outbox.add([entry])
    return entry.id


def test_each_wait_is_twice_as_long_as_the_one_before_up_to_an_hour() -> None:
    class Longest(Random):
        def random(self) -> float:
            return 0.0

    waits = [backoff(attempt=attempt, random=Longest()) for attempt in range(1, 16)]

    assert waits[:5] == [SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND, 16 * SECOND]
    assert waits[-1] == LONGEST_WAIT


def test_the_tries_last_about_a_day_however_the_waits_are_shortened() -> None:
    days = [
        sum((backoff(attempt=attempt, random=random) for attempt in range(1, MOST_TRIES)), timedelta())
        for random in map(Random, range(100))
    ]

    assert timedelta(hours=20) < min(days)
    assert timedelta(hours=30) > max(days)


def test_a_wait_is_shortened_by_up_to_half_at_random_so_that_not_all_come_back_at_once() -> None:
    random = Random(7)

    waits = {backoff(attempt=5, random=random) for _ in range(100)}

    assert len(waits) == 100
    assert all(8 * SECOND <= wait <= 16 * SECOND for wait in waits)


# What is worth something only before the start


SESSION = Period(NOON, NOON + timedelta(hours=1))


def tried(errand: Errand, attempt: int, **data: str) -> LeasedEntry:
    entry = OutboxEntry(
        id=UUID(int=1),
        errand=errand,
        lane=Lane.MAIL,
        session_id=UUID(int=2),
        data=data,
        due_at=NOON,
        recorded_at=NOON,
    )
    return LeasedEntry(entry=entry, attempt=attempt, leased_by="worker", leased_until=NOON)


URGENT = [
    (Errand.CREATE_MEETING, {}),
    (Errand.MOVE_MEETING, {}),
    *((Errand.NOTIFY, {"kind": kind.value}) for kind in (Kind.CONFIRMATION, Kind.LINK, Kind.RESCHEDULED)),
]


@pytest.mark.parametrize(("errand", "data"), URGENT)
def test_what_people_need_before_the_start_waits_minutes_when_it_is_near(errand: Errand, data: dict[str, str]) -> None:
    waits = {
        left: next_wait(
            tried(errand, 30, **data), session=SESSION, random=Random(1), at=SESSION.start - timedelta(hours=left)
        )
        for left in (48, 7, 3, 1, 0.1, -0.5)
    }

    longest: dict[float, timedelta] = {
        48: LONGEST_WAIT,
        7: LONGEST_WAIT,
        3: timedelta(minutes=30),
        1: timedelta(minutes=10),
    }
    for left, wait in waits.items():
        bound = longest.get(left, LONGEST_AT_START)
        assert wait is not None
        assert bound / 2 <= wait <= bound


@pytest.mark.parametrize(("errand", "data"), [(Errand.REFUND, {}), (Errand.NOTIFY, {"kind": "receipt"})])
def test_what_has_nothing_to_do_with_the_start_waits_as_ever(errand: Errand, data: dict[str, str]) -> None:
    wait = next_wait(tried(errand, 30, **data), session=SESSION, random=Random(1), at=SESSION.start)

    assert wait is not None
    assert wait >= LONGEST_WAIT / 2


@pytest.mark.parametrize("ahead", [0.5, 2, 6, 12, 20])
def test_nothing_that_people_need_is_given_up_while_the_start_comes_near_and_nothing_is_tried_without_end(
    ahead: float,
) -> None:
    for random in map(Random, range(50)):
        at, attempt = SESSION.start - timedelta(hours=ahead), 1
        while (
            wait := next_wait(tried(Errand.CREATE_MEETING, attempt), session=SESSION, random=random, at=at)
        ) is not None:
            at, attempt = at + wait, attempt + 1
        assert at >= SESSION.end
        assert MOST_TRIES <= attempt <= MOST_TRIES_WHEN_NEAR


def test_what_failed_for_a_day_before_the_start_came_near_is_given_up() -> None:
    far = SESSION.start - NEAR - SECOND

    assert next_wait(tried(Errand.CREATE_MEETING, MOST_TRIES), session=SESSION, random=Random(1), at=far) is None


def test_the_relay_looks_at_the_start_of_the_session(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.work()
    scene.market.clock.set(session.period.start - timedelta(minutes=10))
    errand = ordered(scene, session=session.id, kind="link", role="client")
    failing = relay(scene, Notes(lambda _: MailUnavailable()))

    for _ in range(60):
        failing(limit=10)
        scene.market.clock.advance(timedelta(seconds=10))

    (kept,) = [each for each in scene.errands() if each.entry.id == errand]
    assert kept.due_at - scene.market.clock.now() <= LONGEST_AT_START
    assert kept.attempts > 8


def test_what_is_done_is_done_once(scene: Scene) -> None:
    errand = ordered(scene, session=scene.held().id)
    notes = Notes()

    assert relay(scene, notes)(limit=10) == 1
    assert relay(scene, notes)(limit=10) == 0

    assert notes.done == [errand]


def test_what_fails_is_tried_again_later_and_counted(scene: Scene) -> None:
    errand = ordered(scene, session=scene.held().id)
    notes = Notes(lambda leased: MailUnavailable() if leased.attempt < 3 else None)
    carry_out = relay(scene, notes)

    assert carry_out(limit=10) == 1
    assert carry_out(limit=10) == 0
    for _ in range(2):
        scene.market.clock.advance(timedelta(seconds=4))
        carry_out(limit=10)

    assert notes.attempts == [1, 2, 3]
    assert notes.done == [errand]


def test_a_wait_that_the_provider_asks_for_is_kept(scene: Scene) -> None:
    ordered(scene, session=scene.held().id)
    notes = Notes(lambda _: MeetingRoomsUnavailable(retry_after=timedelta(minutes=10)))

    relay(scene, notes)(limit=10)

    assert [each.due_at for each in scene.errands()] == [scene.market.clock.now() + timedelta(minutes=10)]


def test_after_a_day_of_failures_it_is_given_up_and_listed(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    errand = ordered(scene, session=scene.held().id)
    notes = Notes(lambda _: MailUnavailable())
    carry_out = relay(scene, notes)

    with caplog.at_level(logging.ERROR):
        for _ in range(MOST_TRIES + 5):
            carry_out(limit=10)
            scene.market.clock.advance(LONGEST_WAIT)

    assert notes.attempts == list(range(1, MOST_TRIES + 1))
    (dead,) = scene.errands(Standing.DEAD)
    assert dead.entry.id == errand
    assert dead.error == repr(MailUnavailable())
    assert len(caplog.records) == 1


def test_what_is_refused_for_good_is_given_up_at_once_and_can_be_revived(scene: Scene) -> None:
    errand = ordered(scene, session=scene.held().id)
    relay(scene, Notes(lambda _: MailRefused()))(limit=10)
    assert [each.entry.id for each in scene.errands(Standing.DEAD)] == [errand]

    with scene.market.transactions.begin() as tx:
        assert tx.outbox.revive(errand, at=scene.market.clock.now())
    notes = Notes()
    relay(scene, notes)(limit=10)

    assert notes.done == [errand]
    assert notes.attempts == [1]


def test_an_errand_whose_turn_has_not_come_waits_without_being_counted(scene: Scene) -> None:
    ordered(scene, session=scene.held().id)
    until = scene.market.clock.now() + SECOND
    notes = Notes(lambda _: NotYet(until=until) if scene.market.clock.now() < until else None)
    carry_out = relay(scene, notes)

    carry_out(limit=10)
    assert carry_out(limit=10) == 0
    scene.market.clock.set(until)
    carry_out(limit=10)

    assert notes.attempts == [1, 1]
    assert len(notes.done) == 1


def test_a_bad_mailbox_does_not_silence_the_other_person(scene: Scene) -> None:
    session = scene.held().id
    bad = ordered(scene, session=session, role="client")
    behind = ordered(scene, session=session, role="client")
    beside = ordered(scene, session=session, role="researcher")
    notes = Notes(lambda leased: MailUnavailable() if leased.entry.id == bad else None)

    relay(scene, notes)(limit=10)

    assert notes.done == [beside]
    assert {each.entry.id for each in scene.errands()} == {bad, behind}


def test_what_fails_again_and_again_is_told_loudly_at_first_and_when_it_is_given_up(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    ordered(scene, session=scene.held().id)
    carry_out = relay(scene, Notes(lambda _: MailUnavailable("450")))

    with caplog.at_level(logging.INFO):
        for _ in range(MOST_TRIES + 5):
            carry_out(limit=10)
            scene.market.clock.advance(LONGEST_WAIT)

    levels = [each.levelno for each in caplog.records]
    assert levels == [logging.WARNING, *[logging.INFO] * (MOST_TRIES - 1), logging.ERROR]


def test_that_nobody_takes_our_mail_is_told_as_an_error_and_tried_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    ordered(scene, session=scene.held().id)

    relay(scene, Notes(lambda _: SenderRefused("553")))(limit=10)

    assert [each.levelno for each in caplog.records] == [logging.ERROR]
    assert "553" in caplog.text
    assert len(scene.errands()) == 1


def test_a_poisoned_errand_stops_neither_other_sessions_nor_other_lanes(scene: Scene) -> None:
    session, other = scene.held().id, scene.held().id
    poisoned = ordered(scene, session=session)
    behind = ordered(scene, session=session)
    beside = ordered(scene, session=session, lane=Lane.MEETING)
    elsewhere = ordered(scene, session=other)
    notes = Notes(lambda leased: OSError("poison") if leased.entry.id == poisoned else None)

    relay(scene, notes)(limit=10)

    assert set(notes.done) == {beside, elsewhere}
    assert {each.entry.id for each in scene.errands()} == {poisoned, behind}


def test_an_errand_of_a_kind_that_this_version_does_not_know_stops_nothing(scene: Scene) -> None:
    ordered(scene, session=scene.held().id)
    known = ordered(scene, session=scene.held().id)
    notes = Notes()
    unknown = replace(relay(scene, notes), runners={})

    unknown(limit=1)
    relay(scene, notes)(limit=10)

    assert notes.done == [known]


def test_a_leased_errand_is_left_alone_until_its_lease_runs_out(scene: Scene) -> None:
    errand = ordered(scene, session=scene.held().id)
    with scene.market.transactions.begin() as tx:
        (dead_workers,) = tx.outbox.lease(worker="dead", limit=1, lease=LEASE, at=scene.market.clock.now())
    notes = Notes()

    scene.market.clock.advance(LEASE - timedelta(microseconds=1))
    assert relay(scene, notes)(limit=10) == 0
    scene.market.clock.advance(timedelta(microseconds=1))
    relay(scene, notes)(limit=10)

    assert (notes.done, notes.attempts) == ([errand], [2])
    with scene.market.transactions.begin() as tx:
        assert not tx.outbox.finish(dead_workers, at=scene.market.clock.now())


def test_on_stopping_the_rest_is_handed_back_uncounted(scene: Scene) -> None:
    for _ in range(2):
        ordered(scene, session=scene.held().id)
    notes = Notes()
    stopping = iter([False, True])

    relay(scene, notes)(limit=10, stopping=lambda: next(stopping))
    relay(scene, notes, worker="another")(limit=10)

    assert notes.attempts == [1, 1]
    assert len(notes.done) == 2


def test_what_could_outlast_its_lease_is_not_begun(scene: Scene) -> None:
    for _ in range(2):
        ordered(scene, session=scene.held().id)
    slow = Notes(lambda _: _taking(scene, LEASE - LONGEST_ERRAND + SECOND))

    relay(scene, slow)(limit=10)

    assert len(slow.done) == 1
    assert len(scene.errands()) == 1


def _taking(scene: Scene, time: timedelta) -> None:
    scene.market.clock.advance(time)


# The two errands about money


def test_a_refund_waits_for_the_end_of_a_dispute_without_being_given_up(scene: Scene) -> None:
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    scene.market.gateway.client_disputes(intent_id)
    scene.market.settle(intent_id)
    scene.market.cancel(session.id, caller=ADA)

    scene.market.work()
    assert [refund.state for refund in scene.refunds(session)] == [RefundState.REQUESTED]
    assert scene.errands(Standing.DEAD) == []

    scene.market.gateway.dispute_ends(intent_id, won=True)
    scene.market.settle(intent_id)
    scene.market.work()

    assert [refund.state for refund in scene.refunds(session)] == [RefundState.CLOSED, RefundState.SUCCEEDED]


def test_a_refund_that_is_refused_is_tried_once_more_under_a_new_key_then_given_up(scene: Scene) -> None:
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    scene.market.cancel(session.id, caller=ADA)
    scene.market.gateway.refunds_become = RefundState.FAILED

    for _ in range(5):
        scene.market.work()
        scene.market.clock.advance(timedelta(minutes=1))

    (refund,) = scene.refunds(session)
    assert (refund.state, refund.tries) == (RefundState.FAILED, 2)
    assert [each.entry.errand for each in scene.errands(Standing.DEAD)] == [Errand.REFUND]
    assert scene.mails().count("refund_failed.client") == 1
    intent = scene.market.gateway.retrieve_intent(intent_id)
    assert intent is not None
    assert not intent.returned


def test_an_intent_that_the_provider_would_not_cancel_is_settled_for_what_it_is(scene: Scene) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.expire(session)
    scene.market.sweep()
    scene.market.gateway.client_pays(intent_id)
    market = scene.market
    errand = CancelIntentErrand(CancelIntent(market.transactions, market.gateway, market.settle, market.open_intent))
    runners = {**market.errands.runners, Errand.CANCEL_INTENT: errand}

    replace(market.errands, runners=runners)(limit=50)

    intent = market.gateway.retrieve_intent(intent_id)
    assert intent is not None
    assert intent.status is IntentStatus.SUCCEEDED
    assert scene.now(session).payment_status == "completed"


def test_an_intent_that_cannot_be_canceled_now_is_canceled_later(scene: Scene) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.expire(session)
    scene.market.sweep()

    with scene.market.gateway.line.suffering(Trouble.DOWN):
        scene.market.work()
    scene.market.clock.advance(timedelta(seconds=2))
    scene.market.work()

    intent = scene.market.gateway.retrieve_intent(intent_id)
    assert intent is not None
    assert intent.status is IntentStatus.CANCELED
