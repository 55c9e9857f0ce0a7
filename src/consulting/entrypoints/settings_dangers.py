"""What makes a value dangerous, whoever declares it: each gives pairs of a field's name and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

SECRET_BYTES = 32
SECRET_CHARACTERS = 8
WEAK = f"is weak: give {SECRET_BYTES} random bytes or more, for example from `openssl rand -base64 48`"


def is_weak(secret: str) -> bool:
    """Tell whether the secret could be guessed."""
    return len(secret.encode()) < SECRET_BYTES or len(set(secret)) < SECRET_CHARACTERS


def left_from_sandbox(settings: object, starts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Go through the fields whose values begin as the sandbox's do, with what is wrong with them."""
    for field, start in starts.items():
        if str(getattr(settings, field)).startswith(start):
            yield field, "is the sandbox's: production needs your own"


def unencrypted(settings: object, *fields: str) -> Iterator[tuple[str, str]]:
    """Go through the addresses that aren't encrypted, with what is wrong with them."""
    for field in fields:
        if urlsplit(getattr(settings, field)).scheme != "https":
            yield field, "must begin with https:// in production"
