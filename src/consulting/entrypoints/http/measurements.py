"""Counting requests and places for Prometheus, together for all API processes that share a folder for it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from litestar.types import HTTPScope
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from consulting.entrypoints.settings import process_environment
from consulting.entrypoints.supervisor.api import MEASUREMENTS
from consulting.entrypoints.supervisor.processes import alive

BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ELSEWHERE: Final = "(none)"
SOON: Final = 0.1
"""How old, in seconds, may be what other processes see of this one's requests and places."""

METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"})

_OF_LIVING: Final = re.compile(r"gauge_live\w+_(\d+)\.db")


class Metrics:
    """The measurements of this process, or of all that share a folder; a route is named by its template.

    So no id becomes a label.
    """

    def __init__(self) -> None:
        """Begin at nothing."""
        folder = process_environment().get(MEASUREMENTS)
        self._shared = Path(folder) if folder else None
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "consulting_request_seconds",
            "How long requests took.",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._asked_first: list[Callable[[], None]] = []
        self._counted = cache(self._requests.labels)  # there are few routes, and each look for one takes a lock
        self._places, self._busy, self._waiting = (
            self._gauge("consulting_places", "How many calls may be made at once, in all processes."),
            self._gauge("consulting_places_busy", "How many are being made; each has a database connection."),
            self._gauge("consulting_places_waiting", "How many requests wait for a place."),
        )

    def note(self, scope: HTTPScope, *, status: int, seconds: float) -> None:
        """Count one answered request; `status` 0 is one that was never answered."""
        self._counted(method_of(scope), route_of(scope), status).observe(seconds)

    def watch(self, pool: str, *, places: int) -> Callable[[int, int], None]:
        """Begin to watch a pool of places; give what must be told how many are busy and how many calls wait."""
        self._places.labels(pool).set(places)
        levels = _Levels(self._busy.labels(pool), self._waiting.labels(pool))
        self.ask_first(levels.write)
        return levels.stand_at

    def ask_first(self, write: Callable[[], None]) -> None:
        """Have this called before anything is shown: it writes what was put off."""
        self._asked_first.append(write)

    def exposition(self) -> bytes:
        """Write everything in Prometheus' text format."""
        for write in self._asked_first:
            write()
        if self._shared is None:
            return generate_latest(self._registry)
        _forget_the_dead(self._shared)
        together = CollectorRegistry()
        MultiProcessCollector(together, path=str(self._shared))  # type: ignore[no-untyped-call] # the library's is untyped
        return generate_latest(together)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(name, meaning, ("pool",), registry=self._registry, multiprocess_mode="livesum")


class _Levels:
    """Gauges that are written a moment after they changed: each writing goes to a file that processes share."""

    def __init__(self, *gauges: Gauge) -> None:
        self._gauges = gauges
        self._now = (0,) * len(gauges)
        self._due: asyncio.TimerHandle | None = None
        self.write()

    def stand_at(self, *levels: int) -> None:
        self._now = levels
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(SOON, self.write)

    def write(self) -> None:
        self._due = None
        for gauge, level in zip(self._gauges, self._now, strict=True):
            gauge.set(level)


def _forget_the_dead(folder: Path) -> None:
    """Forget how the places of ended processes stood; what those have counted stays."""
    for file in folder.iterdir():
        found = _OF_LIVING.fullmatch(file.name)
        if found and not alive(int(found[1])):
            with contextlib.suppress(FileNotFoundError):
                file.unlink()


def method_of(scope: HTTPScope) -> str:
    """Name the method, if it is one that anybody uses."""
    return scope["method"] if scope["method"] in METHODS else "(other)"


def route_of(scope: HTTPScope) -> str:
    """Name the route by its template: never the path itself, which holds ids and may hold secrets."""
    return scope.get("path_template") or ELSEWHERE
