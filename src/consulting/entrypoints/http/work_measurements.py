"""Measuring what the workers do, for Prometheus: all of it lies in the database, so any process can tell."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from consulting.adapters.postgres.heartbeats import Heartbeat, WorkerHeartbeats
from consulting.adapters.postgres.open_business import OpenBusiness, Unfinished
from consulting.application.ports.backlog import OPEN, Depth
from consulting.application.ports.clock import Clock
from consulting.application.ports.transactions import Transactions
from consulting.domain.errors import ConsultingError

log = logging.getLogger(__name__)

REMEMBERED: Final = timedelta(hours=1)
"""A worker that has died is shown for so long, with the growing age of its last sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """How everything stood at one instant."""

    at: datetime
    outbox: Depth
    inbox: Depth
    unfinished: Unfinished
    workers: Sequence[Heartbeat]
    intervals: Mapping[str, timedelta]


@dataclass(frozen=True, slots=True)
class WorkMeasurements:
    """Looks at outbox, inbox, unfinished business and the workers' signs of life whenever it is asked."""

    transactions: Transactions
    heartbeats: WorkerHeartbeats
    open_business: OpenBusiness
    clock: Clock
    intervals: Mapping[str, timedelta]

    def exposition(self) -> bytes:
        """Write what the database tells in Prometheus' text format; that it is away, if it is."""
        registry = CollectorRegistry()
        registry.register(_Shown(self._look()))
        return generate_latest(registry)

    def _look(self) -> _Work | None:
        try:
            now = self.clock.now()
            with self.transactions.begin() as tx:
                outbox, inbox = tx.outbox.depth(at=now), tx.inbox.depth(at=now)
            return _Work(
                at=now,
                outbox=outbox,
                inbox=inbox,
                unfinished=self.open_business.at(now),
                workers=self.heartbeats.since(now - REMEMBERED),
                intervals=self.intervals,
            )
        except ConsultingError as problem:
            log.warning("the work can't be measured: %s", problem.code)
            return None


class _Shown(Collector):
    """What was seen, as Prometheus names it."""

    def __init__(self, work: _Work | None) -> None:
        self._work = work

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("consulting_database_up", "Whether the database told how the work stands.")
        up.add_metric([], float(self._work is not None))
        yield up
        if self._work is not None:
            yield from _depths("outbox", "errands", self._work.outbox, at=self._work.at)
            yield from _depths("inbox", "messages", self._work.inbox, at=self._work.at)
            yield from _unfinished(self._work.unfinished, at=self._work.at)
            yield from _signs_of_life(self._work)
            yield from _loops(self._work)
            yield _lag(self._work)


def _depths(box: str, things: str, depth: Depth, *, at: datetime) -> Iterator[GaugeMetricFamily]:
    counts = GaugeMetricFamily(f"consulting_{box}_{things}", f"Open {things} of the {box}, by state.", labels=["state"])
    for state in OPEN:
        counts.add_metric([state.value], depth[state])
    yield counts
    yield _age(
        f"consulting_{box}_oldest_seconds", f"How long the {box} has held its oldest, dead aside.", depth.oldest, at
    )


def _age(name: str, meaning: str, since: datetime | None, at: datetime) -> GaugeMetricFamily:
    """Write how long something has lasted; 0 where there is nothing."""
    return GaugeMetricFamily(name, meaning, value=0.0 if since is None else (at - since).total_seconds())


def _unfinished(found: Unfinished, *, at: datetime) -> Iterator[GaugeMetricFamily]:
    holds = GaugeMetricFamily("consulting_holds", "Unpaid sessions: live, or over and not swept yet.", labels=["state"])
    holds.add_metric(["live"], found.live_holds)
    holds.add_metric(["over"], found.over_holds)
    yield holds
    yield _age("consulting_holds_over_seconds", "How long the oldest hold is over.", found.oldest_over, at)
    paid = "Payments that are known and whose session isn't confirmed"
    yield GaugeMetricFamily("consulting_paid_unconfirmed", f"{paid}.", value=found.paid)
    yield _age("consulting_paid_unconfirmed_seconds", f"{paid}: for how long, the oldest.", found.oldest_paid, at)


def _lag(work: _Work) -> GaugeMetricFamily:
    """Write how late each loop is: of all workers the one that was there last counts, since any of them will do."""
    lag = GaugeMetricFamily(
        "consulting_tick_lag_seconds",
        "How long ago any worker ended the loop well, beyond its interval.",
        labels=["loop"],
    )
    for name, every in work.intervals.items():
        ends = [loop.last_success for each in work.workers if (loop := each.loops.get(name)) is not None]
        latest = max((end for end in ends if end is not None), default=work.at - REMEMBERED)
        lag.add_metric([name], max(0.0, (work.at - latest - every).total_seconds()))
    return lag


def _signs_of_life(work: _Work) -> Iterator[GaugeMetricFamily]:
    age = GaugeMetricFamily(
        "consulting_worker_heartbeat_age_seconds", "How long ago each worker gave a sign of life.", labels=["worker"]
    )
    for each in work.workers:
        age.add_metric([each.worker], (work.at - each.beaten_at).total_seconds())
    yield age


def _loops(work: _Work) -> Iterator[GaugeMetricFamily]:
    labels = ["worker", "loop"]
    took = GaugeMetricFamily("consulting_worker_loop_seconds", "How long each loop's last run took.", labels=labels)
    success = GaugeMetricFamily(
        "consulting_worker_loop_last_success_timestamp_seconds", "When each loop last ended well.", labels=labels
    )
    failing = GaugeMetricFamily("consulting_worker_loop_failing", "Whether each loop's last run failed.", labels=labels)
    for worker in work.workers:
        for name, loop in worker.loops.items():
            label = [worker.worker, name]
            if loop.seconds is not None:
                took.add_metric(label, loop.seconds)
            if loop.last_success is not None:
                success.add_metric(label, loop.last_success.timestamp())
            failing.add_metric(label, float(loop.failing_since is not None))
    yield from (took, success, failing)
