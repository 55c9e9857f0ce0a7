"""What is a span: a request, a try of an errand, a call to a provider."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, TypeVar

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from consulting.application.errands import Ending, ErrandRunner, NotYet
from consulting.application.ports.outbox import Errand, LeasedEntry
from consulting.entrypoints.plugin_declaration import Mails, Meetings, Opened, Payments

Kept = TypeVar("Kept", bound=Opened)

LONGEST_FLUSH: Final = 1.0
AT_HOME: Final = frozenset({"publishable_key", "read_event", "smallest_charge"})
"""What a gateway answers by itself: the provider isn't asked, and transactions may be open."""


class Spans:
    """Traces with OpenTelemetry. Threads see the span of the request that they work for."""

    def __init__(self, provider: TracerProvider) -> None:
        """Take tracers from this provider, which says where spans go."""
        self._provider = provider
        self._tracer = provider.get_tracer("consulting")

    def of_requests(self) -> Sequence[Any]:
        """Give the framework's own plugin, and the one that names its spans by their routes."""
        from consulting.entrypoints.tracing.requests import request_plugins  # noqa: PLC0415 -- a worker has no framework

        return request_plugins(self._provider)

    def of_errands(self, runners: Mapping[Errand, ErrandRunner]) -> Mapping[Errand, ErrandRunner]:
        """Give the same runners, each try traced; one that comes too early is no failure."""
        return {errand: self._traced(errand, runner) for errand, runner in runners.items()}

    def of_provider(self, opened: Kept, *, name: str) -> Kept:
        """Give the same adapters, each call to the provider of this name traced."""
        if isinstance(opened, Payments):
            return replace(opened, gateway=self._observed(opened.gateway, name))
        if isinstance(opened, Meetings):
            return replace(opened, rooms=self._observed(opened.rooms, name))
        assert isinstance(opened, Mails)
        return replace(opened, mailer=self._observed(opened.mailer, name))

    def flush(self) -> None:
        """Hand over what isn't handed over yet; a collector that hangs holds nobody up."""
        flushing = threading.Thread(target=self._provider.force_flush, daemon=True)
        flushing.start()
        flushing.join(LONGEST_FLUSH)

    def _observed(self, adapter: object, name: str) -> Any:
        return Observed(adapter, tracer=self._tracer, name=name)

    def _traced(self, errand: Errand, runner: ErrandRunner) -> ErrandRunner:
        def run(leased: LeasedEntry) -> Ending | None:
            told = {"consulting.lane": leased.entry.lane.value, "consulting.attempt": leased.attempt}
            with _span(self._tracer, f"errand {errand}", kind=SpanKind.CONSUMER, told=told, well=NotYet):
                return runner(leased)

        return run


class Observed:
    """An adapter whose calls to the provider are spans; in all else it is the adapter."""

    def __init__(self, adapter: object, *, tracer: Tracer, name: str) -> None:
        """Watch this adapter; spans are named by the provider and by what is asked."""
        self._adapter, self._tracer, self._name = adapter, tracer, name

    def __getattr__(self, asked: str) -> Any:
        """Give what the adapter has there."""
        found = getattr(self._adapter, asked)
        if asked in AT_HOME or not callable(found):
            return found
        return self._call(asked, found)

    def _call(self, asked: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def observed(*arguments: Any, **named: Any) -> Any:
            with _span(self._tracer, f"{self._name} {asked}", kind=SpanKind.CLIENT):
                return call(*arguments, **named)

        return observed


@contextmanager
def _span(
    tracer: Tracer,
    name: str,
    *,
    kind: SpanKind,
    told: Mapping[str, str | int] | None = None,
    well: type[Exception] | tuple[()] = (),
) -> Iterator[Span]:
    """Have a span for as long as the block lasts; of what the block raises it has the kind, not the words."""
    with tracer.start_as_current_span(
        name, kind=kind, attributes=told, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except Exception as failure:
            if not isinstance(failure, well):
                span.set_status(StatusCode.ERROR)
                span.set_attribute("error.type", type(failure).__name__)
            raise
