"""Repeated writes: the one place where `Idempotency-Key` is read, and where answers are kept for it.

A write under a key runs as any other; only that whatever it begins is a part of one transaction, which stays open until
the answer is made, and in which that answer is kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from consulting.application.ports.clock import Clock
from consulting.application.ports.retries import (
    Attempt,
    IdempotencyKeyReused,
    KeptAnswer,
    KeyedRequest,
    Retries,
    SentBefore,
)
from consulting.application.ports.transactions import TransactionConflict
from consulting.domain.errors import ConsultingError, ValidationFailed
from consulting.entrypoints.http.answers import Answer
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.places import Place, Places
from consulting.entrypoints.http.problems import envelope, headers_of, status_of
from consulting.entrypoints.http.sealing import Seal, Unsealable

_P = ParamSpec("_P")
_R = TypeVar("_R")

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
WRITES: Final = frozenset({"POST", "PATCH"})
LEASE: Final = timedelta(seconds=60)
"""Longer than any of our requests lasts: every wait for a provider or the database ends before."""

_NAME: Final = HEADER.lower().encode()
_FIT: Final = re.compile(rb"[\x20-\x7e]{1,255}")
_UNREADABLE: Final = (
    "What was kept for this Idempotency-Key can't be read any more: look at what there is, and use a new key."
)


class AnswerKept(Exception):
    """This request was answered before, and nothing of it is done again."""

    def __init__(self, answer: KeptAnswer) -> None:
        """Carry the answer to whoever gives it."""
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What is needed to keep answers: where, in whose places, by which clock, and under which seal."""

    retries: Retries
    places: Places
    clock: Clock
    seal: Seal


class Work:
    """The places that use cases run in; for a request under a key they do so as a part of its attempt.

    Where a provider is called in between (`with_provider`), there can be no single transaction. Whatever runs there
    must bear to be run again after it broke off: it calls the provider under keys of its own.
    """

    def __init__(self, places: Places, *, with_provider: bool = False) -> None:
        """Run in these places."""
        self._places, self._with_provider = places, with_provider

    async def run(self, call: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call in a place. Raises Overloaded, whatever the call raises, and what a repeated key leads to."""
        keyed = _KEYED.get()
        if keyed is None:
            return await self._places.run(call, *args, **kwargs)
        bound = partial(call, *args, **kwargs)
        if self._with_provider:
            await keyed.lease()
            return await self._places.run(bound)
        return await keyed.run(bound)

    async def run_long(self, call: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Do as `run` what reckons for long, or asks a partner's adapter: others are answered meanwhile."""
        return await self.run(self._places.aside, partial(call, *args, **kwargs))


class _Keyed:
    """One request under a key, from its first work to its answer."""

    def __init__(self, request: KeyedRequest, keeping: Keeping) -> None:
        self._request, self._keeping = request, keeping
        self._place: Place | None = None
        self._attempt: Attempt | None = None
        self._tried = False

    async def run(self, call: Callable[[], _R]) -> _R:
        """Run it as a part of this request's transaction, which it opens unless another part did."""
        return await (await self._own_place())(partial(self._joined, call))

    async def lease(self) -> None:
        """Record that the request runs, before anything is asked of a provider."""
        if self._place is not None:
            raise RuntimeError("no provider is called from within a transaction: let the handler's first work call it")
        if not self._tried:
            await self._keeping.places.run(self._lease)

    async def conclude(self, answer: KeptAnswer) -> KeptAnswer | None:
        """Keep the answer if it is one to keep; give another one if it turns out that there was one before."""
        if not kept(answer.status):
            await self.close()
        elif self._attempt is not None:
            await self._keep_or_refuse(self._attempt, answer)
        elif not self._tried:
            return await self._keep_alone(answer)
        return None

    async def _keep_or_refuse(self, attempt: Attempt, answer: KeptAnswer) -> None:
        """Keep the answer; if the work is refused at this last moment, keep that, and raise it."""
        try:
            await self._end(partial(self._keep, attempt, answer))
        except TransactionConflict:
            raise
        except ConsultingError as error:
            self._attempt = attempt
            refusal = _refusal(error)
            if kept(refusal.status):
                await self._end(partial(self._keep, attempt, refusal))
            raise

    async def close(self) -> None:
        """Undo what has not been kept; the place is free again also where whoever waits for that is canceled."""
        try:
            if self._attempt is not None:
                await self._end(self._attempt.drop)
        finally:
            self._leave()

    async def _keep_alone(self, answer: KeptAnswer) -> KeptAnswer | None:
        """Keep the answer of a request that never got to its work."""
        try:
            await self.run(bool)
        except AnswerKept as first:
            return _again(first.answer)
        return await self.conclude(answer)

    async def _own_place(self) -> Place:
        """Hold on to a place for as long as the transaction has its connection: there are as many of both."""
        if self._place is None:
            self._place = await self._keeping.places.take()
        return self._place

    def _leave(self) -> None:
        if self._place is not None:
            self._place = None
            self._keeping.places.give_back()

    async def _end(self, end: Callable[[], None]) -> None:
        self._attempt = None
        if self._place is None:
            await self._keeping.places.run(end)
        else:
            await self._place(end)
        self._leave()

    def _joined(self, call: Callable[[], _R]) -> _R:
        """Call within the attempt: in one that presumes the request to be new, and once more if it wasn't that new."""
        try:
            with (self._attempt or self._presume()).joined():
                return call()
        except SentBefore:
            self._drop()
        with self._begin().joined():
            return call()

    def _presume(self) -> Attempt:
        self._tried = True
        self._attempt = self._keeping.retries.presume(self._request)
        return self._attempt

    def _drop(self) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.drop()

    def _begin(self) -> Attempt:
        return self._found(self._keeping.retries.begin(self._request, at=self._keeping.clock.now()))

    def _lease(self) -> Attempt:
        self._tried = True
        now = self._keeping.clock.now()
        return self._found(self._keeping.retries.lease(self._request, until=now + LEASE, at=now))

    def _found(self, found: Attempt | KeptAnswer) -> Attempt:
        if isinstance(found, KeptAnswer):
            raise AnswerKept(self._opened(found))
        self._attempt = found
        return found

    def _keep(self, attempt: Attempt, answer: KeptAnswer) -> None:
        sealed = KeptAnswer(status=answer.status, headers=answer.headers, body=self._keeping.seal.close(answer.body))
        attempt.keep(sealed, at=self._keeping.clock.now())

    def _opened(self, answer: KeptAnswer) -> KeptAnswer:
        try:
            body = self._keeping.seal.open(answer.body)
        except Unsealable:
            raise IdempotencyKeyReused(_UNREADABLE) from None
        return KeptAnswer(status=answer.status, headers=answer.headers, body=body)


_KEYED: Final[ContextVar[_Keyed | None]] = ContextVar("keyed", default=None)


class Repeatable:
    """Gives a repeated write its first answer. Only signed-in callers have keys: a stranger could be anybody."""

    def __init__(self, app: ASGIApp, *, keeping: Keeping) -> None:
        """Wrap an application in which callers are recognized already."""
        self._app, self._keeping = app, keeping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on; under a key, keep the answer before it is sent."""
        key = _key_of(scope) if scope["type"] == ScopeType.HTTP and scope["user"] is not None else None
        if key is None:
            await self._app(scope, receive, send)
        else:
            await self._keyed(scope, receive, send, key=key)

    async def _keyed(self, scope: Scope, receive: Receive, send: Send, *, key: str) -> None:
        body = await ApiRequest(scope, receive=receive, send=send).body()  # the framework keeps it for the handler
        fingerprint = _fingerprint(scope, body)
        user = scope["user"]
        caller = user.user_id if user.person else f"key {user.user_id}"
        keyed = _Keyed(KeyedRequest(caller=caller, key=key, fingerprint=fingerprint), self._keeping)
        token = _KEYED.set(keyed)
        try:
            await self._app(scope, receive, _Passage(send, conclude=keyed.conclude).send)
        finally:
            _KEYED.reset(token)
            await keyed.close()


class _Passage:
    """Holds the answer back until it is kept."""

    def __init__(self, send: Send, *, conclude: Callable[[KeptAnswer], Awaitable[KeptAnswer | None]]) -> None:
        self._send, self._conclude = send, conclude
        self._start: Any = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            self._body += message["body"]
            if not message.get("more_body", False):
                await self._finish()

    async def _finish(self) -> None:
        headers = self._start["headers"]
        texts = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in headers if name != b"content-length"
        }
        answer = KeptAnswer(status=self._start["status"], headers=texts, body=bytes(self._body))
        try:
            first = await self._conclude(answer)
        except ConsultingError as error:
            first = _refusal(error)
        if first is not None:
            self._start["status"], self._body = first.status, bytearray(first.body)
            self._start["headers"] = _with_length(first)
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": bytes(self._body), "more_body": False})


def answer_kept(_: Request[Any, Any, Any], first: AnswerKept) -> Response[bytes]:
    """Give the first answer again."""
    answer = _again(first.answer)
    headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-type"}
    media_type = answer.headers.get("content-type", "application/json")
    return Answer(answer.body, status_code=answer.status, headers=headers, media_type=media_type)


def _again(answer: KeptAnswer) -> KeptAnswer:
    return KeptAnswer(status=answer.status, headers={**answer.headers, REPLAYED.lower(): "true"}, body=answer.body)


def _refusal(error: ConsultingError) -> KeptAnswer:
    headers = {"content-type": "application/json"} | {name.lower(): value for name, value in headers_of(error).items()}
    return KeptAnswer(status=status_of(error), headers=headers, body=envelope(error))


def _with_length(answer: KeptAnswer) -> list[tuple[bytes, bytes]]:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def kept(status: int) -> bool:
    """Tell whether an answer of this status is final; after any other, the same request may well succeed."""
    return 200 <= status < 300 or status in {404, 409}


def _key_of(scope: HTTPScope) -> str | None:
    """Read the key; None where there is none, or nothing is written. Raises ValidationFailed."""
    if scope["method"] not in WRITES:
        return None
    given = [value for name, value in scope["headers"] if name == _NAME]
    if not given:
        return None
    if len(given) > 1 or not _FIT.fullmatch(given[0]):
        raise ValidationFailed.of(HEADER, "give one key of 1 to 255 printable ASCII characters")
    return given[0].decode("ascii")


def _fingerprint(scope: HTTPScope | Any, body: bytes) -> bytes:
    """Tell this request from any other of its caller's."""
    parts = (scope["method"].encode(), scope["raw_path"], scope["query_string"], body)
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).digest()
