"""Tokens for trying an instance out: what an issuer would give to a signed-in user."""

from __future__ import annotations

import time
from collections.abc import Sequence

import jwt

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.settings import Mode, Settings

LIFETIME_SECONDS = 12 * 3600


def issue_token(
    settings: Settings,
    *,
    user: str,
    email: str | None = None,
    name: str | None = None,
    zone: str | None = None,
    roles: Sequence[str] = (),
) -> str:
    """Return a token that this instance accepts for twelve hours.

    Raises CannotStart in production, and where tokens are signed with a key that only their issuer has.
    """
    if settings.mode is Mode.PRODUCTION:
        raise CannotStart("tokens are made in the sandbox only; in production they come from your issuer")
    if not settings.jwt_secret:
        raise CannotStart("tokens of this instance come from the issuer that CONSULTING_JWT_JWKS names")
    now = int(time.time())
    claims = {"sub": user, "email": email, "name": name, "zoneinfo": zone, "roles": list(roles)}
    registered = {"iss": settings.jwt_issuer, "aud": settings.jwt_audience, "iat": now, "exp": now + LIFETIME_SECONDS}
    given = {claim: value for claim, value in claims.items() if value}
    return jwt.encode({**registered, **given}, settings.jwt_secret, algorithm="HS256")
