"""Whether sessions have a place to be held in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from consulting.entrypoints.doctor import adapters, laptop
from consulting.entrypoints.doctor.findings import Check, Finding, well, wrong
from consulting.entrypoints.doctor.outside import Unanswered, ask, content
from consulting.entrypoints.providers.jitsi import JitsiSettings
from consulting.entrypoints.providers.zoom import ZoomSettings
from consulting.entrypoints.settings import Port, Settings

APP_PAGE: Final = "Zoom's marketplace, our server-to-server OAuth app"
BROAD_SCOPES: Final = ("meeting:write", "meeting:read")
NARROW_SCOPES: Final = (
    *("meeting:write:meeting", "meeting:update:meeting", "meeting:delete:meeting"),
    *("meeting:read:meeting", "meeting:read:list_meetings"),
)
REACHES: Final = ("", ":admin", ":master")
"""What a scope may end with: it is then about more users than the app's own."""


def checks(settings: Settings) -> Sequence[Check]:
    """List the checks of the meeting provider that the settings choose."""
    its = settings.plugins[Port.MEETING_ROOMS].settings
    if isinstance(its, JitsiSettings):
        return [Check(name="jitsi", look=lambda: _jitsi(settings, its))]
    if isinstance(its, ZoomSettings):
        return [Check(name="zoom", look=lambda: _zoom(settings, its))]
    return adapters.checks(settings, Port.MEETING_ROOMS)


def missing_scopes(granted: str) -> Sequence[str]:
    """Name the scopes that are missing among these, which stand between blanks; Zoom has broad and narrow ones."""
    words = set(granted.split())

    def lacking(needed: Sequence[str]) -> list[str]:
        return [scope for scope in needed if not any(scope + reach in words for reach in REACHES)]

    broad, narrow = lacking(BROAD_SCOPES), lacking(NARROW_SCOPES)
    return [] if not broad or not narrow else [f"{scope}:admin" for scope in narrow]


def _zoom(settings: Settings, its: ZoomSettings) -> Iterator[Finding]:
    try:
        answer = ask(
            settings,
            "POST",
            its.oauth_url,
            data={"grant_type": "account_credentials", "account_id": its.account_id},
            auth=(its.client_id, its.client_secret),
        )
        granted = content(answer)
        if not answer.is_success or "access_token" not in granted:
            advice = f"copy account id, client id and secret anew from {APP_PAGE}, and activate it"
            yield wrong(f"it gives us no token ({answer.status_code})", advice=advice)
            return
        yield from _scopes(str(granted.get("scope", "")))
        yield from _hosts(settings, its, token=str(granted["access_token"]))
    except Unanswered as failure:
        advice = "let this machine reach CONSULTING_ZOOM_OAUTH_URL and CONSULTING_ZOOM_API_URL over https"
        silent = laptop.sandbox_silent(settings, "meetings", at=its.oauth_url, why=str(failure))
        yield silent or wrong(f"it doesn't answer ({failure})", advice=advice)


def _scopes(granted: str) -> Iterator[Finding]:
    missing = missing_scopes(granted)
    if missing:
        yield wrong(f"the app lacks scopes: {', '.join(missing)}", advice=f"add them at {APP_PAGE}, Scopes")
    else:
        yield well("it gives us a token with all scopes that are needed")


def _hosts(settings: Settings, its: ZoomSettings, *, token: str) -> Iterator[Finding]:
    for host in its.hosts:
        address = f"{its.api_url}/users/{quote(host, safe='@')}/meetings"
        status = ask(settings, "GET", address, headers={"Authorization": f"Bearer {token}"}).status_code
        if status != HTTPStatus.OK:
            advice = "name users of this account in CONSULTING_ZOOM_HOSTS, and give them the right to hold meetings"
            yield wrong(f"it doesn't list the meetings of {host} ({status})", advice=advice)
            return
    yield well(f"it lists the meetings of {len(its.hosts)} hosts")


def _jitsi(settings: Settings, its: JitsiSettings) -> Iterator[Finding]:
    try:
        status = ask(settings, "GET", its.url, follow_redirects=True).status_code
    except Unanswered as failure:
        advice = "open CONSULTING_JITSI_URL in a browser; rooms are named without it, but nobody could enter"
        yield wrong(f"it doesn't answer ({failure})", advice=advice)
        return
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield wrong(f"it answers {status}", advice="see what is wrong with the server that CONSULTING_JITSI_URL names")
    else:
        yield well(f"{its.url} answers")
