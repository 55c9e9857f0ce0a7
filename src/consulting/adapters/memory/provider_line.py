"""The line to an outside system, which can be made to fail: before anything is done, or after it was done."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum


class Trouble(StrEnum):
    """What can go wrong with a call.

    DOWN: it never arrives, nothing is done; ANSWER_LOST: it is carried out, and nobody hears of it; REFUSED: the other
    side won't have it, for good.
    """

    DOWN = "down"
    ANSWER_LOST = "answer_lost"
    REFUSED = "refused"


class ProviderLine:
    """The troubles to come: `standing` for every call, and before those the ones that were ordered for single calls."""

    def __init__(self) -> None:
        """Begin without any trouble."""
        self.standing: Trouble | None = None
        self._coming: deque[Trouble | None] = deque()

    def order(self, *troubles: Trouble | None) -> None:
        """Let the next calls, one after the other, meet these troubles; None lets a call pass."""
        self._coming.extend(troubles)

    @contextmanager
    def suffering(self, trouble: Trouble) -> Iterator[None]:
        """Let every call within the block meet this trouble."""
        before, self.standing = self.standing, trouble
        try:
            yield
        finally:
            self.standing = before

    def next(self) -> Trouble | None:
        """Give the trouble of the call that is made now."""
        return self._coming.popleft() if self._coming else self.standing
