from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from consulting.entrypoints.http.refusals import SignInUnavailable, TokenInvalid
from consulting.entrypoints.http.tokens import Tokens, tokens_of
from consulting.entrypoints.settings import Mode, load_settings


class Issuer:
    """An issuer of tokens whose public keys are found at an address."""

    def __init__(self) -> None:
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.answers = 200
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
        self._thread.join(5)

    def makes(self, kid: str) -> None:
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1())

    def token(self, kid: str) -> str:
        claims = {"sub": "ada", "exp": int(time.time()) + 60, "iss": "issuer", "aud": "consulting"}
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
                body = json.dumps(issuer.published()).encode()
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


@pytest.fixture
def tokens(issuer: Issuer) -> Tokens:
    environ = {"CONSULTING_JWT_JWKS": issuer.url, "CONSULTING_JWT_ISSUER": "issuer", "CONSULTING_HOME": "/nonexistent"}
    return tokens_of(load_settings(environ, mode=Mode.SANDBOX))


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
    tokens.keys.client.cooldown_duration = 0  # type: ignore[attr-defined] # these are keys of an address

    assert tokens.caller(issuer.token("two")).user_id == "ada"


def test_an_issuer_that_does_not_answer_is_no_fault_of_the_token(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    issuer.answers = 503

    with pytest.raises(SignInUnavailable):
        tokens.caller(issuer.token("one"))


def test_an_issuer_without_keys_lets_nobody_in(issuer: Issuer, tokens: Tokens) -> None:
    issuer.makes("one")
    token = issuer.token("one")
    issuer.keys.clear()

    with pytest.raises((TokenInvalid, SignInUnavailable)):
        tokens.caller(token)
