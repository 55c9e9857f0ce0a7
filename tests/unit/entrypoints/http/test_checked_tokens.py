from __future__ import annotations

import time
from datetime import datetime, tzinfo
from typing import Any

import jwt
import pytest

from consulting.application.callers import Caller
from consulting.entrypoints.http.checked_tokens import Checked, CheckedTokens
from consulting.entrypoints.http.refusals import TokenInvalid
from consulting.entrypoints.http.signing_keys import SharedSecret
from consulting.entrypoints.http.tokens import LEEWAY_SECONDS, Tokens

SECRET = "an-example-secret-that-is-long-enough-for-every-one-of-the-hmac-algorithms"
ADA = Caller(user_id="ada", email=None, name=None, timezone=None, roles=frozenset())


def signed(*, seconds: int) -> str:
    return jwt.encode({"sub": "ada", "exp": int(time.time()) + seconds}, SECRET, algorithm="HS256")


def asked(tokens: Tokens, token: str) -> Caller:
    return tokens.caller(token, key=tokens.key_at_hand(token))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens that were checked in full."""
    heard: list[str] = []
    decode = jwt.PyJWT.decode

    def listening(reader: jwt.PyJWT, token: str, *args: Any, **kwargs: Any) -> Any:
        heard.append(token)
        return decode(reader, token, *args, **kwargs)

    monkeypatch.setattr(jwt.PyJWT, "decode", listening)
    return heard


def test_a_token_that_comes_again_is_not_checked_again(decoded: list[str]) -> None:
    tokens, token = Tokens(keys=SharedSecret(SECRET), issuer=None, audience=None), signed(seconds=60)
    assert asked(tokens, token) == asked(tokens, token) == ADA
    assert decoded == [token]


def test_a_token_ends_on_time_though_it_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = 0.0
    checked = CheckedTokens(now=lambda: time.time() + ahead)
    tokens = Tokens(keys=SharedSecret(SECRET), issuer=None, audience=None, checked=checked)
    token = signed(seconds=600)
    assert asked(tokens, token) == asked(tokens, token) == ADA
    ahead = 601.0 + LEEWAY_SECONDS

    class Later(datetime):
        """The present of whoever checks a token."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Later:
            return cls.fromtimestamp(time.time() + ahead, tz)

    monkeypatch.setattr(jwt.api_jwt, "datetime", Later)
    with pytest.raises(TokenInvalid):
        asked(tokens, token)


def test_a_token_whose_key_was_withdrawn_is_checked_with_the_one_that_holds_now(decoded: list[str]) -> None:
    token, other = signed(seconds=60), SharedSecret(SECRET[::-1])
    tokens = Tokens(keys=SharedSecret(SECRET), issuer=None, audience=None)
    asked(tokens, token)
    with pytest.raises(TokenInvalid):
        tokens.caller(token, key=other.at_hand(token))
    assert asked(tokens, token) == ADA
    assert decoded == [token] * 3


def test_a_token_that_differs_in_one_letter_is_another_token() -> None:
    tokens, token = Tokens(keys=SharedSecret(SECRET), issuer=None, audience=None), signed(seconds=60)
    asked(tokens, token)
    forged = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    with pytest.raises(TokenInvalid):
        asked(tokens, forged)


def test_those_asked_for_least_lately_are_forgotten_first() -> None:
    checked, key = CheckedTokens(most=2, now=lambda: 0), object()
    for token in ("a", "b"):
        checked.remember(token, Checked(caller=ADA, key=key, good_until=1))
    checked.caller("a", key=key)
    checked.remember("c", Checked(caller=ADA, key=key, good_until=1))
    assert [checked.caller(token, key=key) for token in "abc"] == [ADA, None, ADA]


def test_what_is_over_is_forgotten() -> None:
    now = 0.0
    checked, key = CheckedTokens(now=lambda: now), object()
    checked.remember("a", Checked(caller=ADA, key=key, good_until=10))
    now = 10.0
    assert checked.caller("a", key=key) is None
    now = 9.0
    assert checked.caller("a", key=key) is None
