"""The signs of life of the workers, and how their loops are doing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Engine, Text, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.tables.metadata import Instant
from consulting.adapters.postgres.tables.worker import worker_heartbeats

_COLUMNS = worker_heartbeats.c
_NEW = insert(worker_heartbeats).values({each.name: bindparam(each.name, type_=each.type) for each in _COLUMNS})
BEAT = prepare(
    _NEW.on_conflict_do_update(
        index_elements=[_COLUMNS.worker],
        set_={"beaten_at": _NEW.excluded.beaten_at, "loops": _NEW.excluded.loops},
    )
)
SINCE = prepare(
    select(worker_heartbeats)
    .where(_COLUMNS.beaten_at >= bindparam("since", type_=Instant))
    .order_by(_COLUMNS.beaten_at.desc(), _COLUMNS.worker)
)
FORGET = prepare(delete(worker_heartbeats).where(_COLUMNS.worker == bindparam("worker", type_=Text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopState:
    """How one of a worker's loops is doing; `seconds` is how long its last run took, the instants are UTC."""

    seconds: float | None
    last_success: datetime | None
    failing_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A sign of life of a worker, with the state of its loops by name."""

    worker: str
    started_at: datetime
    beaten_at: datetime
    loops: Mapping[str, LoopState]


class WorkerHeartbeats:
    """The last sign of life of each worker; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        """Take connections from this engine's pool."""
        self._engine = engine

    def beat(self, heartbeat: Heartbeat) -> None:
        """Note it in place of the worker's last one. Raises StorageUnavailable."""
        loops = {name: _written(state) for name, state in heartbeat.loops.items()}
        self._run(
            BEAT,
            worker=heartbeat.worker,
            started_at=heartbeat.started_at,
            beaten_at=heartbeat.beaten_at,
            loops=Jsonb(loops),
        )

    def since(self, instant: datetime) -> Sequence[Heartbeat]:
        """List the workers that gave a sign of life since then, the latest first. Raises StorageUnavailable."""
        return [
            Heartbeat(
                worker=row.worker,
                started_at=row.started_at,
                beaten_at=row.beaten_at,
                loops={name: _read(state) for name, state in row.loops.items()},
            )
            for row in self._run(SINCE, since=instant)
        ]

    def forget(self, worker: str) -> None:
        """Forget a worker that has ended. Raises StorageUnavailable."""
        self._run(FORGET, worker=worker)

    def _run(self, statement: Prepared, **values: Any) -> Sequence[Any]:
        link = Link(self._engine)
        try:
            rows = link.rows(statement, **values)
            link.commit()
            return rows
        finally:
            link.close()


def _written(state: LoopState) -> dict[str, Any]:
    instants = {"last_success": state.last_success, "failing_since": state.failing_since}
    return {"seconds": state.seconds, **{name: at and at.isoformat() for name, at in instants.items()}}


def _read(document: Mapping[str, Any]) -> LoopState:
    success, failing = document.get("last_success"), document.get("failing_since")
    return LoopState(
        seconds=document.get("seconds"),
        last_success=datetime.fromisoformat(success) if success else None,
        failing_since=datetime.fromisoformat(failing) if failing else None,
    )
