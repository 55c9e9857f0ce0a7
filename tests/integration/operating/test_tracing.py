"""Spans on their way to a collector, over a real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from consulting.adapters.memory import MemoryPaymentGateway
from consulting.entrypoints.doctor import Finding, Verdict, examine
from consulting.entrypoints.doctor.tracing import checks
from consulting.entrypoints.plugin_declaration import Payments
from consulting.entrypoints.tracing.collector import spans_to
from consulting.entrypoints.tracing.spans import LONGEST_FLUSH, Spans
from tests.integration.instance import PATIENCE
from tests.unit.entrypoints.http.frontend import settings


@contextmanager
def collector(
    *, slow: threading.Event | None = None, status: int = 200
) -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """Run a collector that keeps what it is told; a slow one answers only when it is told to."""
    told: list[ExportTraceServiceRequest] = []

    class Collecting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"]))))
            if slow is not None:
                slow.wait(PATIENCE)
            self.send_response(status)
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
        thread.join(PATIENCE)
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

    assert asked - began < PATIENCE / 2
    assert LONGEST_FLUSH <= flushed - asked < PATIENCE / 2
    assert told


def examined(url: str) -> Finding:
    [finding] = examine(checks(settings(CONSULTING_TRACING_URL=url)))
    return finding


def test_the_doctor_says_that_the_collector_takes_spans_and_sends_it_none() -> None:
    with collector() as (url, told):
        finding = examined(url)

    assert (finding.verdict, finding.says) == (Verdict.WELL, "the collector at 127.0.0.1 takes spans")
    assert [len(each.resource_spans) for each in told] == [0]


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "OTEL_EXPORTER_OTLP_HEADERS"), (404, "/v1/traces"), (400, "its own log"), (500, "log")]
)
def test_the_doctor_says_what_to_do_about_a_collector_that_refuses(status: int, advice: str) -> None:
    with collector(status=status) as (url, _):
        finding = examined(url)

    assert (finding.verdict, finding.check) == (Verdict.CAREFUL, "tracing")
    assert finding.says == f"the collector at 127.0.0.1 takes no spans ({status})"
    assert advice in finding.advice


def test_the_doctor_says_that_a_collector_is_away_and_shows_no_password() -> None:
    finding = examined("http://us:hidden@127.0.0.1:9/v1/traces")

    assert (finding.verdict, finding.says) == (Verdict.CAREFUL, "the collector at 127.0.0.1 doesn't answer")
    assert "CONSULTING_TRACING_URL" in finding.advice
    assert "hidden" not in str(finding)


def test_the_doctor_looks_for_no_collector_where_nothing_is_traced() -> None:
    assert examined("") == Finding(verdict=Verdict.WELL, says="nothing is traced", check="tracing")
