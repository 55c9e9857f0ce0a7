"""What is told of requests, errands and calls to providers, and above all what isn't."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from consulting.adapters.memory import MemoryPaymentGateway, MemoryRateLimits, Trouble
from consulting.application.errands import NotYet
from consulting.application.ports.mailer import MailUnavailable
from consulting.application.ports.outbox import Errand, Lane, LeasedEntry, OutboxEntry
from consulting.application.ports.payment_gateway import PaymentGatewayUnavailable
from consulting.entrypoints import settings_refusals
from consulting.entrypoints.container import Container
from consulting.entrypoints.doctor import examine_instance
from consulting.entrypoints.http.app import create_app
from consulting.entrypoints.plugin_declaration import Payments
from consulting.entrypoints.settings import SettingsError
from consulting.entrypoints.tracing import UNTRACED, open_tracing
from consulting.entrypoints.tracing.collector import TOLD, DiscreetExporter, spans_to
from consulting.entrypoints.tracing.spans import LONGEST_FLUSH, Spans
from tests.unit.application.marketplace import NOON, in_memory
from tests.unit.entrypoints.http.frontend import NOWHERE, Frontend, retries_of, settings, signed_in
from tests.unit.test_public_surface import loaded_by

COLLECTOR = "http://127.0.0.1:9/v1/traces"
"""Where nobody listens."""


class Told:
    """A collector that keeps what it is told."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(DiscreetExporter(self._kept)))
        self.spans = Spans(provider)

    def all(self) -> list[ReadableSpan]:
        return list(self._kept.get_finished_spans())

    def one(self, name: str) -> ReadableSpan:
        [found] = [span for span in self.all() if span.name == name]
        return found

    def forget(self) -> None:
        self._kept.clear()


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture(scope="module")
def api(told: Told) -> Iterator[Frontend]:
    """The API over a marketplace in memory, traced."""
    market = in_memory()
    payments = told.spans.of_provider(Payments(gateway=market.gateway, books=market.gateway.books()), name="memory")
    container = Container(
        settings=settings(),
        tracing=told.spans,
        transactions=market.transactions,
        retries=retries_of(market.transactions),
        rate_limits=MemoryRateLimits(),
        clock=market.clock,
        identities=market.ids,
        payment_gateway=payments.gateway,
        letters=market.letters,
        meeting_rooms=market.rooms,
        readiness_checks=[],
    )
    with TestClient(create_app(container), raise_server_exceptions=False) as http:
        yield Frontend(http=http, market=market)


@pytest.fixture(autouse=True)
def nothing_told_yet(told: Told) -> None:
    told.forget()


def written(span: ReadableSpan) -> str:
    """Write down all that a collector is told of a span."""
    context = span.get_span_context()
    assert context is not None
    parts = [span.name, span.attributes, span.events, span.links, span.status.description, context.trace_state]
    return " ".join(str(part) for part in parts)


def test_a_request_is_a_span_named_by_its_route_with_the_id_of_its_log_line(api: Frontend, told: Told) -> None:
    answer = api.call("GET", f"/api/sessions/{NOWHERE}", by="ada", headers={"X-Request-Id": "asked-1"})

    assert answer.status_code == 404
    span = told.one("GET /api/sessions/{id}")
    assert span.kind is SpanKind.SERVER
    assert dict(span.attributes or {}) == {
        "http.method": "GET",
        "http.route": "/api/sessions/{id}",
        "http.status_code": 404,
        "consulting.request_id": "asked-1",
    }


def test_what_people_send_is_never_told(api: Frontend, told: Told) -> None:
    headers = {
        **signed_in("ada"),
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "tracestate": "who=kim",
        "baggage": "who=kim",
        "User-Agent": "kim",
        "Referer": "https://kim.example",
        "X-Request-Id": "r",
    }
    api.http.get("/api/researchers/search?query=kim%20secret", headers=headers)
    api.http.get(f"/api/calendar/{'s3cret' * 7}.ics", headers=headers)
    api.http.get("/kim/secret", headers=headers)
    api.http.request("KIM", "/api/researchers", headers=headers)

    assert {span.name for span in told.all()} == {
        "GET /api/researchers/search",
        "GET /api/calendar/{token}",
        "GET",
        "(other)",
    }
    everything = " ".join(map(written, told.all()))
    for word in ("kim", "KIM", "secret", "s3cret", "ada", "testclient"):
        assert word not in everything
    assert {name for span in told.all() for name in span.attributes or {}} <= TOLD


def test_a_request_belongs_to_the_trace_of_its_caller(api: Frontend, told: Told) -> None:
    api.http.get("/health/live", headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})

    span = told.one("GET /health/live")
    assert span.parent is not None
    assert f"{span.parent.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"


def test_a_call_to_a_provider_is_a_part_of_the_request_that_it_is_made_for(api: Frontend, told: Told) -> None:
    researcher = api.researcher("Lise Meitner")
    session = api.held(researcher)
    told.forget()
    api.paid(session)

    intent, asked = told.one("POST /api/payment/intent"), told.one("memory create_intent")
    context = intent.get_span_context()
    assert context is not None
    assert asked.parent is not None
    assert (asked.kind, asked.parent.span_id) == (SpanKind.CLIENT, context.span_id)
    assert dict(asked.attributes or {}) == {}
    assert session["id"] not in " ".join(map(written, told.all()))


def test_what_a_gateway_knows_by_itself_is_no_span(told: Told) -> None:
    gateway = MemoryPaymentGateway()
    traced = told.spans.of_provider(Payments(gateway=gateway, books=gateway.books()), name="memory").gateway

    assert traced.publishable_key == gateway.publishable_key
    assert traced.smallest_charge(currency="usd") == gateway.smallest_charge(currency="usd")
    assert told.all() == []


def test_a_failed_call_is_told_by_its_kind_alone(told: Told) -> None:
    gateway = MemoryPaymentGateway()
    traced = told.spans.of_provider(Payments(gateway=gateway, books=gateway.books()), name="memory").gateway

    with gateway.line.suffering(Trouble.DOWN), pytest.raises(PaymentGatewayUnavailable):
        traced.retrieve_intent("pi_1")

    span = told.one("memory retrieve_intent")
    assert span.status.status_code is StatusCode.ERROR
    assert dict(span.attributes or {}) == {"error.type": "PaymentGatewayUnavailable"}
    assert (span.status.description, list(span.events)) == (None, [])


def leased() -> LeasedEntry:
    ids = in_memory().ids
    entry = OutboxEntry(
        id=ids.new(), errand=Errand.NOTIFY, lane=Lane.MAIL, session_id=ids.new(), due_at=NOON, recorded_at=NOON
    )
    return LeasedEntry(entry=entry, attempt=2, leased_by="me", leased_until=NOON + timedelta(minutes=1))


def carried_out(told: Told, failure: Exception | None) -> ReadableSpan:
    def run(leased: LeasedEntry) -> None:
        if failure is not None:
            raise failure

    runner = told.spans.of_errands({Errand.NOTIFY: run})[Errand.NOTIFY]
    with nullcontext() if failure is None else pytest.raises(type(failure)):
        runner(leased())
    return told.one("errand notify")


def test_a_try_of_an_errand_is_a_span_without_anybodys_id(told: Told) -> None:
    span = carried_out(told, None)

    assert dict(span.attributes or {}) == {"consulting.lane": "mail", "consulting.attempt": 2}
    assert (span.kind, span.status.status_code) == (SpanKind.CONSUMER, StatusCode.UNSET)


def test_an_errand_that_fails_is_told_and_one_that_comes_too_early_is_none(told: Told) -> None:
    failed = carried_out(told, MailUnavailable("kim@example.net"))
    told.forget()
    early = carried_out(told, NotYet(until=NOON))

    assert (failed.attributes or {})["error.type"] == "MailUnavailable"
    assert "kim" not in written(failed)
    assert early.status.status_code is StatusCode.UNSET
    assert "error.type" not in (early.attributes or {})


def test_without_the_setting_nothing_is_traced_and_nothing_of_it_is_loaded() -> None:
    program = "import consulting.entrypoints.container, consulting.entrypoints.http.app, consulting.entrypoints.worker"

    assert open_tracing(settings()) is UNTRACED
    assert "opentelemetry" not in loaded_by(program)


def test_a_missing_extra_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_tracing(settings(CONSULTING_TRACING_URL=COLLECTOR)), Spans)

    monkeypatch.setattr(settings_refusals, "TRACING_PACKAGES", ("consulting", "no-such-package"))

    with pytest.raises(SettingsError, match=r"CONSULTING_TRACING_URL: .* install consulting\[tracing\]"):
        settings(CONSULTING_TRACING_URL=COLLECTOR)


def test_the_doctor_says_that_the_extra_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(settings_refusals, "TRACING_PACKAGES", ("no-such-package",))
    given = {"CONSULTING_HOME": str(tmp_path), "CONSULTING_TRACING_URL": COLLECTOR}

    assert not examine_instance(given, as_json=False)

    told = capsys.readouterr().out
    assert told.startswith(
        "wrong    settings      CONSULTING_TRACING_URL: packages for it are missing: run `make tracing`"
    )


@pytest.mark.parametrize("value", ["0", "1.5", "-1", "all"])
def test_a_share_is_above_nothing_and_at_most_all(value: str) -> None:
    with pytest.raises(SettingsError, match="CONSULTING_TRACING_SHARE"):
        settings(CONSULTING_TRACING_SHARE=value)


def test_only_a_share_is_taken(told: Told) -> None:
    few: Any = spans_to(COLLECTOR, share=settings(CONSULTING_TRACING_SHARE="0.000001").tracing_share)
    kept = InMemorySpanExporter()
    few._provider.add_span_processor(SimpleSpanProcessor(kept))

    few.of_errands({Errand.NOTIFY: lambda _: None})[Errand.NOTIFY](leased())

    assert kept.get_finished_spans() == ()


def test_a_collector_that_is_away_holds_nobody_up() -> None:
    spans = open_tracing(settings(CONSULTING_TRACING_URL=COLLECTOR))
    spans.of_errands({Errand.NOTIFY: lambda _: None})[Errand.NOTIFY](leased())

    began = time.monotonic()
    spans.flush()

    assert time.monotonic() - began < 8 * LONGEST_FLUSH  # the exporter alone would go on for ten seconds
