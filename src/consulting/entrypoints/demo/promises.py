"""What the tour insists on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from consulting.entrypoints.demo import telling

_T = TypeVar("_T")
PAUSE_SECONDS: Final = 0.1


class NotAsPromised(Exception):
    """A step of the tour didn't come out as it should; the message says which, in a sentence."""


def expect(kept: object, sentence: str) -> None:
    """Go on if this is so, and say it; raise NotAsPromised otherwise."""
    if not kept:
        raise NotAsPromised(f"This should be so, and is not: {sentence}.")
    telling.promise_kept(sentence)


def wait_for(look: Callable[[], _T | None], *, what: str, seconds: float = 20.0) -> _T:
    """Look again and again until something is there, and give it; raise NotAsPromised when it doesn't come."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > until:
            raise NotAsPromised(f"This should have come within {seconds:.0f} seconds, and did not: {what}.")
        time.sleep(PAUSE_SECONDS)
