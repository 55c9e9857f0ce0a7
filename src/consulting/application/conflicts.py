"""Running a transaction once more when another one was in its way."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from consulting.application.ports.transactions import TransactionConflict

_P = ParamSpec("_P")
_R = TypeVar("_R")

TRIES = 3


def retry_on_conflict(run: Callable[_P, _R]) -> Callable[_P, _R]:
    """Call again, a bounded number of times, after a TransactionConflict: nothing had been changed.

    Fit only for what does all its work in transactions, or repeats calls to providers under the same keys.
    """

    @wraps(run)
    def with_retries(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        for _ in range(TRIES - 1):
            try:
                return run(*args, **kwargs)
            except TransactionConflict:
                continue
        return run(*args, **kwargs)

    return with_retries
