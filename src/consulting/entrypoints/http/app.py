"""The application: all operations, and what holds for every one of them."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import fields
from typing import Any, cast
from urllib.parse import urlsplit

from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from consulting.application.ports.rate_limits import Rate
from consulting.domain.errors import ConsultingError
from consulting.entrypoints.container import Container
from consulting.entrypoints.http.answer_headers import answer_headers
from consulting.entrypoints.http.answers import Answer
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.booking_page import page_routers
from consulting.entrypoints.http.desk import Desk, UseCases, at_desk
from consulting.entrypoints.http.docs import docs_router
from consulting.entrypoints.http.doorway import Doorway
from consulting.entrypoints.http.key_holders import KeyHolders
from consulting.entrypoints.http.limits import Limits, Meter
from consulting.entrypoints.http.measurements import Metrics
from consulting.entrypoints.http.notebook import Notebook
from consulting.entrypoints.http.places import Places, Threads
from consulting.entrypoints.http.problems import answer_framework, answer_refusal, answer_unexpected
from consulting.entrypoints.http.request_names import RequestNames
from consulting.entrypoints.http.resources import routers
from consulting.entrypoints.http.retries import AnswerKept, Keeping, Repeatable, Work, answer_kept
from consulting.entrypoints.http.sealing import seal_of
from consulting.entrypoints.http.security import Recognition
from consulting.entrypoints.http.tokens import Tokens, tokens_of
from consulting.entrypoints.http.watching import Watchers, WithoutWatchersToken, watchers_of
from consulting.entrypoints.http.work_measurements import WorkMeasurements
from consulting.entrypoints.intervals import intervals
from consulting.entrypoints.settings import Settings
from consulting.entrypoints.tracing import Tracing

log = logging.getLogger(__name__)


def create_app(container: Container) -> Litestar:
    """Build the API from what the container gives; every use case is resolved here, once."""
    settings = container.settings()
    metrics = Metrics()
    notebook = Notebook(metrics)
    database, provider = (
        Places(name, count=settings.threads, calls=calls, told=metrics.watch(name, places=settings.threads))
        for name, calls in (("database", container.calls()), ("provider", Threads))
    )
    desk = Desk(
        use=_use_cases(container),
        database=Work(database),
        provider=Work(provider, with_provider=True),
        looking=Places("health", count=1),
        metrics=metrics,
        work=WorkMeasurements(
            container.transactions(),
            container.heartbeats(),
            container.open_business(),
            container.clock(),
            intervals=intervals(settings),
        ),
        checks=container.readiness_checks(),
        watchers=watchers_of(settings),
        public_url=settings.public_url.rstrip("/"),
    )
    recognition = _recognition(
        tokens_of(settings),
        provider,
        limits=_limits(container, database),
        keys=KeyHolders(container.recognize_api_key(), database),
    )
    keeping = Keeping(retries=container.retries(), places=database, clock=container.clock(), seal=seal_of(settings))
    app = Litestar(
        [
            *routers(recognition=[recognition], watching=[_watching(desk.watchers)], retries=[_retries(keeping)]),
            docs_router(urlsplit(desk.public_url).path),
            *page_routers(settings),
        ],
        dependencies=at_desk(desk),
        request_class=ApiRequest,
        response_class=Answer,
        exception_handlers={
            ConsultingError: answer_refusal,
            AnswerKept: answer_kept,
            HTTPException: answer_framework,
            Exception: answer_unexpected,
        },
        request_max_body_size=settings.max_body_bytes,
        openapi_config=None,
        logging_config=None,
        lifespan=[_closing([database, provider, desk.looking], notebook, container.tracing())],
        plugins=container.tracing().of_requests(),
    )
    doorway = Doorway(
        app.asgi_handler,
        names=RequestNames(container.identities()),
        notebook=notebook,
        headers=answer_headers(settings),
        methods=_methods(app),
    )
    app.asgi_handler = _behind_proxies(doorway, settings)
    return app


def _behind_proxies(app: ASGIApp, settings: Settings) -> Any:
    """Have the proxies in front, if there are any, say where requests come from."""
    if not settings.trusted_proxies:
        return app
    return ProxyHeadersMiddleware(cast("Any", app), trusted_hosts=list(settings.trusted_proxies))


def _use_cases(container: Container) -> UseCases:
    """Have the container build them all; its providers have their names."""
    return UseCases(**{field.name: getattr(container, field.name)() for field in fields(UseCases)})


def _limits(container: Container, places: Places) -> Limits:
    settings = container.settings()

    def meter(kind: str, rate: Rate) -> Meter:
        return Meter(container.rate_limits(), kind=kind, rate=rate, clock=container.clock(), places=places)

    return Limits(
        writes=meter("writes of", Rate(per_minute=settings.writes_per_minute, burst=settings.writes_burst)),
        keys=meter("writes by key", Rate(per_minute=settings.key_writes_per_minute, burst=settings.key_writes_burst)),
        strangers=meter("strangers at", Rate(per_minute=settings.strangers_per_minute, burst=settings.strangers_burst)),
    )


def _recognition(tokens: Tokens, places: Places, *, limits: Limits, keys: KeyHolders) -> Callable[[ASGIApp], ASGIApp]:
    def recognize(app: ASGIApp) -> ASGIApp:
        return Recognition(app, tokens=tokens, places=places, limits=limits, keys=keys)

    return recognize  # a function, since the framework makes deep copies of anything else that a router holds


def _watching(watchers: Watchers) -> Callable[[ASGIApp], ASGIApp]:
    def watch(app: ASGIApp) -> ASGIApp:
        return WithoutWatchersToken(app, watchers=watchers)

    return watch


def _methods(app: Litestar) -> dict[str, frozenset[str]]:
    """List the methods of each route: the framework's own answer to OPTIONS knows those of one handler alone."""
    return {route.path_format: frozenset(route.methods) for route in app.routes if isinstance(route, HTTPRoute)}


def _retries(keeping: Keeping) -> Callable[[ASGIApp], ASGIApp]:
    def keep(app: ASGIApp) -> ASGIApp:
        return Repeatable(app, keeping=keeping)

    return keep


def _closing(
    pools: Sequence[Places], notebook: Notebook, tracing: Tracing
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def closing(_: Litestar) -> AsyncGenerator[None, None]:
        log.info("this process begins to answer")
        try:
            for pool in pools:
                pool.open()
            notebook.open()
            yield
        finally:
            for pool in pools:
                pool.close()
            notebook.close()
            tracing.flush()

    return closing
