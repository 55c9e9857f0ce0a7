"""Requests as spans, by the framework's own plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar.config.app import AppConfig
from litestar.enums import ScopeType
from litestar.plugins import InitPlugin
from litestar.plugins.opentelemetry import OpenTelemetryConfig, OpenTelemetryPlugin
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import get_current_span

from consulting.entrypoints.http.measurements import method_of, route_of
from consulting.entrypoints.logs import REQUEST_ID


def request_plugins(provider: TracerProvider) -> Sequence[InitPlugin]:
    """Give the framework's plugin, and the one that names its spans by their routes."""
    config = OpenTelemetryConfig(
        tracer_provider=provider,
        meter_provider=NoOpMeterProvider(),  # /metrics has what is counted
        scope_span_details_extractor=_unrouted,
        exclude_spans=["receive", "send"],
    )
    return [OpenTelemetryPlugin(config), RouteNames()]


class RouteNames(InitPlugin):
    """Names the span of each request by the route's template as soon as the framework has found the route."""

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Name each span before anything else is done for the request."""
        app_config.middleware.insert(0, _naming)
        return app_config


def _naming(app: ASGIApp) -> ASGIApp:
    async def name(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            _tell(scope)
        await app(scope, receive, send)

    return name


def _tell(scope: HTTPScope) -> None:
    span = get_current_span()
    span.update_name(f"{method_of(scope)} {route_of(scope)}")
    span.set_attribute("http.route", route_of(scope))


def _unrouted(scope: Any) -> tuple[str, dict[str, Any]]:
    """Name a request before its route is known: by its method, and by the id that its log line has."""
    return method_of(scope), {"consulting.request_id": REQUEST_ID.get() or ""}
