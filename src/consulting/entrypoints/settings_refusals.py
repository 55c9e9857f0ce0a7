"""What production refuses to start on, and what no mode accepts."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from consulting.entrypoints.settings_variables import Mode, Rooms, Settings

SECRET_BYTES = 32
SECRET_CHARACTERS = 8
METRICS_TOKEN_CHARACTERS = 16
SANDBOX_VALUES = {
    "stripe_secret_key": "sk_test_sandbox",
    "stripe_publishable_key": "pk_test_sandbox",
    "stripe_webhook_secret": "whsec_sandbox",
    "zoom_account_id": "sandbox-",
    "zoom_client_id": "sandbox-",
    "zoom_client_secret": "sandbox-",
    "jitsi_secret": "sandbox-",
    "jwt_issuer": "consulting-sandbox",
}


def refusals(settings: Settings) -> Iterator[str]:
    """Say in one line each what stands against starting with these settings."""
    yield from _token_refusals(settings)
    yield from _room_refusals(settings)
    if settings.mode is Mode.PRODUCTION:
        yield from _sandbox_refusals(settings)
        yield from _metrics_refusals(settings)
        yield from _address_refusals(settings)


def _token_refusals(settings: Settings) -> Iterator[str]:
    secret = settings.jwt_secret
    if bool(secret) == bool(settings.jwt_jwks):
        yield "CONSULTING_JWT_SECRET and CONSULTING_JWT_JWKS: give exactly one of them"
    if secret and _is_weak(secret):
        yield _weak("CONSULTING_JWT_SECRET")


def _room_refusals(settings: Settings) -> Iterator[str]:
    if settings.meeting_rooms is not Rooms.JITSI:
        return
    if _is_weak(settings.jitsi_secret):
        yield _weak("CONSULTING_JITSI_SECRET")
    if settings.mode is Mode.PRODUCTION and urlsplit(settings.jitsi_url).scheme != "https":
        yield "CONSULTING_JITSI_URL must begin with https:// in production"


def _is_weak(secret: str) -> bool:
    return len(secret.encode()) < SECRET_BYTES or len(set(secret)) < SECRET_CHARACTERS


def _weak(name: str) -> str:
    return f"{name} is weak: give {SECRET_BYTES} random bytes or more, for example from `openssl rand -base64 48`"


def _metrics_refusals(settings: Settings) -> Iterator[str]:
    token = settings.metrics_token
    if token and (len(token) < METRICS_TOKEN_CHARACTERS or not token.isascii() or not token.isprintable()):
        yield f"CONSULTING_METRICS_TOKEN is weak: give {METRICS_TOKEN_CHARACTERS} plain characters or more"


def _sandbox_refusals(settings: Settings) -> Iterator[str]:
    for field, start in SANDBOX_VALUES.items():
        if str(getattr(settings, field)).startswith(start):
            yield f"CONSULTING_{field.upper()} is the sandbox's: production needs your own"


def _address_refusals(settings: Settings) -> Iterator[str]:
    for field in ("public_url", "stripe_api_url", "zoom_api_url", "zoom_oauth_url"):
        if urlsplit(getattr(settings, field)).scheme != "https":
            yield f"CONSULTING_{field.upper()} must begin with https:// in production"
    if urlsplit(settings.jwt_jwks).scheme == "http":
        yield "CONSULTING_JWT_JWKS must be a file, or begin with https://, in production"
    if not settings.smtp_port:
        yield "CONSULTING_SMTP_PORT must not be 0 in production"
