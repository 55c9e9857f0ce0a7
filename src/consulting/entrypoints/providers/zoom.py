"""Zoom as a plugin: its settings, and how its rooms are opened with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consulting.entrypoints.plugin_declaration import Meetings, Plugin, Surroundings
from consulting.entrypoints.settings_dangers import left_from_sandbox, unencrypted
from consulting.entrypoints.settings_declaration import REQUIRED, variable
from consulting.entrypoints.settings_values import seconds, text, web_address, whole, words


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoomSettings:
    """What Zoom needs."""

    account_id: str = variable(
        text, default=REQUIRED, sandbox="sandbox-account", meaning="account of Zoom's server-to-server OAuth app"
    )
    client_id: str = variable(
        text, default=REQUIRED, sandbox="sandbox-client", meaning="client id of Zoom's server-to-server OAuth app"
    )
    client_secret: str = variable(
        text, default=REQUIRED, sandbox="sandbox-secret", secret=True, meaning="secret of Zoom's OAuth app"
    )
    api_url: str = variable(
        web_address,
        default="https://api.zoom.us/v2",
        sandbox="http://127.0.0.1:{sandbox_port}/zoom/v2",
        meaning="where Zoom's API is",
    )
    oauth_url: str = variable(
        web_address,
        default="https://zoom.us/oauth/token",
        sandbox="http://127.0.0.1:{sandbox_port}/zoom/oauth/token",
        meaning="where Zoom gives out its tokens",
    )
    hosts: tuple[str, ...] = variable(
        words, default="me",
        sandbox="host-1@consulting.example,host-2@consulting.example,host-3@consulting.example",
        meaning="Zoom users that host the meetings, with commas between",
    )  # fmt: skip
    meetings_at_once: int = variable(
        whole(1, 100),
        default="1",
        meaning="meetings that one Zoom user may hold at the same time: 2 on Zoom's Business",
    )
    timeout_seconds: float = variable(seconds, default="10", meaning="longest wait for Zoom")

    def refusals(self, *, production: bool) -> Iterator[tuple[str, str]]:
        """Refuse in production the sandbox's account, and addresses that anybody on the way could answer for."""
        if production:
            yield from left_from_sandbox(self, dict.fromkeys(("account_id", "client_id", "client_secret"), "sandbox-"))
            yield from unencrypted(self, "api_url", "oauth_url")


def open_meetings(settings: ZoomSettings, surroundings: Surroundings) -> Meetings:
    """Prepare Zoom; nothing is asked of it yet."""
    from consulting.adapters import zoom  # noqa: PLC0415 -- the SDK is heavy, and reading settings needs none

    rooms = zoom.open_meeting_rooms(
        account_id=settings.account_id,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        api_url=settings.api_url,
        oauth_url=settings.oauth_url,
        timeout_seconds=settings.timeout_seconds,
        clock=surroundings.clock,
        meetings_at_once=settings.meetings_at_once,
    )
    return Meetings(rooms=rooms, hosts=settings.hosts)


plugin = Plugin(port_version=1, settings=ZoomSettings, open=open_meetings)
