from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from consulting.adapters.memory.kept import Standing
from consulting.application.errands import (
    LEASE,
    LONGEST_ERRAND,
    CarryOutErrands,
    Ending,
    ErrandRunner,
    NotYet,
)
from consulting.application.patience import (
    LONGEST_AT_START,
    LONGEST_WAIT,
    MOST_TRIES,
)
from consulting.application.ports.mailer import MailRefused, MailUnavailable, SenderRefused
from consulting.application.ports.meeting_rooms import MeetingRoomsUnavailable
from consulting.application.ports.outbox import Errand, Lane, LeasedEntry, OutboxEntry
from consulting.application.ports.transactions import (
    StorageUnavailable,
    Transaction,
    TransactionConflict,
    Transactions,
)
from tests.unit.application.scene import Scene

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

    def __call__(self, leased: LeasedEntry) -> Ending | None:
        self.attempts.append(leased.attempt)
        failure = self._fail(leased)
        if failure is not None:
            raise failure
        self.done.append(leased.entry.id)
        return None


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


def test_within_a_stretch_the_end_of_one_errand_is_the_beginning_of_the_next(scene: Scene) -> None:
    session = scene.held().id
    errands = [ordered(scene, session=session), ordered(scene, session=session), ordered(scene, session=session)]
    notes = Notes()

    assert relay(scene, notes)(limit=1, stretch=SECOND) == 3

    assert notes.done == errands
    assert scene.errands() == []


def test_a_stretch_ends_in_time(scene: Scene) -> None:
    session = scene.held().id
    for _ in range(4):
        ordered(scene, session=session)
    slow = Notes(lambda _: _taking(scene, SECOND))

    assert relay(scene, slow)(limit=1, stretch=2 * SECOND) == 2

    assert [each.attempts for each in scene.errands()] == [0, 0]


def test_on_stopping_nothing_more_is_begun_within_a_stretch(scene: Scene) -> None:
    session = scene.held().id
    for _ in range(3):
        ordered(scene, session=session)
    stopping = iter([False, False, False, True])

    assert relay(scene, Notes())(limit=1, stretch=SECOND, stopping=lambda: next(stopping)) == 2

    assert [each.attempts for each in scene.errands()] == [0]


def test_after_a_failure_a_stretch_goes_on_with_the_next_call(scene: Scene) -> None:
    first, second = ordered(scene, session=scene.held().id), ordered(scene, session=scene.held().id)
    notes = Notes(lambda leased: MailUnavailable() if leased.entry.id == first else None)
    carry_out = relay(scene, notes)

    assert [carry_out(limit=1, stretch=SECOND) for _ in range(3)] == [1, 1, 0]
    assert notes.done == [second]


class Recorder(Notes):
    """A runner that has something recorded at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.recorded = 0

    def __call__(self, leased: LeasedEntry) -> Ending:
        super().__call__(leased)
        return self._record

    def _record(self, tx: Transaction) -> None:
        self.recorded += 1


@dataclass
class Weak:
    """Transactions of which some can't be brought to their end, or only without an answer."""

    inner: Transactions
    troubles: Iterator[str]

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        trouble = next(self.troubles, "")
        with self.inner.begin() as tx:
            yield tx
            if trouble == "undone":
                raise TransactionConflict
        if trouble == "no answer":
            raise StorageUnavailable

    def reading(self) -> AbstractContextManager[Transaction]:
        return self.inner.reading()


@pytest.mark.parametrize(
    ("troubles", "recorded"),
    [(["undone"], 2), (["undone", "undone"], 3), (["no answer"], 1), (["undone", "no answer"], 2)],
)
def test_what_is_done_outside_is_recorded_though_the_database_stumbles(
    scene: Scene, troubles: list[str], recorded: int
) -> None:
    errand, notes = ordered(scene, session=scene.held().id), Recorder()
    weak = Weak(scene.market.transactions, iter(["", *troubles]))
    carry_out = CarryOutErrands(weak, scene.market.clock, dict.fromkeys(Errand, notes), "worker", Random(1))

    assert carry_out(limit=1, stretch=SECOND) == 1

    assert (notes.done, notes.recorded) == ([errand], recorded)
    assert scene.errands() == []


def test_what_can_not_be_recorded_is_tried_again_as_a_whole(scene: Scene) -> None:
    errand, notes = ordered(scene, session=scene.held().id), Recorder()
    weak = Weak(scene.market.transactions, iter(["", "undone", "undone", "undone"]))
    carry_out = CarryOutErrands(weak, scene.market.clock, dict.fromkeys(Errand, notes), "worker", Random(1))

    carry_out(limit=1)
    scene.market.clock.advance(timedelta(minutes=1))
    carry_out(limit=1)

    assert (notes.done, notes.attempts) == ([errand, errand], [1, 2])


def _taking(scene: Scene, time: timedelta) -> None:
    scene.market.clock.advance(time)
