"""What a worker does: the table of its loops."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from consulting.application.errands import CarryOutErrands
from consulting.entrypoints.container import Container
from consulting.entrypoints.worker.in_hand import InHand
from consulting.entrypoints.worker.loops import Work

RELAY, INBOX = "relay", "inbox"
RELAY_THREADS, INBOX_THREADS = 4, 2
"""One provider that answers slowly must not hold up what goes to the others."""


def works(container: Container, *, in_hand: InHand, stopping: Callable[[], bool]) -> Iterable[Work]:
    """List the loops; relay and inbox go on while there is something to do, the others run once whenever they wake."""
    relay, settle = _relay(container, in_hand), container.settle_provider_events()
    reconcile_every = timedelta(seconds=container.settings().reconcile_seconds)
    yield Work(
        name=RELAY,
        run=lambda: relay(limit=1, stopping=stopping),
        every=timedelta(seconds=2),
        threads=RELAY_THREADS,
    )
    yield Work(name=INBOX, run=lambda: settle(limit=1), every=timedelta(seconds=2), threads=INBOX_THREADS)
    yield Work(name="sweep", run=_once(container.sweep_sessions()), every=timedelta(seconds=2))
    yield Work(name="reminders", run=_once(container.send_reminders()), every=timedelta(seconds=30))
    yield Work(name="reconciliation", run=_once(container.reconcile_payments()), every=reconcile_every)
    yield Work(name="slots", run=_once(container.top_up_slots()), every=timedelta(hours=1))
    yield Work(name="pruning", run=_once(_pruning(container)), every=timedelta(hours=1))


def _relay(container: Container, in_hand: InHand) -> CarryOutErrands:
    carry_out = container.carry_out_errands()
    return replace(carry_out, runners=in_hand.watching(carry_out.runners))


def _once(run: Callable[[], object]) -> Callable[[], int]:
    """Run it once a wake, however much it did."""

    def run_once() -> int:
        run()
        return 0

    return run_once


def _pruning(container: Container) -> Callable[[], object]:
    prune, clock = container.prune(), container.clock()
    return lambda: prune(at=clock.now())
