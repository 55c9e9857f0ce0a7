"""Who is calling, read from a signed token. All cryptography is PyJWT's."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import jwt

from consulting.application.callers import Caller
from consulting.domain.local_time import zone
from consulting.entrypoints.http.refusals import SignInUnavailable, TokenInvalid
from consulting.entrypoints.settings import Settings

LEEWAY_SECONDS: Final = 30
ISSUER_SECONDS: Final = 3
LONGEST_TOKEN: Final = 8192
LONGEST_CLAIM: Final = 254
SYMMETRIC: Final = ("HS256",)
ASYMMETRIC: Final = ("RS256", "ES256", "EdDSA")

_UNFIT: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class SigningKeys(Protocol):
    """Where the keys come from that tokens are checked with."""

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms that these keys are for; tokens of any other are refused."""

    def at_hand(self, token: str) -> Any | None:
        """Give the token's key without asking anybody; None if it would have to be fetched. Raises TokenInvalid."""

    def fetch(self, token: str) -> Any:
        """Give the token's key, from the issuer if need be. Raises TokenInvalid and SignInUnavailable."""


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """One secret that the issuer and we know (HS256)."""

    secret: str = field(repr=False)
    algorithms: tuple[str, ...] = SYMMETRIC

    def at_hand(self, token: str) -> str:  # noqa: ARG002 -- there is one key for all
        """Give the secret."""
        return self.secret

    def fetch(self, token: str) -> str:
        """Give the secret."""
        return self.at_hand(token)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The issuer's public keys, read once from a file."""

    keys: jwt.PyJWKSet
    algorithms: tuple[str, ...] = ASYMMETRIC

    def at_hand(self, token: str) -> jwt.PyJWK | None:
        """Give the key that the token names."""
        return _chosen(self.keys, _kid(token))

    def fetch(self, token: str) -> jwt.PyJWK:  # noqa: ARG002 -- the file doesn't grow
        """Raise TokenInvalid: the file doesn't have it."""
        raise TokenInvalid


@dataclass(frozen=True, slots=True)
class KeyAddress:
    """The issuer's public keys, fetched from its address, kept for five minutes; an unknown one is asked for anew."""

    client: jwt.PyJWKClient
    algorithms: tuple[str, ...] = ASYMMETRIC

    def at_hand(self, token: str) -> jwt.PyJWK | None:
        """Give the key that the token names if it was fetched lately."""
        cache, kid = self.client.jwk_set_cache, _kid(token)
        known = cache.get() if cache is not None else None
        return _chosen(known, kid) if isinstance(known, jwt.PyJWKSet) else None

    def fetch(self, token: str) -> jwt.PyJWK:
        """Ask the issuer; not again within half a minute for a key that it doesn't have."""
        kid = _kid(token)
        try:
            if kid is None:
                return _chosen(self.client.get_jwk_set(), None) or _no_key()
            return self.client.get_signing_key(kid)
        except jwt.PyJWKClientConnectionError as error:
            raise SignInUnavailable from error
        except jwt.PyJWTError as error:
            raise TokenInvalid from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Checks tokens: signature, `exp`, `sub`, and issuer and audience where they are set."""

    keys: SigningKeys
    issuer: str | None
    audience: str | None

    def key_at_hand(self, token: str) -> Any | None:
        """Give the key that the token names, if that needs no asking. Raises TokenInvalid for what is no token."""
        if len(token) > LONGEST_TOKEN:
            raise TokenInvalid
        return self.keys.at_hand(token)

    def caller(self, token: str, *, key: Any | None = None) -> Caller:
        """Give the caller; without `key` it may ask the issuer for one. Raises TokenInvalid and SignInUnavailable."""
        found = self.keys.fetch(token) if key is None else key
        try:
            claims = jwt.decode(
                token,
                found,
                algorithms=list(self.keys.algorithms),
                leeway=LEEWAY_SECONDS,
                issuer=self.issuer,
                audience=self.audience,
                options={"require": ["exp", "sub"], "verify_aud": self.audience is not None},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise TokenInvalid from error
        return _caller(claims)


def tokens_of(settings: Settings) -> Tokens:
    """Set up the check that the settings ask for. Raises OSError or ValueError for a key file that can't be read."""
    return Tokens(
        keys=_keys(secret=settings.jwt_secret, jwks=settings.jwt_jwks),
        issuer=settings.jwt_issuer or None,
        audience=settings.jwt_audience or None,
    )


def _keys(*, secret: str, jwks: str) -> SigningKeys:
    if secret:
        return SharedSecret(secret)
    if jwks.startswith(("http://", "https://")):
        return KeyAddress(jwt.PyJWKClient(jwks, timeout=ISSUER_SECONDS))
    try:
        return KeyFile(jwt.PyJWKSet.from_dict(json.loads(Path(jwks).read_text(encoding="utf-8"))))
    except jwt.PyJWTError as error:
        raise ValueError(f"{jwks} holds no key that tokens can be checked with: {error}") from error


def _kid(token: str) -> str | None:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenInvalid from error
    return kid if isinstance(kid, str) else None


def _chosen(keys: jwt.PyJWKSet, kid: str | None) -> jwt.PyJWK | None:
    """Pick the key of this id; a token without an id fits only where there is a single key."""
    fit = [key for key in keys.keys if key.public_key_use in {None, "sig"} and kid in {None, key.key_id}]
    return fit[0] if len(fit) == 1 else None


def _no_key() -> jwt.PyJWK:
    raise TokenInvalid


def _caller(claims: dict[str, Any]) -> Caller:
    """Read the claims; those that make no sense count as absent, but for `sub`."""
    user_id = _text(claims.get("sub"))
    if user_id is None:
        raise TokenInvalid
    email = _text(claims.get("email"))
    roles = claims.get("roles")
    return Caller(
        user_id=user_id,
        email=email if email and "@" in email else None,
        name=_text(claims.get("name")),
        timezone=_zone(_text(claims.get("zoneinfo"))),
        roles=frozenset(each for each in roles if isinstance(each, str)) if isinstance(roles, list) else frozenset(),
    )


def _text(claim: object) -> str | None:
    fit = isinstance(claim, str) and 0 < len(claim) <= LONGEST_CLAIM and not _UNFIT.search(claim)
    return claim if fit and isinstance(claim, str) else None


def _zone(name: str | None) -> str | None:
    try:
        return None if name is None else zone(name).key
    except ValueError:
        return None
