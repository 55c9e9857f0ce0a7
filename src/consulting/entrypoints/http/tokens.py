"""Who is calling, read from a signed token. All cryptography is PyJWT's."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any, Final

import jwt

from consulting.application.callers import Caller
from consulting.domain.local_time import zone
from consulting.entrypoints.http.checked_tokens import Checked, CheckedTokens
from consulting.entrypoints.http.refusals import TokenInvalid
from consulting.entrypoints.http.signing_keys import SigningKeys, keys_of
from consulting.entrypoints.settings import Settings

LEEWAY_SECONDS: Final = 30
LONGEST_TOKEN: Final = 8192
LONGEST_CLAIM: Final = 254
OURS: Final = ("key:", "erased:")
"""How ids begin that we give ourselves, to API keys and in place of users who were erased: nobody signs in as one."""

_UNFIT: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Checks tokens: signature, `exp`, `sub`, and issuer and audience where they are set."""

    keys: SigningKeys
    issuer: str | None
    audience: str | None
    checked: CheckedTokens = field(default_factory=CheckedTokens)

    def key_at_hand(self, token: str) -> Any | None:
        """Give the key that the token names, if that needs no asking. Raises TokenInvalid and SignInUnavailable."""
        if len(token) > LONGEST_TOKEN:
            raise TokenInvalid
        return self.keys.at_hand(token)

    def caller(self, token: str, *, key: Any | None = None) -> Caller:
        """Give the caller; without `key` it may ask the issuer for one. Raises TokenInvalid and SignInUnavailable.

        With a key, which is how an event loop asks, a token that was found good under it isn't checked again.
        """
        if key is None:
            return _caller(self._claims(token, key=self.keys.fetch(token)))
        known = self.checked.caller(token, key=key)
        if known is not None:
            return known
        claims = self._claims(token, key=key)
        caller = _caller(claims)
        good_until = int(claims["exp"]) + LEEWAY_SECONDS
        self.checked.remember(token, Checked(caller=caller, key=key, good_until=good_until))
        return caller

    def _claims(self, token: str, *, key: Any) -> dict[str, Any]:
        try:
            return _READER.decode(
                token,
                key,
                algorithms=list(self.keys.algorithms),
                leeway=LEEWAY_SECONDS,
                issuer=self.issuer,
                audience=self.audience,
                options={"require": ["exp", "sub"], "verify_aud": self.audience is not None},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise TokenInvalid from error


class Parts(jwt.PyJWS):
    """PyJWT's reading of tokens, but for their three parts: it looks at each character, half of a check's time.

    Whatever isn't written just as it would be written anew is left to PyJWT's own judgement. Should that look for this
    under another name one day, it only takes longer again, and a test says so.
    """

    def _decode_base64url_segment(self, segment: bytes, name: str) -> bytes:  # type: ignore[override] # it is asked of an instance
        try:
            content = urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
        except ValueError:
            content = b""
        if urlsafe_b64encode(content).rstrip(b"=") == segment:
            return content
        return super()._decode_base64url_segment(segment, name)


class _Reader(jwt.PyJWT):
    def __init__(self) -> None:
        super().__init__()
        self._jws = Parts()


_READER: Final = _Reader()


def tokens_of(settings: Settings) -> Tokens:
    """Set up the check that the settings ask for. Raises OSError or ValueError for a key file that can't be read."""
    return Tokens(
        keys=keys_of(secret=settings.jwt_secret, jwks=settings.jwt_jwks),
        issuer=settings.jwt_issuer or None,
        audience=settings.jwt_audience or None,
    )


def _caller(claims: dict[str, Any]) -> Caller:
    """Read the claims; those that make no sense count as absent, but for `sub`."""
    user_id = text_claim(claims.get("sub"))
    if user_id is None or user_id.startswith(OURS):
        raise TokenInvalid
    email = text_claim(claims.get("email"))
    roles = claims.get("roles")
    return Caller(
        user_id=user_id,
        email=email if email and "@" in email else None,
        name=text_claim(claims.get("name")),
        timezone=_zone(text_claim(claims.get("zoneinfo"))),
        roles=frozenset(each for each in roles if isinstance(each, str)) if isinstance(roles, list) else frozenset(),
    )


def text_claim(claim: object) -> str | None:
    """Give a claim that can be kept and shown as text; None for any other."""
    fit = isinstance(claim, str) and 0 < len(claim) <= LONGEST_CLAIM and not _UNFIT.search(claim)
    return claim if fit and isinstance(claim, str) else None


def _zone(name: str | None) -> str | None:
    try:
        return None if name is None else zone(name).key
    except ValueError:
        return None
