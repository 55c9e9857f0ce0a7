"""Whether the collector of the traces takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from consulting.entrypoints.doctor.findings import Check, Finding, careful, well
from consulting.entrypoints.settings import Settings

TAKEN: Final = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)
ADVICE: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "put what it wants to be told into OTEL_EXPORTER_OTLP_HEADERS",
    HTTPStatus.FORBIDDEN: "put what it wants to be told into OTEL_EXPORTER_OTLP_HEADERS",
    HTTPStatus.NOT_FOUND: "give CONSULTING_TRACING_URL the path where it takes traces by HTTP, most often /v1/traces",
}


def checks(settings: Settings) -> Sequence[Check]:
    """List the check of the collector. That the packages for it are there is looked at with the settings."""
    return [Check(name="tracing", look=lambda: _collector(settings.tracing_url))]


def _collector(url: str) -> Iterator[Finding]:
    """Ask for nothing worse than a look: without the collector only the traces are lost."""
    if not url:
        yield well("nothing is traced")
        return
    from consulting.entrypoints.tracing.collector import knock  # noqa: PLC0415 -- an extra, and heavy

    # No more of the address is told: the rest of it may let somebody in.
    who, status = f"the collector at {urlsplit(url).hostname}", knock(url)
    if status is None:
        advice = "start it, and let this machine reach CONSULTING_TRACING_URL; until then spans are lost"
        yield careful(f"{who} doesn't answer", advice=advice)
    elif status not in TAKEN:
        advice = ADVICE.get(status, "its own log says why; until then spans are lost")
        yield careful(f"{who} takes no spans ({status})", advice=advice)
    else:
        yield well(f"{who} takes spans")
