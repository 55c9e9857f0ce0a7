"""Starting the sandbox providers so that they fit this instance's settings."""

from __future__ import annotations

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.providers.stripe import StripeSettings
from consulting.entrypoints.providers.zoom import ZoomSettings
from consulting.entrypoints.sandbox import SandboxOptions, run
from consulting.entrypoints.settings import Settings, own_settings
from consulting.entrypoints.supervisor.readiness import reachable


def run_sandbox(settings: Settings) -> None:
    """Serve until told to stop. Raises CannotStart where a port is taken or the folder cannot be written."""
    try:
        run(sandbox_options(settings))
    except OSError as problem:
        raise CannotStart(
            f"the sandbox cannot start: {problem}; see CONSULTING_SANDBOX_PORT, CONSULTING_SANDBOX_SMTP_PORT "
            "and CONSULTING_HOME"
        ) from problem


def sandbox_options(settings: Settings) -> SandboxOptions:
    """Return options by which the sandbox knows our keys and delivers its events to our API."""
    stripe, zoom = own_settings(settings, StripeSettings), own_settings(settings, ZoomSettings)
    return SandboxOptions(
        folder=settings.home / "sandbox",
        port=settings.sandbox_port,
        smtp_port=settings.sandbox_smtp_port,
        webhook_url=f"http://{reachable(settings.host)}:{settings.port}/api/payment/webhook",
        webhook_secret=stripe.webhook_secret,
        secret_key=stripe.secret_key,
        publishable_key=stripe.publishable_key,
        zoom_account_id=zoom.account_id,
        zoom_client_id=zoom.client_id,
        zoom_client_secret=zoom.client_secret,
        zoom_concurrent_meetings=zoom.meetings_at_once,
        allowed_origins=(
            settings.public_url,
            f"http://127.0.0.1:{settings.port}",
            f"http://localhost:{settings.port}",
        ),
    )
