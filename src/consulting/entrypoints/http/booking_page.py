"""The booking page: its files, the policy that browsers hold it to, and in the sandbox people to try it as.

All of its files but the first lie below a folder that is named by a hash of them all, so that browsers may keep them
for good, and a page never runs with the files of another version.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consulting.entrypoints.http.answers import Answer
from consulting.entrypoints.http.cross_origin import LOCALHOST
from consulting.entrypoints.http.refusals import PathNotFound
from consulting.entrypoints.http.revalidation import is_known
from consulting.entrypoints.providers.stripe import StripeSettings
from consulting.entrypoints.sample_data.signing_in import sample_people
from consulting.entrypoints.settings import Mode, Settings, chosen_settings, own_settings

FOLDER: Final = Path(__file__).parents[1] / "page"
FIRST: Final = "index.html"
FOR_GOOD: Final = "public, max-age=31536000, immutable"
STRIPE: Final = "https://api.stripe.com"
STRIPE_SCRIPT: Final = "https://js.stripe.com/v3/"
_MEDIA_TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_STRIPES_SCRIPTS: Final = "https://js.stripe.com https://*.js.stripe.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFile:
    """One file as it is sent: plain, and packed."""

    media_type: str
    body: bytes
    packed: bytes

    @property
    def tag(self) -> str:
        """Name these very bytes."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


def page_routers(settings: Settings) -> list[Router]:
    """Serve the page where the settings want it, if they do."""
    if not settings.page:
        return []
    files = page_files()
    version, below = version_of(files), f"{settings.page.rstrip('/')}/page"
    base = urlsplit(settings.public_url).path.rstrip("/")
    first = _filled(files[FIRST], settings, base=base, folder=f"{base}{below}/{version}")
    handlers: list[HTTPRouteHandler] = [
        _first(first, path=settings.page, policy=content_policy(settings)),
        _others(files, path=f"{below}/{{version:str}}/{{name:path}}", version=version),
    ]
    if settings.mode is Mode.SANDBOX and settings.jwt_secret:
        handlers.append(_people(settings, path=f"{below}/people"))
    return [Router("/", route_handlers=handlers, include_in_schema=False)]


@functools.cache
def page_files() -> dict[str, PageFile]:
    """Read the files that are shipped, each under its path."""
    found = sorted(path for path in FOLDER.rglob("*") if path.suffix in _MEDIA_TYPES)
    return {path.relative_to(FOLDER).as_posix(): _read(path.name, path.read_bytes()) for path in found}


def version_of(files: Mapping[str, PageFile]) -> str:
    """Name all files together: another byte anywhere gives another name."""
    told = "".join(f"{name} {file.tag}\n" for name, file in sorted(files.items()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def content_policy(settings: Settings) -> str:
    """Say what the page may load and call: its own, and the origins that Stripe documents, where Stripe is used."""
    with_stripe = _uses_stripe(settings)
    called = ["'self'", *_payment_origins(settings)]
    framers = " ".join(_framers(settings.page_embedders)) or "'none'"
    directives = {
        "default-src": "'none'",
        "script-src": f"'self' {_STRIPES_SCRIPTS}" if with_stripe else "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": " ".join(called),
        "frame-src": f"{_STRIPES_SCRIPTS} https://hooks.stripe.com" if with_stripe else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": framers,
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _uses_stripe(settings: Settings) -> bool:
    """Tell whether browsers pay at Stripe itself, neither at the sandbox nor at somebody else's provider."""
    stripe = chosen_settings(settings, StripeSettings)
    return stripe is not None and (settings.mode is Mode.PRODUCTION or _origin(stripe.api_url) == STRIPE)


def _payment_origins(settings: Settings) -> list[str]:
    stripe = chosen_settings(settings, StripeSettings)
    return [] if stripe is None else [STRIPE if _uses_stripe(settings) else _origin(stripe.api_url)]


def _payments_told(settings: Settings) -> dict[str, str] | None:
    stripe = chosen_settings(settings, StripeSettings)
    if stripe is None:
        return None
    return {"script": STRIPE_SCRIPT} if _uses_stripe(settings) else {"sandbox": stripe.api_url}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _framers(embedders: Sequence[str]) -> list[str]:
    here = ["http://localhost:*", "http://127.0.0.1:*"]
    return [framer for each in embedders for framer in (here if each == LOCALHOST else [each])]


def _read(name: str, body: bytes) -> PageFile:
    media_type = _MEDIA_TYPES[Path(name).suffix]
    return PageFile(media_type=media_type, body=body, packed=gzip.compress(body, mtime=0))


def _filled(first: PageFile, settings: Settings, *, base: str, folder: str) -> PageFile:
    """Tell the first file where the others are, and what it must know of this instance."""
    known = html.escape(json.dumps(_known(settings, base=base)))
    text = Template(first.body.decode()).substitute(files=folder, instance=known)
    return _read(FIRST, text.encode())


def _known(settings: Settings, *, base: str) -> dict[str, Any]:
    in_sandbox = settings.mode is Mode.SANDBOX
    people = f"{base}{settings.page.rstrip('/')}/page/people" if in_sandbox and settings.jwt_secret else None
    played = in_sandbox and not _uses_stripe(settings)
    return {
        "mode": settings.mode.value,
        "api": f"{base}/api",
        "documentation": f"{base}/schema",
        "people": people,
        "stripe": _payments_told(settings),
        "mails": _origin(own_settings(settings, StripeSettings).api_url) if played else None,
        "embedders": list(settings.page_embedders),
        "sign_in": settings.page_sign_in_url or None,
    }


def _first(first: PageFile, *, path: str, policy: str) -> HTTPRouteHandler:
    @get(path)
    async def page_itself(request: Request[Any, Any, Any]) -> Response[bytes]:
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
        return _sent(request, first, headers)

    return page_itself


def _others(files: Mapping[str, PageFile], *, path: str, version: str) -> HTTPRouteHandler:
    @get(path)
    async def page_file(request: Request[Any, Any, Any], name: FromPath[Path]) -> Response[bytes]:
        file = files.get(name.as_posix().lstrip("/"))
        if file is None or request.path_params["version"] != version or name.name == FIRST:
            raise PathNotFound
        return _sent(request, file, {"Cache-Control": FOR_GOOD})

    return page_file


def _sent(request: Request[Any, Any, Any], file: PageFile, headers: Mapping[str, str]) -> Response[bytes]:
    told = {**headers, "ETag": file.tag, "Vary": "Accept-Encoding"}
    if is_known(request.headers.get("if-none-match", "").encode("latin-1"), file.tag.encode()):
        return Answer(b"", status_code=304, headers=told)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Answer(file.body, media_type=file.media_type, headers=told)
    # Bytes that differ need a name that differs: the packed ones have a weak one.
    told |= {"Content-Encoding": "gzip", "ETag": f"W/{file.tag}"}
    return Answer(file.packed, media_type=file.media_type, headers=told)


def _people(settings: Settings, *, path: str) -> HTTPRouteHandler:
    @get(path)
    async def people_to_be() -> list[dict[str, Any]]:
        return sample_people(settings)

    return people_to_be
