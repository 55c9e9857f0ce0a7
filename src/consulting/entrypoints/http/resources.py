"""All operations, and what they are handed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from litestar import Router
from litestar.di import Provide
from litestar.types import Middleware

from consulting.entrypoints.http import health, metrics, payments, researchers, sessions, time_slots
from consulting.entrypoints.http.metrics import Metrics
from consulting.entrypoints.http.queries import check_query
from consulting.entrypoints.http.threads import Threads
from consulting.entrypoints.http.use_cases import UseCases
from consulting.entrypoints.readiness import ReadinessCheck

_API: Final = (*researchers.HANDLERS, *time_slots.HANDLERS, *sessions.HANDLERS, *payments.HANDLERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What handlers ask for by name, besides use cases.

    `database` is the pool of threads for what waits for nobody but the database, `provider` that for calls which wait
    for a payment provider too, and `looking` that of the health checks; `public_url` has no slash at its end.
    """

    database: Threads
    provider: Threads
    looking: Threads
    metrics: Metrics
    checks: Sequence[ReadinessCheck]
    public_url: str


def routers(*, recognition: Sequence[Middleware] = ()) -> list[Router]:
    """Give all operations; callers are recognized by this middleware where it matters who they are."""
    return [
        Router("/api", route_handlers=_API, before_request=check_query, middleware=recognition),
        Router("/", route_handlers=metrics.HANDLERS, before_request=check_query, middleware=recognition),
        Router("/", route_handlers=health.HANDLERS, before_request=check_query),
    ]


def dependencies(use_cases: UseCases, surroundings: Surroundings) -> dict[str, Provide]:
    """Hand each under its name to the handlers that ask for it."""
    return {
        field.name: _provide(getattr(each, field.name)) for each in (use_cases, surroundings) for field in fields(each)
    }


def nothing() -> dict[str, Provide]:
    """Hand out nothing, to handlers that are only described and never called."""
    return {field.name: _provide(None) for each in (UseCases, Surroundings) for field in fields(each)}


def _provide(given: Any) -> Provide:
    def give() -> Any:
        return given

    return Provide(give, sync_to_thread=False)
