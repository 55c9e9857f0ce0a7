"""Whose request it is: API keys by Bearer, by Basic, or in the form, as Stripe.js sends them (docs.stripe.com/keys)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from consulting.entrypoints.sandbox.options import SandboxOptions
from consulting.entrypoints.sandbox.stripe.calls import KeyKind
from consulting.entrypoints.sandbox.stripe.refusals import invalid, unauthenticated


def key_of(authorization: str | None, given: dict[str, Any]) -> str:
    """Take a request's API key, out of the parameters if it stands there. Raises Refusal (401) if there is none."""
    in_form = given.pop("key", None)
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    if scheme.lower() == "basic":
        return _user_of(credentials)
    if isinstance(in_form, str) and in_form:
        return in_form
    raise unauthenticated(
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "
        "auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
    )


def kind_of(key: str, options: SandboxOptions, *, publishable_allowed: bool) -> KeyKind:
    """Tell which of the account's keys it is.

    Raises Refusal: 401 for any other key, 403 for a browser's where that isn't enough.
    """
    if key == options.secret_key:
        return "secret"
    if key != options.publishable_key:
        raise unauthenticated(f"Invalid API Key provided: {_masked(key)}")
    if not publishable_allowed:
        message = "This API call cannot be made with a publishable API key. Please use a secret API key."
        raise invalid(message, code="secret_key_required", status=403)
    return "publishable"


def _user_of(credentials: str) -> str:
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise unauthenticated("Invalid authorization header.") from error


def _masked(key: str) -> str:
    return f"{key[:7]}{'*' * max(0, len(key) - 11)}{key[-4:]}" if len(key) > 11 else "*" * len(key)
