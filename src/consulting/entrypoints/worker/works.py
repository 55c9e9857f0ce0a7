"""What a worker does: the table of its loops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from consulting.application.errands import STRETCH, CarryOutErrands
from consulting.application.ports.outbox import Lane
from consulting.entrypoints.container import Container
from consulting.entrypoints.intervals import INBOX, RELAYS, intervals
from consulting.entrypoints.worker.in_hand import InHand
from consulting.entrypoints.worker.loops import Work

THREADS = 2
MAIL_THREADS = 4
"""A mail waits mostly: for the mail server, and for the database to write down that it was sent."""


def works(container: Container, *, in_hand: InHand, stopping: Callable[[], bool]) -> Iterable[Work]:
    """List the loops; relays and inbox go on while there is something to do, the others run once whenever they wake."""
    relay, settle = _relay(container, in_hand), container.settle_provider_events()
    every = intervals(container.settings())
    for lane, name in RELAYS.items():
        run = partial(relay, limit=1, lane=lane, stopping=stopping, stretch=STRETCH)
        threads = MAIL_THREADS if lane is Lane.MAIL else THREADS
        yield Work(name=name, run=run, every=every[name], threads=threads)
    yield Work(name=INBOX, run=partial(settle, limit=1), every=every[INBOX], threads=THREADS)
    # Goes on while there are doubts: on the hour, many slots come within their notice at once.
    yield Work(name="openings", run=container.settle_openings(), every=every["openings"])
    once: Mapping[str, Callable[[], object]] = {
        "sweep": container.sweep_sessions(),
        "reminders": container.send_reminders(),
        "reconciliation": container.reconcile_payments(),
        "slots": container.top_up_slots(),
        "pruning": _pruning(container),
    }
    for name, run_once in once.items():
        yield Work(name=name, run=_once(run_once), every=every[name])


def _relay(container: Container, in_hand: InHand) -> CarryOutErrands:
    carry_out = container.carry_out_errands()
    traced = container.tracing().of_errands(carry_out.runners)
    return replace(carry_out, runners=in_hand.watching(traced))


def _once(run: Callable[[], object]) -> Callable[[], int]:
    """Run it once a wake, however much it did."""

    def run_once() -> int:
        run()
        return 0

    return run_once


def _pruning(container: Container) -> Callable[[], object]:
    prune, clock = container.prune(), container.clock()
    return lambda: prune(at=clock.now())
