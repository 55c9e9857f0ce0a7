from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from consulting.adapters.memory.clock import MovingClock
from consulting.entrypoints.worker.loops import Loop, Work
from consulting.entrypoints.worker.records import Record

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
NEVER = timedelta(hours=1)


@contextmanager
def running(run: Callable[[], int], *, every: timedelta = NEVER, threads: int = 1) -> Iterator[Loop]:
    loop = Loop(Work(name="test", run=run, every=every, threads=threads), clock=MovingClock(NOON))
    loop.start()
    yield loop
    loop.stop()
    assert loop.join(until=time.monotonic() + 60)


def soon(so: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not so():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_work_is_done_once_at_the_start_and_once_a_wake() -> None:
    runs: list[int] = []

    with running(lambda: _note(runs)) as loop:
        soon(lambda: len(runs) == 1)
        loop.wake()
        soon(lambda: len(runs) == 2)
        time.sleep(0.05)

    assert len(runs) == 2


def test_work_goes_on_while_there_is_something_to_do() -> None:
    left = [3, 2, 1]

    with running(lambda: left.pop() if left else 0):
        soon(lambda: not left)


def test_a_wake_while_the_work_is_being_done_has_it_done_once_more() -> None:
    begun, go_on = threading.Event(), threading.Event()
    runs: list[int] = []

    def run() -> int:
        runs.append(1)
        begun.set()
        go_on.wait(120)
        return 0

    with running(run) as loop:
        begun.wait(120)
        loop.wake()
        loop.wake()
        go_on.set()
        soon(lambda: len(runs) == 2)
        time.sleep(0.05)

    assert len(runs) == 2


def test_a_loop_outlives_what_its_work_raises() -> None:
    runs: list[int] = []

    def run() -> int:
        runs.append(1)
        raise OSError("no route")

    with running(run) as loop:
        soon(lambda: len(runs) == 1)
        loop.wake()
        soon(lambda: len(runs) == 2)

    assert loop.record.now.failing_since == NOON


def test_a_loop_that_has_just_worked_looks_again_by_itself() -> None:
    answers = iter([1])
    runs: list[int] = []

    def run() -> int:
        runs.append(1)
        return next(answers, 0)

    with running(run):
        soon(lambda: len(runs) >= 3)


def test_a_slow_run_holds_up_only_its_own_thread() -> None:
    stuck, free = threading.Event(), threading.Event()

    def run() -> int:
        if not stuck.is_set():
            stuck.set()
            free.wait(120)
        return 0

    with running(run, threads=2) as loop:
        soon(lambda: loop.record.now.runs >= 1)
        free.set()


def test_a_run_in_hand_is_waited_for_but_not_for_ever() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def run() -> int:
        begun.set()
        go_on.wait(120)
        return 0

    with running(run) as loop:
        begun.wait(120)
        loop.stop()
        assert not loop.join(until=time.monotonic() + 0.05)
        go_on.set()


def test_trouble_is_logged_when_it_begins_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    record = Record(name="sweep", expected=timedelta(seconds=2))

    with caplog.at_level(logging.WARNING):
        for _ in range(1000):
            record.failed(OSError("no route"), at=NOON, seconds=0.1)
        for _ in range(3):
            record.succeeded(at=NOON, seconds=0.1)

    said = [each.getMessage() for each in caplog.records]
    assert said == ["sweep fails, and is tried again and again", "sweep works again; it had failed since 12:00:00Z"]


def test_lateness_is_logged_when_it_begins(caplog: pytest.LogCaptureFixture) -> None:
    record = Record(name="sweep", expected=timedelta(seconds=2))

    with caplog.at_level(logging.WARNING):
        for seconds in (0.1, 3.0, 4.0, 0.1):
            record.succeeded(at=NOON, seconds=seconds)

    assert [each.getMessage() for each in caplog.records] == ["sweep took 3.0 s, longer than the 2.0 s foreseen"]


def test_that_a_run_hangs_is_logged_once_until_one_ends_again(caplog: pytest.LogCaptureFixture) -> None:
    record = Record(name="sweep", expected=timedelta(seconds=2))
    record.succeeded(at=NOON, seconds=0.1)

    with caplog.at_level(logging.WARNING):
        for minutes in (0, 1, 2, 3, 100):
            record.watch(at=NOON + timedelta(minutes=minutes))
        record.succeeded(at=NOON + timedelta(minutes=101), seconds=0.1)
        for minutes in (101, 102, 103, 104):
            record.watch(at=NOON + timedelta(minutes=minutes))

    said = [each.getMessage() for each in caplog.records]
    assert said == [
        "sweep hangs: no run of it has ended since 12:00:00Z",
        "sweep hangs: no run of it has ended since 13:41:00Z",
    ]


def test_a_loop_that_fails_does_not_hang_and_one_that_never_ended_a_run_does(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing, hanging = (Record(name=name, expected=timedelta(seconds=2)) for name in ("failing", "hanging"))
    failing.failed(OSError(), at=NOON, seconds=0.1)

    with caplog.at_level(logging.ERROR):
        for minutes in (0, 5, 10):
            for record in (failing, hanging):
                record.watch(at=NOON + timedelta(minutes=minutes))

    said = [each.getMessage() for each in caplog.records if "hangs" in each.getMessage()]
    assert said == ["hanging hangs: no run of it has ended since 12:00:00Z"]


def test_a_record_tells_of_the_last_success_and_of_the_first_failure_since() -> None:
    record = Record(name="sweep", expected=timedelta(seconds=2))
    later = NOON + timedelta(minutes=1)

    record.succeeded(at=NOON, seconds=0.25)
    record.failed(OSError(), at=later, seconds=0.5)
    record.failed(OSError(), at=later + timedelta(minutes=1), seconds=0.5)

    now = record.now
    assert (now.runs, now.seconds, now.last_success, now.failing_since) == (3, 0.5, NOON, later)


def _note(runs: list[int]) -> int:
    runs.append(1)
    return 0
