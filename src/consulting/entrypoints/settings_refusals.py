"""What production refuses to start on, and what no mode accepts."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Final
from urllib.parse import urlsplit

from consulting.entrypoints.settings_dangers import WEAK, is_weak, left_from_sandbox, unencrypted
from consulting.entrypoints.settings_variables import Mode, Settings

METRICS_TOKEN_CHARACTERS = 16
TRACING_PACKAGES: Final = (
    "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-instrumentation-asgi",
    "opentelemetry-sdk",
)
"""Those of the extra `tracing`."""


def refusals(settings: Settings) -> Iterator[str]:
    """Say in one line each what stands against starting with these settings."""
    yield from _token_refusals(settings)
    yield from _tracing_refusals(settings)
    if settings.mode is Mode.PRODUCTION:
        yield from _metrics_refusals(settings)
        yield from _production_refusals(settings)


def _token_refusals(settings: Settings) -> Iterator[str]:
    secret = settings.jwt_secret
    if bool(secret) == bool(settings.jwt_jwks):
        yield "CONSULTING_JWT_SECRET and CONSULTING_JWT_JWKS: give exactly one of them"
    if secret and is_weak(secret):
        yield f"CONSULTING_JWT_SECRET {WEAK}"
    if secret.lstrip().startswith(("-----BEGIN ", "ssh-")):
        yield "CONSULTING_JWT_SECRET is a public key, which is no secret: give CONSULTING_JWT_JWKS"


def _tracing_refusals(settings: Settings) -> Iterator[str]:
    if settings.tracing_url and not all(map(_is_installed, TRACING_PACKAGES)):
        advice = "run `make tracing`, or install consulting[tracing]"
        yield f"CONSULTING_TRACING_URL: packages for it are missing: {advice}"


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _metrics_refusals(settings: Settings) -> Iterator[str]:
    token = settings.metrics_token
    if token and (len(token) < METRICS_TOKEN_CHARACTERS or not token.isascii() or not token.isprintable()):
        yield f"CONSULTING_METRICS_TOKEN is weak: give {METRICS_TOKEN_CHARACTERS} plain characters or more"


def _production_refusals(settings: Settings) -> Iterator[str]:
    left = left_from_sandbox(settings, {"jwt_issuer": "consulting-sandbox"})
    for field, wrong in (*left, *unencrypted(settings, "public_url")):
        yield f"CONSULTING_{field.upper()} {wrong}"
    if urlsplit(settings.jwt_jwks).scheme == "http":
        yield "CONSULTING_JWT_JWKS must be a file, or begin with https://, in production"
