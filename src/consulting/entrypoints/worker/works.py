"""What a worker does: the table of its loops."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from consulting.application.errands import CarryOutErrands
from consulting.application.ports.outbox import Lane
from consulting.entrypoints.container import Container
from consulting.entrypoints.worker.in_hand import InHand
from consulting.entrypoints.worker.loops import Work

INBOX = "inbox"
RELAYS = {lane: f"relay_{lane}" for lane in Lane}
"""Each lane has threads of its own, so that a provider that answers slowly holds up nothing that goes to the others."""

THREADS = 2


def works(container: Container, *, in_hand: InHand, stopping: Callable[[], bool]) -> Iterable[Work]:
    """List the loops; relays and inbox go on while there is something to do, the others run once whenever they wake."""
    relay, settle = _relay(container, in_hand), container.settle_provider_events()
    reconcile_every = timedelta(seconds=container.settings().reconcile_seconds)
    for lane, name in RELAYS.items():
        run = partial(relay, limit=1, lane=lane, stopping=stopping)
        yield Work(name=name, run=run, every=timedelta(seconds=2), threads=THREADS)
    yield Work(name=INBOX, run=partial(settle, limit=1), every=timedelta(seconds=2), threads=THREADS)
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
