"""Idempotency keys: one key, one execution, the same answer again (docs.stripe.com/api/idempotent_requests)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.store import Document, Store
from consulting.entrypoints.sandbox.stripe.refusals import idempotency_error, invalid

_LONGEST: Final = 255
_KEPT_SECONDS: Final = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """A POST with an idempotency key, as far as a second one must agree with it."""

    key: str
    scope: str
    path: str
    given: dict[str, Any]

    @property
    def place(self) -> str:
        """Where its answer is kept: keys of different API keys don't meet."""
        return f"{self.scope}:{self.key}"

    @property
    def fingerprint(self) -> str:
        """Equal for equal parameters in any order."""
        return hashlib.sha256(json.dumps(self.given, sort_keys=True).encode()).hexdigest()


class IdempotencyKeys:
    """The answers that were given to keys, kept for 24 hours, and the keys that are at work now."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._at_work: set[str] = set()

    def answer_to(self, request: KeyedRequest) -> Document | None:
        """Return the answer that was kept, or None if the request is new.

        Raises Refusal if the key is too long, was used with another path or other parameters (400), or is at work
        this moment (409).
        """
        if len(request.key) > _LONGEST:
            raise invalid(f"Idempotency keys can be up to {_LONGEST} characters long.")
        if request.place in self._at_work:
            message = (
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                "submitted twice, and the other request is still going through). Please try again later."
            )
            raise invalid(message, code="idempotency_key_in_use", status=409)
        kept = self._store.find("idempotency", request.place)
        if kept is None or kept["at"] < clock.now() - _KEPT_SECONDS:
            return None
        _check_same(request, kept)
        return kept

    @contextmanager
    def at_work(self, request: KeyedRequest) -> Iterator[None]:
        """Mark the key as being at work."""
        self._at_work.add(request.place)
        try:
            yield
        finally:
            self._at_work.discard(request.place)

    def keep(self, request: KeyedRequest, *, status: int, body: str, request_id: str) -> None:
        """Keep an answer for later requests with the key."""
        kept = {
            "at": clock.now(),
            "path": request.path,
            "fingerprint": request.fingerprint,
            "status": status,
            "body": body,
            "request_id": request_id,
        }
        self._store.put("idempotency", request.place, kept)


def _check_same(request: KeyedRequest, kept: Document) -> None:
    if kept["path"] != request.path:
        raise idempotency_error(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{request.path}' vs '{kept['path']}'). Try using a key other than '{request.key}' if you meant to "
            "execute a different request."
        )
    if kept["fingerprint"] != request.fingerprint:
        raise idempotency_error(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{request.key}' if you meant to execute a different request."
        )
