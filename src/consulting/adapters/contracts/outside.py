"""What the suites of providers ask of a test: to make the line between the adapter and its provider fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from consulting.domain.errors import ConsultingError

WITHIN_SECONDS = 15.0
"""How long a call may take at most, whatever the other side does."""


class Line(Protocol):
    """The line from the adapter to its provider; each trouble lasts as long as its block."""

    def unreachable(self) -> AbstractContextManager[None]:
        """Let nothing arrive: nobody listens there."""

    def answer_lost(self) -> AbstractContextManager[None]:
        """Let calls be carried out, and cut the line before the answer."""

    def silent(self) -> AbstractContextManager[None]:
        """Let calls be taken and never answered; whether they are carried out is left open."""

    def credentials_refused(self) -> AbstractContextManager[None]:
        """Let the provider not know us."""


@contextmanager
def in_time() -> Iterator[None]:
    """Fail if the block takes longer than a call may take."""
    started = time.monotonic()
    yield
    took = time.monotonic() - started
    assert took < WITHIN_SECONDS, f"the call took {took:.1f} seconds, it has to end within {WITHIN_SECONDS:.0f}"


def told(call: str, error: Exception | None, *, due: str) -> str:
    """Say what a call raised, and what was due."""
    return f"{call} swallowed the error, {due} is due" if error is None else f"{call} raised {error!r}, {due} is due"


def error_of(call: Callable[[], object]) -> ConsultingError | None:
    """Give the port's error that the call raises, or None; anything but an error of ours comes through."""
    try:
        call()
    except ConsultingError as error:
        return error
    return None
