"""The worker's sign of life."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from consulting.adapters.postgres.heartbeats import Heartbeat, LoopState
from consulting.entrypoints.container import Container
from consulting.entrypoints.worker.loops import Work
from consulting.entrypoints.worker.records import Record

BEAT_EVERY = timedelta(seconds=2)


def heartbeat(container: Container, records: Sequence[Record]) -> Work:
    """Give the loop that notes, every few seconds, that this worker lives and how its loops are doing."""
    heartbeats, clock, worker = container.heartbeats(), container.clock(), container.worker_name()
    started_at = clock.now()

    def beat() -> int:
        now = clock.now()
        for record in records:
            record.watch(at=now)
        loops = {record.name: _state(record) for record in records}
        heartbeats.beat(Heartbeat(worker=worker, started_at=started_at, beaten_at=now, loops=loops))
        return 0

    return Work(name="heartbeat", run=beat, every=BEAT_EVERY)


def _state(record: Record) -> LoopState:
    now = record.now
    return LoopState(seconds=now.seconds, last_success=now.last_success, failing_since=now.failing_since)
