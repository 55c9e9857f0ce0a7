"""Starting a worker, keeping it awake, and stopping it without losing what it has in hand."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from consulting.adapters.postgres import inbox, outbox
from consulting.application.ports.transactions import StorageUnavailable
from consulting.entrypoints.container import Container
from consulting.entrypoints.intervals import INBOX, RELAYS
from consulting.entrypoints.supervisor.children import told_to_stop
from consulting.entrypoints.worker.heartbeats import heartbeat
from consulting.entrypoints.worker.in_hand import InHand
from consulting.entrypoints.worker.loops import Loop
from consulting.entrypoints.worker.works import works

log = logging.getLogger(__name__)

GRACE = timedelta(seconds=5)
"""How long a stopping worker waits for what it has in hand; what isn't done then is handed back."""

LOOK_FOR_STOP = timedelta(seconds=0.5)
LISTENERS = {outbox.CHANNEL: tuple(RELAYS.values()), inbox.CHANNEL: (INBOX,)}
"""Which loops are woken when something is said on a channel."""


def run_worker(container: Container) -> None:
    """Work until SIGTERM or Ctrl-C. Runs in the main thread of a process of its own."""
    with told_to_stop() as stop:
        log.info("worker %s begins", container.worker_name())
        if _database_answers(container, stop):
            work_until(stop, container)
        container.tracing().flush()
        log.info("worker %s has ended", container.worker_name())


def _database_answers(container: Container, stop: threading.Event) -> bool:
    """Wait until the database answers, and until it has told what time it is; False if told to stop before."""
    complained = False
    while not stop.is_set():
        try:
            container.clock().now()
        except StorageUnavailable:
            if not complained:
                log.warning("the database doesn't answer; the worker waits for it")
            complained = True
            stop.wait(LOOK_FOR_STOP.total_seconds())
        else:
            return True
    return False


def work_until(stop: threading.Event, container: Container) -> None:
    """Work until the event is set; then finish what is in hand, or hand it back, within seconds."""
    in_hand, clock = InHand(), container.clock()
    loops = [Loop(work, clock=clock) for work in works(container, in_hand=in_hand, stopping=stop.is_set)]
    loops.append(Loop(heartbeat(container, [loop.record for loop in loops]), clock=clock))
    with _awake(loops, container, stop):
        for loop in loops:
            loop.start()
        stop.wait()
    _stop(loops, in_hand, container)
    _say_goodbye(container)


@contextlib.contextmanager
def _awake(loops: Sequence[Loop], container: Container, stop: threading.Event) -> Iterator[None]:
    """Wake each loop at its interval, and relays and inbox as soon as there is something for them."""
    _quiet_scheduler()
    scheduler = BackgroundScheduler(timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None})
    for loop in loops:
        scheduler.add_job(loop.wake, "interval", seconds=loop.work.every.total_seconds(), id=loop.work.name)
    listener = threading.Thread(target=_listen, args=(loops, container, stop), name="wake-ups", daemon=True)
    scheduler.start()
    listener.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
        listener.join(GRACE.total_seconds())


def _listen(loops: Sequence[Loop], container: Container, stop: threading.Event) -> None:
    by_name = {loop.work.name: loop for loop in loops}
    with container.wake_ups() as wake_ups:
        while not stop.is_set():
            for channel in wake_ups.wait(timeout=LOOK_FOR_STOP):
                for name in LISTENERS[channel]:
                    by_name[name].wake()


def _quiet_scheduler() -> None:
    """Its every remark on a job is about `wake`, which does nothing but set a flag."""
    logging.getLogger("apscheduler").setLevel(logging.WARNING)


def _stop(loops: Sequence[Loop], in_hand: InHand, container: Container) -> None:
    for loop in loops:
        loop.stop()
    until = time.monotonic() + GRACE.total_seconds()
    unfinished = [loop.work.name for loop in loops if not loop.join(until=until)]
    if unfinished:
        log.warning("stopping without waiting longer for: %s", ", ".join(unfinished))
        with contextlib.suppress(StorageUnavailable):
            in_hand.hand_back(transactions=container.transactions(), clock=container.clock())


def _say_goodbye(container: Container) -> None:
    """Leave no sign of life behind; a database that is away forgets it by itself."""
    with contextlib.suppress(StorageUnavailable):
        container.heartbeats().forget(container.worker_name())
