"""A Jitsi Meet server as a plugin: its settings, and how its rooms are named with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consulting.entrypoints.plugin_declaration import Meetings, Plugin, Surroundings
from consulting.entrypoints.settings_dangers import WEAK, is_weak, left_from_sandbox, unencrypted
from consulting.entrypoints.settings_declaration import REQUIRED, variable
from consulting.entrypoints.settings_values import text, web_address


@dataclass(frozen=True, slots=True, kw_only=True)
class JitsiSettings:
    """What a Jitsi Meet server needs."""

    url: str = variable(
        web_address,
        default=REQUIRED,
        sandbox="https://meet.jit.si",
        meaning="where the rooms of a Jitsi Meet server are; https in production",
    )
    secret: str = variable(
        text,
        default=REQUIRED,
        sandbox="sandbox-jitsi-secret-that-is-no-secret",
        secret=True,
        meaning="secret from which the rooms' names are made, 32 random bytes or more",
    )

    def refusals(self, *, production: bool) -> Iterator[tuple[str, str]]:
        """Refuse a secret that can be guessed, and in production the sandbox's, and an address without https."""
        if is_weak(self.secret):
            yield "secret", WEAK
        if production:
            yield from left_from_sandbox(self, {"secret": "sandbox-"})
            yield from unencrypted(self, "url")


def open_meetings(settings: JitsiSettings, surroundings: Surroundings) -> Meetings:  # noqa: ARG001 -- a plugin's shape
    """Prepare the names of rooms."""
    from consulting.adapters import jitsi  # noqa: PLC0415 -- reading settings needs no adapter

    return Meetings(rooms=jitsi.open_meeting_rooms(url=settings.url, secret=settings.secret))


plugin = Plugin(port_version=1, settings=JitsiSettings, open=open_meetings)
