"""What a sandbox is started with, and where it can then be reached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """The sandbox's settings. It always binds 127.0.0.1; a port of 0 asks for a free one.

    `folder` keeps everything that was answered, so that a restart continues where the last run ended.
    `webhook_url` is where Stripe's events are posted; None records events without delivering them.
    `settle_after_seconds` is how long a bank debit or a slow refund stays open before it settles by itself.
    """

    folder: Path
    port: int = 0
    smtp_port: int = 0
    webhook_url: str | None = None
    webhook_secret: str = "whsec_sandbox"  # noqa: S105 - a published sandbox value
    webhook_timeout_seconds: float = 10.0
    webhook_attempts: int = 16
    webhook_first_retry_seconds: float = 0.5
    secret_key: str = "sk_test_sandbox"  # noqa: S105 - a published sandbox value
    publishable_key: str = "pk_test_sandbox"
    settle_after_seconds: float = 2.0
    zoom_account_id: str = "sandbox-account"
    zoom_client_id: str = "sandbox-client"
    zoom_client_secret: str = "sandbox-secret"  # noqa: S105 - a published sandbox value
    zoom_token_seconds: float = 3600.0
    zoom_creates_per_day: int = 100
    zoom_concurrent_meetings: int = 1
    allowed_origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where a running sandbox listens on 127.0.0.1."""

    port: int
    smtp_port: int

    @property
    def url(self) -> str:
        """The base address of everything that is spoken over HTTP."""
        return f"http://{HOST}:{self.port}"
