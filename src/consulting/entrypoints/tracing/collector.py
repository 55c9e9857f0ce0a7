"""The way of the spans to a collector: which are taken, and what of them leaves this process."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from decimal import Decimal
from importlib.metadata import version
from typing import Final

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanContext, Status

from consulting.entrypoints.tracing.spans import Spans

EXPORT_SECONDS: Final = 2.0
"""How long the collector may take; what it doesn't take is lost, and nothing else is held up."""

TOLD: Final = frozenset(
    {
        "consulting.attempt",
        "consulting.lane",
        "consulting.request_id",
        "error.type",
        "http.method",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "http.status_code",
    }
)
"""What may be told of a span. All else stays here: paths hold ids, queries words, headers tokens, errors addresses."""


def spans_to(url: str, *, share: Decimal) -> Spans:
    """Trace this share of all requests and errands, to the collector at this address (OTLP over HTTP).

    Where a caller's own trace says whether it is taken, that holds.
    """
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(float(share))), resource=_this_process(), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(DiscreetExporter(_way_to(url))))
    return Spans(provider)


def knock(url: str) -> int | None:
    """Hand the collector no spans, in the way in which it gets them, and give the HTTP status that it answers with.

    None where it doesn't answer.
    """
    statuses: list[int] = []
    with requests.Session() as session:
        session.hooks["response"].append(lambda answer, *_, **__: statuses.append(answer.status_code))
        _way_to(url, session=session).export([])
    return statuses[-1] if statuses else None


def _way_to(url: str, *, session: requests.Session | None = None) -> OTLPSpanExporter:
    return OTLPSpanExporter(endpoint=url, timeout=EXPORT_SECONDS, session=session)


class DiscreetExporter(SpanExporter):
    """Hands over of each span its name, its time and what is in TOLD, and nothing that anybody sent or was told."""

    def __init__(self, exporter: SpanExporter) -> None:
        """Hand over to this one."""
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand them over."""
        return self._exporter.export([_discreet(span) for span in spans])

    def shutdown(self) -> None:
        """Take no more."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Have the other one hand over what it keeps."""
        return self._exporter.force_flush(timeout_millis)


def _discreet(span: ReadableSpan) -> ReadableSpan:
    """Copy a span without its events (exceptions with their words) and its links, and with few attributes."""
    return ReadableSpan(
        name=span.name,
        context=_without_state(span.get_span_context()),
        parent=_without_state(span.parent),
        resource=span.resource,
        attributes={name: value for name, value in (span.attributes or {}).items() if name in TOLD},
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _without_state(context: SpanContext | None) -> SpanContext | None:
    """Keep the ids: what a caller wrote into `tracestate` is anything."""
    if context is None:
        return None
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)


def _this_process() -> Resource:
    return Resource.create(
        {
            "service.name": "consulting",
            "service.version": version("consulting"),
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
    )
