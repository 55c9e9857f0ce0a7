from __future__ import annotations

import dataclasses
from pathlib import Path

import jwt
import pytest

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.settings import Mode, Settings, load_settings
from consulting.entrypoints.tokens import LIFETIME_SECONDS, issue_token


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"CONSULTING_HOME": str(tmp_path)}, mode=Mode.SANDBOX)


def test_a_token_carries_what_was_asked_for_and_this_instances_issuer_and_audience(settings: Settings) -> None:
    token = issue_token(settings, user="u1", email="u1@example.org", name="Ü One", zone="Asia/Kolkata", roles=["admin"])

    claims = jwt.decode(
        token, settings.jwt_secret, ["HS256"], audience=settings.jwt_audience, issuer=settings.jwt_issuer
    )
    assert claims.pop("exp") - claims.pop("iat") == LIFETIME_SECONDS
    assert claims == {
        "sub": "u1",
        "email": "u1@example.org",
        "name": "Ü One",
        "zoneinfo": "Asia/Kolkata",
        "roles": ["admin"],
        "iss": "consulting-sandbox",
        "aud": "consulting",
    }


def test_what_was_not_asked_for_is_absent(settings: Settings) -> None:
    claims = jwt.decode(issue_token(settings, user="u1"), options={"verify_signature": False})

    assert set(claims) == {"sub", "iss", "aud", "iat", "exp"}


def test_production_makes_no_tokens(settings: Settings) -> None:
    with pytest.raises(CannotStart, match="from your issuer"):
        issue_token(dataclasses.replace(settings, mode=Mode.PRODUCTION), user="u1")


def test_an_instance_that_trusts_another_issuers_keys_makes_no_tokens(settings: Settings) -> None:
    with pytest.raises(CannotStart, match="CONSULTING_JWT_JWKS"):
        issue_token(dataclasses.replace(settings, jwt_secret="", jwt_jwks="keys.json"), user="u1")
