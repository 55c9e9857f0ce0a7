"""The instance that `consulting run` starts on a laptop: its API, and its sandbox in the place of the providers."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from consulting.entrypoints.doctor.findings import Finding, wrong
from consulting.entrypoints.settings import Mode, Settings

LOOPBACK: Final = "127.0.0.1"


def sandbox_silent(settings: Settings, what: str, *, at: str, why: str) -> Finding | None:
    """Find that the sandbox doesn't answer at this address, where these things go; None if it isn't the sandbox's."""
    ports = (settings.sandbox_port, settings.sandbox_smtp_port)
    return _silent(settings, f"{what} go to the sandbox of `consulting run`, which", at=at, ports=ports, why=why)


def api_silent(settings: Settings, *, why: str) -> Finding | None:
    """Find that the API doesn't answer where clients see it; None if that isn't simply its port on this machine."""
    ports = (settings.port,)
    return _silent(settings, "the API of `consulting run`", at=settings.public_url, ports=ports, why=why)


def start(settings: Settings, *, otherwise: str) -> str:
    """Advise how to start what isn't running: in the sandbox all of it together."""
    return "start `consulting run`, as `make run` does" if settings.mode is Mode.SANDBOX else otherwise


def _silent(settings: Settings, who: str, *, at: str, ports: tuple[int, ...], why: str) -> Finding | None:
    """Find it; a port of 0 is one that nobody knows before an instance runs, so there is no use in naming it."""
    place = urlsplit(at)
    if settings.mode is not Mode.SANDBOX or place.hostname != LOOPBACK or place.port not in ports:
        return None
    advice = start(settings, otherwise="")
    if not place.port:
        return wrong(f"{who} isn't running", advice=advice)
    logs = f"; where it runs, its logs are in {settings.home / 'logs'}"
    return wrong(f"{who} doesn't answer at {LOOPBACK}:{place.port} ({why})", advice=advice + logs)
