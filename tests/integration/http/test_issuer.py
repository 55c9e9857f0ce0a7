from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from consulting.entrypoints.http import signing_keys
from consulting.entrypoints.http.refusals import SignInUnavailable, TokenInvalid
from consulting.entrypoints.http.signing_keys import FRESH_SECONDS, KEPT_SECONDS, PAUSE_SECONDS, IssuerKeys
from consulting.entrypoints.http.tokens import Tokens, tokens_of
from consulting.entrypoints.settings import Mode, load_settings
from tests.integration.instance import PATIENCE, eventually
from tests.unit.entrypoints.http.frontend import opened, refusal


class Issuer:
    """An issuer of tokens whose public keys are found at an address."""

    def __init__(self) -> None:
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.answers = 200
        self.instead: bytes | None = None
        self.asked = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)

    def makes(self, kid: str) -> None:
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1())

    def token(self, kid: str) -> str:
        claims = {"sub": "ada", "exp": int(time.time()) + 600, "iss": "issuer", "aud": "consulting"}
        return jwt.encode(claims, self.keys[kid], algorithm="ES256", headers={"kid": kid})

    def published(self) -> dict[str, Any]:
        public = {
            kid: jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True) for kid, key in self.keys.items()
        }
        return {"keys": [jwk | {"kid": kid, "use": "sig"} for kid, jwk in public.items()]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                body = json.dumps(issuer.published()).encode() if issuer.instead is None else issuer.instead
                self.send_response(issuer.answers)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Keep quiet."""

        return Handler


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    try:
        yield issuer
    finally:
        issuer.close()


def settings_for(jwks: str) -> dict[str, str]:
    return {
        "CONSULTING_JWT_SECRET": "",
        "CONSULTING_JWT_JWKS": jwks,
        "CONSULTING_JWT_ISSUER": "issuer",
        "CONSULTING_HOME": "/nonexistent",
    }


@pytest.fixture(autouse=True)
def much_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a busy machine count as no outage of the issuer."""
    monkeypatch.setattr(signing_keys, "ISSUER_SECONDS", PATIENCE)


@pytest.fixture
def tokens(issuer: Issuer) -> Tokens:
    """What recognizes tokens, by a clock that stands still unless a test lets time go by."""
    tokens = tokens_of(load_settings(settings_for(issuer.url), mode=Mode.SANDBOX))
    assert isinstance(tokens.keys, IssuerKeys)
    now = tokens.keys._now()
    tokens.keys._now = lambda: now
    return tokens


def wait(tokens: Tokens, seconds: float) -> None:
    """Let time go by for the keys that are kept."""
    keys = tokens.keys
    assert isinstance(keys, IssuerKeys)
    before = keys._now
    keys._now = lambda: before() + seconds


def caller(tokens: Tokens, token: str) -> str:
    """Recognize a caller as the API does: with the key at hand if there is one."""
    return tokens.caller(token, key=tokens.key_at_hand(token)).user_id


def test_keys_are_fetched_once_and_then_at_hand(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    token = issuer.token("one")

    assert tokens.key_at_hand(token) is None
    assert tokens.caller(token).user_id == "ada"
    key = tokens.key_at_hand(token)
    assert key is not None
    assert tokens.caller(token, key=key).user_id == "ada"
    assert issuer.asked == 1


def test_unknown_keys_do_not_make_us_ask_again_and_again(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    tokens.caller(issuer.token("one"))
    issuer.makes("two")

    for _ in range(5):
        with pytest.raises(TokenInvalid):
            tokens.caller(issuer.token("two"))

    assert issuer.asked == 1


def test_a_new_key_is_asked_for_once_some_time_has_passed(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    tokens.caller(issuer.token("one"))
    issuer.makes("two")
    wait(tokens, PAUSE_SECONDS)

    assert tokens.caller(issuer.token("two")).user_id == "ada"


def test_keys_are_rotated(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    old = issuer.token("one")
    assert caller(tokens, old) == "ada"
    del issuer.keys["one"]
    issuer.makes("two")
    wait(tokens, FRESH_SECONDS)

    assert caller(tokens, issuer.token("two")) == "ada"
    with pytest.raises(TokenInvalid):
        caller(tokens, old)
    assert issuer.asked == 2


def test_an_issuer_that_does_not_answer_is_no_fault_of_the_token(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    issuer.answers = 503

    with pytest.raises(SignInUnavailable):
        tokens.caller(issuer.token("one"))


def test_keys_that_were_read_are_good_while_the_issuer_is_away(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    token = issuer.token("one")
    caller(tokens, token)
    issuer.answers = 503
    wait(tokens, FRESH_SECONDS)

    assert [caller(tokens, token) for _ in range(5)] == ["ada"] * 5
    assert issuer.asked == 2


def test_a_key_that_is_not_among_them_is_then_no_fault_of_the_token(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    caller(tokens, issuer.token("one"))
    issuer.makes("two")
    issuer.answers = 503
    wait(tokens, PAUSE_SECONDS)

    for _ in range(3):
        with pytest.raises(SignInUnavailable):
            caller(tokens, issuer.token("two"))
    assert issuer.asked == 2
    issuer.answers = 200
    wait(tokens, PAUSE_SECONDS)
    assert caller(tokens, issuer.token("two")) == "ada"


def test_keys_are_kept_for_a_day_and_no_longer(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    token = issuer.token("one")
    caller(tokens, token)
    issuer.answers = 503
    wait(tokens, KEPT_SECONDS + 1)

    with pytest.raises(SignInUnavailable):
        caller(tokens, token)


@pytest.mark.parametrize("instead", [b"<html>hello</html>", b"\xff", b"[]", b"7", b'{"keys": 7}', b"[" * 100_000])
def test_an_issuer_that_talks_nonsense_counts_as_one_that_does_not_answer(
    issuer: Issuer, tokens: Tokens, instead: bytes
) -> None:
    issuer.makes("one")
    issuer.instead = instead

    with pytest.raises(SignInUnavailable):
        caller(tokens, issuer.token("one"))


def test_many_who_come_at_once_have_the_issuer_asked_once(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    token = issuer.token("one")

    with ThreadPoolExecutor(16) as crowd:
        found = list(crowd.map(lambda _: caller(tokens, token), range(64)))

    assert found == ["ada"] * 64
    assert issuer.asked == 1


def test_an_issuer_without_keys_lets_nobody_in(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    token = issuer.token("one")
    issuer.keys.clear()

    with pytest.raises((TokenInvalid, SignInUnavailable)):
        tokens.caller(token)


@pytest.mark.parametrize(
    "kid",
    ["../../../dev/null", "/etc/passwd", "' OR 1=1 --", "one\x00", "x" * 4000, "", "http://127.0.0.1/jwks", "ONE"],
)
def test_a_key_id_is_only_ever_compared(issuer: Issuer, tokens: Tokens, kid: str) -> None:
    issuer.makes("one")
    caller(tokens, issuer.token("one"))
    claims = {"sub": "ada", "exp": int(time.time()) + 600, "iss": "issuer", "aud": "consulting"}
    forged = jwt.encode(claims, issuer.keys["one"], algorithm="ES256", headers={"kid": kid})

    with pytest.raises(TokenInvalid):
        caller(tokens, forged)
    assert issuer.asked == 1


def test_a_key_in_the_token_itself_or_at_an_address_that_it_names_is_not_looked_at(
    issuer: Issuer, tokens: Tokens
) -> None:
    issuer.makes("one")
    caller(tokens, issuer.token("one"))
    own = ec.generate_private_key(ec.SECP256R1())
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(own.public_key(), as_dict=True)
    claims = {"sub": "ada", "exp": int(time.time()) + 600, "iss": "issuer", "aud": "consulting"}
    forged = jwt.encode(claims, own, algorithm="ES256", headers={"kid": "one", "jwk": jwk, "jku": issuer.url})

    with pytest.raises(TokenInvalid):
        caller(tokens, forged)
    assert issuer.asked == 1


def test_a_token_without_a_key_id_is_taken_where_only_one_key_can_be_meant(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    claims = {"sub": "ada", "exp": int(time.time()) + 600, "iss": "issuer", "aud": "consulting"}
    nameless = jwt.encode(claims, issuer.keys["one"], algorithm="ES256")

    assert caller(tokens, nameless) == "ada"
    issuer.makes("two")
    wait(tokens, FRESH_SECONDS)
    with pytest.raises(TokenInvalid):
        caller(tokens, nameless)


def test_a_key_file_is_read_again_when_it_changes(issuer: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    issuer.makes("one")
    file.write_text(json.dumps(issuer.published()))
    tokens = tokens_of(load_settings(settings_for(str(file)), mode=Mode.SANDBOX))
    assert caller(tokens, issuer.token("one")) == "ada"

    issuer.makes("two")
    file.write_text(json.dumps(issuer.published()))
    wait(tokens, PAUSE_SECONDS)
    assert caller(tokens, issuer.token("two")) == "ada"

    file.write_text("half a fi")
    wait(tokens, FRESH_SECONDS)
    assert caller(tokens, issuer.token("one")) == "ada"


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "!"}]}'])
def test_a_key_file_without_keys_is_refused_at_the_start(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content)

    with pytest.raises(ValueError, match=r"\S"):
        tokens_of(load_settings(settings_for(str(file)), mode=Mode.SANDBOX))


def test_over_the_api_an_outage_is_503_until_keys_are_there_and_nothing_afterwards(issuer: Issuer) -> None:
    issuer.makes("one")
    issuer.answers = 503
    headers = {"Authorization": f"Bearer {issuer.token('one')}"}
    with opened(market=None, **settings_for(issuer.url)) as front:
        first = front.call("GET", "/api/sessions", headers=headers)
        junk = front.call("GET", "/api/sessions", headers={"Authorization": "Bearer junk"})
        issuer.answers = 200
        eventually(lambda: front.call("GET", "/api/sessions", headers=headers).status_code == 200)
        issuer.answers = 503
        afterwards = front.call("GET", "/api/sessions", headers=headers)

    assert refusal(first) == (503, "SIGN_IN_UNAVAILABLE")
    assert int(first.headers["Retry-After"]) > 0
    assert refusal(junk) == (401, "TOKEN_INVALID")
    assert afterwards.status_code == 200
