from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import example, given
from hypothesis import strategies as st

from consulting.application.callers import Caller
from consulting.entrypoints.http.refusals import TokenInvalid
from consulting.entrypoints.http.signing_keys import SharedSecret
from consulting.entrypoints.http.tokens import Parts, Tokens, tokens_of
from consulting.entrypoints.settings import Mode, load_settings

SECRET = "an-example-secret-that-is-long-enough-for-every-one-of-the-hmac-algorithms"
PRIVATE: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
READERS: dict[str, Any] = {
    "RS256": jwt.algorithms.RSAAlgorithm,
    "ES256": jwt.algorithms.ECAlgorithm,
    "EdDSA": jwt.algorithms.OKPAlgorithm,
}


def claims(**changes: Any) -> dict[str, Any]:
    given = {"sub": "user-1", "exp": int(time.time()) + 600, "iss": "issuer", "aud": "consulting"} | changes
    return {name: value for name, value in given.items() if value is not None}


def signed(given: dict[str, Any], *, secret: str = SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(given, secret, algorithm=algorithm)


def shared() -> Tokens:
    return Tokens(keys=SharedSecret(SECRET), issuer="issuer", audience="consulting")


def caller(token: str, tokens: Tokens | None = None) -> Caller:
    checked = tokens or shared()
    return checked.caller(token, key=checked.key_at_hand(token))


def unsigned(header: dict[str, Any], given: dict[str, Any]) -> str:
    parts = (json.dumps(header).encode(), json.dumps(given).encode(), b"")
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_a_caller_is_who_the_token_says() -> None:
    token = signed(
        claims(email="ada@example.org", name="Ada", zoneinfo="Europe/Berlin", roles=["admin", "other"], extra=[1])
    )

    assert caller(token) == Caller(
        user_id="user-1",
        email="ada@example.org",
        name="Ada",
        timezone="Europe/Berlin",
        roles=frozenset({"admin", "other"}),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\x00b"},
        {"sub": "\ud800"},
        {"sub": "x" * 300},
        {"sub": "key:01931b73-3f5e-7c42-9e27-9d8bf40c317a"},
        {"sub": "erased:01931b76-6c81-7f75-8b5a-20bec73f64ad"},
        {"iss": "somebody else"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"nbf": 2**40},
        {"iat": 2**40},
    ],
    ids=str,
)
def test_a_token_whose_claims_do_not_hold_is_invalid(changes: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        caller(signed(claims(**changes)))


def test_a_token_ends_when_it_says() -> None:
    with pytest.raises(TokenInvalid):
        caller(signed(claims(exp=int(time.time()) - 40)))


def test_clocks_may_differ_by_half_a_minute() -> None:
    assert caller(signed(claims(exp=int(time.time()) - 20))).user_id == "user-1"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "x" * 9000,
        "é.é.é",
        unsigned({"alg": "none", "typ": "JWT"}, claims()),
        unsigned({"alg": "HS256", "kid": {"a": 1}}, claims()),
        signed(claims(), algorithm="HS512"),
        signed(claims(), secret=SECRET + "!"),
        signed(claims())[:-2],
        jwt.encode(claims(), PRIVATE["RS256"], algorithm="RS256"),
    ],
    ids=range(11),
)
def test_what_is_not_signed_with_our_secret_is_invalid(token: str) -> None:
    with pytest.raises(TokenInvalid):
        caller(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"email": 7},
        {"email": "no address"},
        {"email": "a@b\r\nBcc: all@example.org"},
        {"name": "\x00"},
        {"zoneinfo": "Mars/Olympus"},
        {"zoneinfo": "../../etc/passwd"},
        {"zoneinfo": ["UTC"]},
        {"roles": "admin"},
        {"roles": [{"admin": True}]},
    ],
    ids=str,
)
def test_a_claim_that_makes_no_sense_counts_as_absent(changes: dict[str, Any]) -> None:
    assert caller(signed(claims(**changes))) == Caller(user_id="user-1")


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keys = []
    for algorithm, private in PRIVATE.items():
        public = READERS[algorithm].to_jwk(private.public_key(), as_dict=True)
        keys.append(public | {"kid": algorithm, "use": "sig"})
    file = tmp_path_factory.mktemp("keys") / "jwks.json"
    file.write_text(json.dumps({"keys": keys}))
    return file


@pytest.fixture
def from_file(key_file: Path, tmp_path: Path) -> Tokens:
    environ = {"CONSULTING_HOME": str(tmp_path), "CONSULTING_JWT_JWKS": str(key_file)}
    environ |= {"CONSULTING_JWT_ISSUER": "issuer", "CONSULTING_JWT_AUDIENCE": "consulting"}
    return tokens_of(load_settings(environ, mode=Mode.SANDBOX))


def test_a_public_key_is_refused_as_the_secret() -> None:
    public = (
        PRIVATE["RS256"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(ValueError, match="secret"):
        SharedSecret(public.decode())


@pytest.mark.parametrize("algorithm", PRIVATE)
def test_the_issuers_public_keys_check_its_tokens(from_file: Tokens, algorithm: str) -> None:
    token = jwt.encode(claims(), PRIVATE[algorithm], algorithm=algorithm, headers={"kid": algorithm})

    assert caller(token, from_file).user_id == "user-1"


def test_a_public_key_is_no_shared_secret(from_file: Tokens) -> None:
    public = (
        PRIVATE["RS256"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    body = signed(claims()).split(".")[1]
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"RS256"}').rstrip(b"=").decode()
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        f"{header}.{body}".encode(), public
    )
    forged = f"{header}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    with pytest.raises(TokenInvalid):
        caller(forged, from_file)


@pytest.mark.parametrize("kid", ["unknown", "ES256", None])
def test_a_token_of_another_key_is_invalid(from_file: Tokens, kid: str | None) -> None:
    token = jwt.encode(claims(), PRIVATE["RS256"], algorithm="RS256", headers={"kid": kid} if kid else None)

    with pytest.raises(TokenInvalid):
        caller(token, from_file)


def read(reader: jwt.PyJWS, part: bytes) -> bytes | None:
    try:
        return reader._decode_base64url_segment(part, "payload")
    except jwt.DecodeError:
        return None


@given(
    st.one_of(
        st.binary(max_size=40),
        st.binary(max_size=40).map(base64.urlsafe_b64encode),
        st.binary(max_size=40).map(lambda content: base64.urlsafe_b64encode(content).rstrip(b"=")),
        st.text("AQgw_-+/= \n\tzé", max_size=12).map(str.encode),
    )
)
@example(b"")
@example(b"e30")  # {}
@example(b"e31")  # the same, but for bits that mean nothing
@example(b"e30=")
@example(b"e30==")
@example(b"e 30")
@example(b"e30\n")
@example(b"+/+/")
@example(b"-_-_")
@example(b"A")
def test_a_part_of_a_token_is_read_as_the_library_reads_it(part: bytes) -> None:
    assert read(Parts(), part) == read(jwt.PyJWS(), part)


def test_the_library_asks_our_reading_of_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    decode = Parts._decode_base64url_segment

    def listening(parts: Parts, part: bytes, name: str) -> bytes:
        asked.append(name)
        return decode(parts, part, name)

    monkeypatch.setattr(Parts, "_decode_base64url_segment", listening)

    assert caller(signed(claims())).user_id == "user-1"
    assert asked == ["header", "payload", "crypto"]


@pytest.mark.parametrize("change", ["{}.", ".{}", "{} ", "{}\n", "{}!", "{}AA"])
def test_a_token_that_is_written_otherwise_is_another(change: str) -> None:
    with pytest.raises(TokenInvalid):
        caller(change.format(signed(claims())))
