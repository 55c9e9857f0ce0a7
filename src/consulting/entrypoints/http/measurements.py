"""Counting requests for Prometheus."""

from __future__ import annotations

from typing import Final

from litestar.types import HTTPScope
from prometheus_client import CollectorRegistry, Histogram, generate_latest

BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ELSEWHERE: Final = "(none)"
METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"})


class Metrics:
    """The measurements of this process; a route is named by its template, so that no id becomes a label."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "consulting_request_seconds",
            "How long requests took.",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=self._registry,
        )

    def note(self, scope: HTTPScope, *, status: int, seconds: float) -> None:
        """Count one answered request; `status` 0 is one that was never answered."""
        self._requests.labels(method_of(scope), route_of(scope), str(status)).observe(seconds)

    def exposition(self) -> bytes:
        """Write everything in Prometheus' text format."""
        return generate_latest(self._registry)


def method_of(scope: HTTPScope) -> str:
    """Name the method, if it is one that anybody uses."""
    return scope["method"] if scope["method"] in METHODS else "(other)"


def route_of(scope: HTTPScope) -> str:
    """Name the route by its template: never the path itself, which holds ids and may hold secrets."""
    return scope.get("path_template") or ELSEWHERE
