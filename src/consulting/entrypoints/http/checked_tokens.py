"""Tokens that were found good a moment ago: checking one anew takes as long as a statement does."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from consulting.application.callers import Caller

MOST: Final = 1_000
"""Tokens that are remembered; those asked for least lately are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whom a token names, the key that it was checked with, and the POSIX time in seconds until which it is good."""

    caller: Caller
    key: Any
    good_until: float


class CheckedTokens:
    """Remembers tokens, each for as long as it is good and its key the one to check it with. For one event loop."""

    def __init__(self, *, most: int = MOST, now: Callable[[], float] = time.time) -> None:
        """Remember none yet."""
        self._most, self._now = most, now
        self._checked: OrderedDict[str, Checked] = OrderedDict()

    def caller(self, token: str, *, key: Any) -> Caller | None:
        """Give whom the token names; None if it must be checked."""
        known = self._checked.get(token)
        if known is None:
            return None
        if known.key is not key or known.good_until <= self._now():
            del self._checked[token]
            return None
        self._checked.move_to_end(token)
        return known.caller

    def remember(self, token: str, checked: Checked) -> None:
        """Remember a token that was found good."""
        self._checked[token] = checked
        if len(self._checked) > self._most:
            self._checked.popitem(last=False)
