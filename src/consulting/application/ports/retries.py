"""Requests that come with a key, so that whoever repeats one gets its first answer and nothing is done twice."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consulting.domain.errors import ConsultingError


class IdempotencyKeyReused(ConsultingError):
    """This Idempotency-Key came with another request before: give each request a key of its own."""

    code = "IDEMPOTENCY_KEY_REUSED"


class RequestInProgress(ConsultingError):
    """The first request with this Idempotency-Key is still running: repeat it in a moment to get its answer."""

    code = "REQUEST_IN_PROGRESS"


class SentBefore(Exception):
    """A request was presumed to be new, and isn't: it runs at this moment, or something is kept of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """A request under a key of its caller's; the fingerprint, 32 bytes, tells it from any other."""

    caller: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer as it was given first; what its body looks like is the keeper's business alone."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRequest:
    """What is kept of a request: its answer, or until when somebody is at work on it."""

    fingerprint: bytes
    leased_until: datetime | None = None
    answer: KeptAnswer | None = None


def judge(known: KnownRequest | None, request: KeyedRequest, *, at: datetime) -> KeptAnswer | None:
    """Give the answer to repeat; None if the request may run, since nobody is at work on it any more.

    Raises IdempotencyKeyReused and RequestInProgress.
    """
    if known is None:
        return None
    if known.fingerprint != request.fingerprint:
        raise IdempotencyKeyReused
    if known.leased_until is not None and at < known.leased_until:
        raise RequestInProgress
    return known.answer


class Attempt(Protocol):
    """A request that runs now. End it by `keep` or `drop`; ending it twice does nothing more.

    Safe to hand from one thread to the next.
    """

    def joined(self) -> AbstractContextManager[None]:
        """Make the transactions that this thread begins within the block a part of this attempt, if it has one.

        Each of them can still be undone alone. What stands against one is raised at its end, when another begins, or
        when the answer is kept.
        """

    def keep(self, answer: KeptAnswer, *, at: datetime) -> None:
        """Keep the answer, and commit it together with all that has joined. Raises as a transaction's end does.

        After StorageUnavailable and TransactionConflict nothing is left of the attempt. After any other refusal what
        was refused is undone, and the attempt goes on: keep the answer that this leads to, or drop it.
        """

    def drop(self) -> None:
        """Undo what has joined, and let a repeated request run anew."""


class Retries(Protocol):
    """Where answers are kept; safe to share between threads."""

    def begin(self, request: KeyedRequest, *, at: datetime) -> Attempt | KeptAnswer:
        """Open one transaction for all that the request does, or give the answer that is kept.

        Raises IdempotencyKeyReused, RequestInProgress (at once, nobody waits) and StorageUnavailable.
        """

    def presume(self, request: KeyedRequest) -> Attempt:
        """Open one transaction as `begin` does, presuming that the request is new, as most are.

        Where it isn't, SentBefore says so at once, nobody waits: here, or by the end of what joins first, or of `keep`.
        Nothing was done then: drop the attempt if there is one, and let `begin` tell what is known.
        """

    def lease(self, request: KeyedRequest, *, until: datetime, at: datetime) -> Attempt | KeptAnswer:
        """Record, for good, that the request runs until then at most; or give the answer that is kept.

        For work that can't be one transaction, since a provider is called in between: whoever repeats the request after
        that instant runs it again. Raises as `begin`.
        """
