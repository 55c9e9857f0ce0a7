"""Dying between any two steps: a fuse that burns one step at each transaction and each call to the outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from consulting.application.ports.transactions import Transaction, Transactions


class Crash(BaseException):
    """The process is gone. No `except Exception` of the code under test may stop it."""


@dataclass
class Fuse:
    """Burns down by one each step and then kills; None never does."""

    steps_left: int | None = None

    def step(self) -> None:
        if self.steps_left is None:
            return
        if self.steps_left == 0:
            self.steps_left = None
            raise Crash
        self.steps_left -= 1


@dataclass
class FragileTransactions:
    """Transactions that the process can die before, just before committing, and just after."""

    inner: Transactions
    fuse: Fuse

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        self.fuse.step()
        with self.inner.begin() as tx:
            yield tx
            self.fuse.step()
        self.fuse.step()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        self.fuse.step()
        with self.inner.reading() as tx:
            yield tx


class Fragile:
    """Any port of the outside: the process can die before a call, and after it before the answer is taken in."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._fuse.step()
            answer = found(*args, **kwargs)
            self._fuse.step()
            return answer

        return call
