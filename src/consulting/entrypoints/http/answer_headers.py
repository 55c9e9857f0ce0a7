"""The headers that every answer carries, whoever gives it: on safety, on caching, and on who else may read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from litestar.types import HTTPScope

from consulting.entrypoints.http.cross_origin import Headers, Origins
from consulting.entrypoints.settings import Settings

_NOTHING: Final = b"default-src 'none'; frame-ancestors 'none'"
_OUR_PAGE: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS: Final[Headers] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_A_YEAR_OF_HTTPS: Final = (b"strict-transport-security", b"max-age=31536000")

_NOT_KEPT: Final = b"no-store"
_ASKED_AGAIN: Final = b"no-cache"
_THE_CALLERS_OWN: Final = b"private, no-cache"
_AN_HOUR: Final = b"public, max-age=3600"
OPEN_READS: Final = ("/api/researchers", "/api/expertise", "/api/time-slots")
_PAGE: Final = "/schema"
_PAGE_FILES: Final = "/schema/files/"


@dataclass(frozen=True, slots=True)
class AnswerHeaders:
    """What is added to an answer; a handler's own word on caching or content stands."""

    origins: Origins
    https: bool

    def preflight(self, scope: HTTPScope) -> Headers | None:
        """Give the whole head of the answer to a browser's question before a call; None where it goes on as usual."""
        found = self.origins.preflight(scope["method"], scope["headers"])
        return None if found is None else [*found, *self._safety(b""), (b"cache-control", _NOT_KEPT)]

    def of(self, scope: HTTPScope, *, status: int, given: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Give what is added to an answer of this status that has these headers already."""
        present = {name.lower(): value for name, value in given}
        added = [each for each in self._safety(present.get(b"content-type", b"")) if each[0] not in present]
        added += self.origins.headers_for(scope["headers"])
        if is_open_read(scope):
            added.append((b"vary", b"Authorization"))
        if b"cache-control" not in present:
            added.append((b"cache-control", _caching(scope, status=status)))
        return added

    def of_unreadable(self, given: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Give what is added to the answer to a request that can't be read; these are its headers, as far as known."""
        return [*self._safety(b""), *self.origins.headers_for(given), (b"cache-control", _NOT_KEPT)]

    def _safety(self, content_type: bytes) -> Headers:
        return _safety(page=content_type.startswith(b"text/html"), https=self.https)


@cache
def _safety(*, page: bool, https: bool) -> Headers:
    headers = [*_ALWAYS, (b"content-security-policy", _OUR_PAGE if page else _NOTHING)]
    return [*headers, _A_YEAR_OF_HTTPS] if https else headers


def answer_headers(settings: Settings) -> AnswerHeaders:
    """Set the headers up as the settings say."""
    return AnswerHeaders(Origins(settings.cors_origins), https=settings.public_url.startswith("https://"))


def is_open_read(scope: HTTPScope) -> bool:
    """Tell whether everyone may read this: researchers, their slots and reviews."""
    return scope["method"] == "GET" and _route(scope).startswith(OPEN_READS)


def _route(scope: HTTPScope) -> str:
    return scope.get("path_template") or ""


def _caching(scope: HTTPScope, *, status: int) -> bytes:
    """Say who may keep an answer. What shows what is free must be asked for anew: offered equals bookable."""
    if status not in {200, 304}:
        return _NOT_KEPT
    if is_open_read(scope):
        signed_in = any(name == b"authorization" for name, _ in scope["headers"])
        return _THE_CALLERS_OWN if signed_in else _ASKED_AGAIN
    route = _route(scope)
    if route.startswith(_PAGE_FILES):
        return _AN_HOUR
    return _ASKED_AGAIN if route.startswith(_PAGE) else _NOT_KEPT
