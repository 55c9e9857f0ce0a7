"""Whether secrets are hard to guess, each one a secret of its own, and the issuer's keys can be read."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from consulting.entrypoints.doctor.findings import Check, Finding, careful, well, wrong
from consulting.entrypoints.settings import Mode, Settings
from consulting.entrypoints.settings_declaration import declared

OUR_OWN = ("CONSULTING_JWT_SECRET", "CONSULTING_JITSI_SECRET", "CONSULTING_METRICS_TOKEN")
"""The secrets that are ours to choose; a provider's are as good as the provider makes them."""

ENOUGH_BITS = 100.0
MAKE_ONE = "take 32 random bytes or more, for example from `openssl rand -base64 48`"


def checks(settings: Settings) -> Sequence[Check]:
    """List the checks of secrets and of whoever signs tokens."""
    return [
        Check(name="secrets", look=lambda: _secrets(settings)),
        Check(name="sign-in", look=lambda: _sign_in(settings)),
    ]


def _secrets(settings: Settings) -> Iterator[Finding]:
    if settings.mode is Mode.SANDBOX:
        yield well("the sandbox's, which everybody knows")
        return
    given = {known.name: str(getattr(settings, field)) for field, known in declared(Settings) if known.secret}
    for chosen in settings.plugins.values():
        given |= chosen.secrets()
    found = [*_guessable(given), *_twice(given)]
    yield from found or [well("long, mixed, and none of them used twice")]


def _guessable(given: dict[str, str]) -> Iterator[Finding]:
    for name in OUR_OWN:
        if given.get(name) and bits(given[name]) < ENOUGH_BITS:
            yield wrong(f"{name} could be guessed", advice=MAKE_ONE)


def _twice(given: dict[str, str]) -> Iterator[Finding]:
    users: defaultdict[str, list[str]] = defaultdict(list)
    for name, secret in given.items():
        if secret:
            users[secret].append(name)
    for names in users.values():
        if len(names) > 1:
            yield wrong(f"{' and '.join(names)} are the same", advice="give each a secret of its own")


def bits(secret: str) -> float:
    """Estimate how hard a secret is to guess: its length, times how evenly its characters are spread (in bits)."""
    counts = Counter(secret)
    return -sum(count * math.log2(count / len(secret)) for count in counts.values())


def _sign_in(settings: Settings) -> Iterator[Finding]:
    if not settings.jwt_jwks:
        yield well("tokens are signed with a shared secret (HS256)")
        return
    from consulting.entrypoints.http.signing_keys import ASYMMETRIC, key_set  # noqa: PLC0415 -- cryptography is heavy

    try:
        keys = key_set(settings.jwt_jwks)
    except Exception as failure:  # noqa: BLE001 -- of a network, a file or a document, and the advice is the same
        advice = "open CONSULTING_JWT_JWKS from this machine: it must be the issuer's JSON Web Key Set"
        yield wrong(f"the issuer's keys can't be read ({type(failure).__name__})", advice=advice)
        return
    usable = [key for key in keys.keys if key.algorithm_name in ASYMMETRIC]
    if usable:
        yield well(f"the issuer shows {len(usable)} keys that tokens can be checked with")
    else:
        yield careful(
            "the issuer shows no key for RS256, ES256 or EdDSA", advice="have the issuer sign with one of these"
        )
