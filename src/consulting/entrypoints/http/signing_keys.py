"""The keys that tokens are checked with, and how long those of an issuer are kept. All cryptography is PyJWT's."""

from __future__ import annotations

import json
import logging
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import jwt
from jwt.algorithms import HMACAlgorithm

from consulting.entrypoints.http.refusals import SignInUnavailable, TokenInvalid

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 300.0
PAUSE_SECONDS: Final = 30.0
PAUSE_WITHOUT_KEYS_SECONDS: Final = 2.0
KEPT_SECONDS: Final = 24 * 3600.0
ISSUER_SECONDS: Final = 3
SYMMETRIC: Final = ("HS256",)
ASYMMETRIC: Final = ("RS256", "ES256", "EdDSA")


class SigningKeys(Protocol):
    """Where the keys come from that tokens are checked with."""

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms that these keys are for; tokens of any other are refused."""

    def at_hand(self, token: str) -> Any | None:
        """Give the token's key without asking anybody; None if it must be asked for.

        Raises TokenInvalid, and SignInUnavailable where asking has failed a moment ago.
        """

    def fetch(self, token: str) -> Any:
        """Give the token's key, from the issuer if need be. Raises TokenInvalid and SignInUnavailable."""


class SharedSecret:
    """One secret that the issuer and we know (HS256)."""

    algorithms = SYMMETRIC

    def __init__(self, secret: str) -> None:
        """Take the secret. Raises ValueError for what is a public key, which is no secret."""
        try:
            key = HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
        except jwt.InvalidKeyError as error:
            raise ValueError(f"tokens can't be checked with this secret: {error}") from error
        self._key = jwt.PyJWK({"kty": "oct", "k": urlsafe_b64encode(key).decode()}, algorithm=self.algorithms[0])
        self._key.Algorithm = _Examined(HMACAlgorithm.SHA256)

    def at_hand(self, token: str) -> jwt.PyJWK:  # noqa: ARG002 -- there is one key for all
        """Give the secret."""
        return self._key

    def fetch(self, token: str) -> jwt.PyJWK:
        """Give the secret."""
        return self.at_hand(token)


class _Examined(HMACAlgorithm):
    """HMAC with a key that was examined before: looking with each token whether it is a public one takes a third."""

    def prepare_key(self, key: str | bytes) -> bytes:
        return key.encode() if isinstance(key, str) else key


class IssuerKeys:
    """The issuer's public keys: read anew every five minutes, and at most twice a minute for a key not among them.

    While they can't be read, those that were read last are good for a day; a key that isn't among them is then no
    fault of the token (SignInUnavailable). Used from several threads.
    """

    algorithms = ASYMMETRIC

    def __init__(self, read: Callable[[], jwt.PyJWKSet], *, now: Callable[[], float] = time.monotonic) -> None:
        """Keep what `read` gives; it raises jwt.PyJWTError, OSError or ValueError where it can't."""
        self._read, self._now = read, now
        self._keys: jwt.PyJWKSet | None = None
        self._read_at = self._asked_at = float("-inf")
        self._failed = self._asking = False
        self._lock = threading.Lock()

    def at_hand(self, token: str) -> jwt.PyJWK | None:
        """Give the key that the token names if it was read lately, or can't be read again yet."""
        found = self._found(token)
        if found is not None and (self._fresh() or not self._may_ask()):
            return found
        return None if self._asking or self._may_ask() else self._refuse()

    def fetch(self, token: str) -> jwt.PyJWK:
        """Give the key that the token names; one thread asks, and the others wait for its answer."""
        with self._lock:
            if not (self._found(token) is not None and self._fresh()) and self._may_ask():
                self._ask()
        return self._found(token) or self._refuse()

    def read_now(self) -> None:
        """Read the keys at once. Raises what reading raises."""
        self._keys, self._read_at, self._failed = self._read(), self._now(), False

    def _ask(self) -> None:
        self._asked_at, self._asking = self._now(), True
        try:
            self.read_now()
        except (jwt.PyJWTError, OSError, ValueError, RecursionError) as failure:
            log.warning("the issuer's keys can't be read: %s", failure)
            self._failed = True
        finally:
            self._asking = False

    def _found(self, token: str) -> jwt.PyJWK | None:
        header = _header(token)
        if self._keys is None or self._now() - self._read_at > KEPT_SECONDS:
            return None
        return _chosen(self._keys, kid=header.get("kid"), algorithm=header.get("alg"))

    def _fresh(self) -> bool:
        return self._now() - self._read_at < FRESH_SECONDS

    def _may_ask(self) -> bool:
        pause = PAUSE_WITHOUT_KEYS_SECONDS if self._keys is None else PAUSE_SECONDS
        return self._now() - max(self._asked_at, self._read_at) >= pause

    def _refuse(self) -> jwt.PyJWK:
        raise SignInUnavailable if self._failed or self._keys is None else TokenInvalid


def keys_of(*, secret: str, jwks: str) -> SigningKeys:
    """Give the keys of a shared secret, or else of an address or a file.

    Raises OSError or ValueError for a file that can't be read now; an address is asked when the first token comes.
    """
    if secret:
        return SharedSecret(secret)
    keys = IssuerKeys(lambda: key_set(jwks))
    if not _is_address(jwks):
        keys.read_now()
    return keys


def key_set(jwks: str) -> jwt.PyJWKSet:
    """Read the issuer's keys at an address or in a file. Raises jwt.PyJWTError, OSError or ValueError."""
    if _is_address(jwks):
        return jwt.PyJWKClient(jwks, timeout=ISSUER_SECONDS, cache_jwk_set=False).get_jwk_set()
    return _key_file(jwks)


def _is_address(jwks: str) -> bool:
    return jwks.startswith(("http://", "https://"))


def _key_file(path: str) -> jwt.PyJWKSet:
    try:
        return jwt.PyJWKSet.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except (jwt.PyJWTError, AttributeError, TypeError) as error:
        raise ValueError(f"{path} holds no key that tokens can be checked with: {error}") from error


def _header(token: str) -> dict[str, Any]:
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenInvalid from error


def _chosen(keys: jwt.PyJWKSet, *, kid: object, algorithm: object) -> jwt.PyJWK | None:
    """Pick the key of this id and algorithm; a token without an id fits only where there is a single key at all."""
    signing = [key for key in keys.keys if key.public_key_use in {None, "sig"}]
    named = (
        signing if kid is None and len(signing) == 1 else [key for key in signing if key.key_id and key.key_id == kid]
    )
    fit = [key for key in named if key.algorithm_name == algorithm]
    return fit[0] if len(fit) == 1 else None
