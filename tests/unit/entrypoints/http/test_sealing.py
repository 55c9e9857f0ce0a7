from __future__ import annotations

import pytest

from consulting.entrypoints.http.sealing import Seal, Unsealable

SECRET = "an-example-secret-that-is-long-enough"


@pytest.mark.parametrize("content", [b"", b'{"client_secret":"pi_1_secret"}', b"\x00" * 100_000])
def test_what_is_sealed_is_opened_with_the_same_secret(content: bytes) -> None:
    assert Seal(SECRET).open(Seal(SECRET).close(content)) == content


def test_nothing_of_the_content_shows() -> None:
    sealed = Seal(SECRET).close(b"client_secret")
    assert b"client_secret" not in sealed
    assert Seal(SECRET).close(b"client_secret") != sealed


def test_what_was_sealed_with_another_secret_stays_shut() -> None:
    sealed = Seal(SECRET).close(b"content")
    with pytest.raises(Unsealable):
        Seal(SECRET + "!").open(sealed)


def test_what_was_changed_stays_shut() -> None:
    sealed = Seal(SECRET).close(b"content")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Unsealable):
            Seal(SECRET).open(bytes(changed))


@pytest.mark.parametrize("length", range(30))
def test_what_is_too_short_to_be_sealed_stays_shut(length: int) -> None:
    with pytest.raises(Unsealable):
        Seal(SECRET).open(b"\x00" * length)
