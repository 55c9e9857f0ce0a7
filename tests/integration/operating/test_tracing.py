"""Spans on their way to a collector, over a real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from consulting.adapters.memory import MemoryPaymentGateway
from consulting.entrypoints.plugin_declaration import Payments
from consulting.entrypoints.tracing.collector import spans_to
from consulting.entrypoints.tracing.spans import LONGEST_FLUSH, Spans


@contextmanager
def collector(*, slow: threading.Event | None = None) -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """Run a collector that keeps what it is told; a slow one answers only when it is told to."""
    told: list[ExportTraceServiceRequest] = []

    class Collecting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"]))))
            if slow is not None:
                slow.wait(10)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collecting)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", told
    finally:
        if slow is not None:
            slow.set()
        server.shutdown()
        thread.join(10)
        server.server_close()


def ask(spans: Spans) -> None:
    gateway = MemoryPaymentGateway()
    traced = spans.of_provider(Payments(gateway=gateway, books=gateway.books()), name="memory").gateway
    assert traced.retrieve_intent("pi_somebodys") is None


def test_spans_arrive_with_the_process_that_they_are_from() -> None:
    with collector() as (url, told):
        spans = spans_to(url, share=Decimal(1))
        ask(spans)
        spans.flush()

    [resource] = told[0].resource_spans
    known = {each.key: each.value.string_value for each in resource.resource.attributes}
    [span] = resource.scope_spans[0].spans
    assert known["service.name"] == "consulting"
    assert known["service.instance.id"].partition(":")[2].isdigit()
    assert (span.name, list(span.attributes)) == ("memory retrieve_intent", [])
    assert b"pi_somebodys" not in told[0].SerializeToString()


def test_a_collector_that_hangs_holds_nobody_up() -> None:
    with collector(slow=threading.Event()) as (url, told):
        spans = spans_to(url, share=Decimal(1))
        began = time.monotonic()
        ask(spans)
        asked = time.monotonic()
        spans.flush()
        flushed = time.monotonic()

    assert asked - began < 0.5
    assert flushed - asked < LONGEST_FLUSH + 0.5
    assert told
