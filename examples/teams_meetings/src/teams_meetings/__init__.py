"""Team meetings for consulting, chosen by CONSULTING_MEETING_ROOMS=teams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consulting.ports import (
    REQUIRED,
    Meetings,
    Plugin,
    Surroundings,
    left_from_sandbox,
    seconds,
    text,
    unencrypted,
    variable,
    web_address,
    words,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsSettings:
    """What the provider needs; each field is a variable that begins with CONSULTING_TEAMS_."""

    token: str = variable(
        text, default=REQUIRED, sandbox="sandbox-token", secret=True, meaning="token for the provider's API"
    )
    hosts: tuple[str, ...] = variable(
        words, default=REQUIRED, sandbox="first@teams.example,second@teams.example", meaning="accounts that may host"
    )
    api_url: str = variable(
        web_address,
        default="https://api.teams.example",
        sandbox="http://127.0.0.1:8200",
        meaning="where the provider's API is",
    )
    timeout_seconds: float = variable(seconds, default="5", meaning="longest wait for the provider")

    def refusals(self, *, production: bool) -> Iterator[tuple[str, str]]:
        """Refuse in production what is the sandbox's, and an address without https."""
        if production:
            yield from left_from_sandbox(self, {"token": "sandbox-"})
            yield from unencrypted(self, "api_url")


def open_meetings(settings: TeamsSettings, surroundings: Surroundings) -> Meetings:  # noqa: ARG001 -- a plugin's shape
    """Prepare the provider; nothing is asked of it yet."""
    from teams_meetings.calls import Teams
    from teams_meetings.rooms import TeamsRooms

    teams = Teams(url=settings.api_url, token=settings.token, timeout_seconds=settings.timeout_seconds)
    return Meetings(rooms=TeamsRooms(teams=teams), hosts=settings.hosts, ask=teams.ask)


plugin = Plugin(port_version=1, settings=TeamsSettings, open=open_meetings)
