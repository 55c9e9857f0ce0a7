"""The way of each request to Stripe's API: who asks, what for, was it asked before, which fault strikes."""

from __future__ import annotations

import json
import logging
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Final

from litestar import Response

from consulting.entrypoints.sandbox.connections import AnyRequest, drop
from consulting.entrypoints.sandbox.faults import Fault
from consulting.entrypoints.sandbox.form_encoding import MalformedForm, parse_form
from consulting.entrypoints.sandbox.identifiers import new_id
from consulting.entrypoints.sandbox.stripe.books import API_VERSION, Books, Cause
from consulting.entrypoints.sandbox.stripe.calls import Call, KeyKind, Operation, expanded
from consulting.entrypoints.sandbox.stripe.idempotency import IdempotencyKeys, KeyedRequest
from consulting.entrypoints.sandbox.stripe.keys import key_of, kind_of
from consulting.entrypoints.sandbox.stripe.refusals import Refusal, api_error, invalid

_log: Final = logging.getLogger(__name__)
Answer = Response[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Incoming:
    """A request that has been read: what is asked, with whose key."""

    operation: Operation
    path: str
    id: str
    given: dict[str, Any]
    key: KeyKind
    version: str | None
    idempotency_key: str | None
    request_id: str

    @property
    def keyed(self) -> KeyedRequest | None:
        """Its idempotency key, if it has one that counts: GET needs none."""
        if self.idempotency_key is None or self.operation.method != "POST":
            return None
        return KeyedRequest(key=self.idempotency_key, scope=self.key, path=self.path, given=self.given)


class StripeDesk:
    """Answers requests with the account's books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._keys = IdempotencyKeys(books.store)

    async def answer(self, request: AnyRequest, operation: Operation) -> Answer:
        """Return the answer to a request, misbehaving as the faults want it."""
        request_id = new_id("req")
        try:
            incoming = await self._read(request, operation, request_id)
            return await self._under_faults(request, incoming)
        except Refusal as refusal:
            return answer(refusal.status, {"error": refusal.error}, request_id=request_id)

    async def _read(self, request: AnyRequest, operation: Operation, request_id: str) -> _Incoming:
        given = _form(request.scope["query_string"] if operation.method == "GET" else await request.body())
        key = key_of(request.headers.get("authorization"), given)
        return _Incoming(
            operation=operation,
            path=request.url.path.removeprefix("/stripe"),
            id=request.path_params.get("id", ""),
            given=given,
            key=kind_of(key, self._books.options, publishable_allowed=operation.publishable),
            version=request.headers.get("stripe-version"),
            idempotency_key=request.headers.get("idempotency-key"),
            request_id=request_id,
        )

    async def _under_faults(self, request: AnyRequest, incoming: _Incoming) -> Answer:
        kinds: Final = ("status", "hang", "drop_answer", "refuse")
        fault = self._books.faults.take(at="stripe", operation=incoming.operation.name, kinds=kinds)
        if fault is not None and fault.kind == "refuse":
            await drop(request)
        elif fault is not None and fault.kind == "status":
            raise api_error("The sandbox was told to fail.", status=fault.status)
        else:
            result = await self._answer_once(incoming, fault)
            if fault is not None and fault.kind == "drop_answer":
                await drop(request)
            return result
        return answer(500, {}, request_id=incoming.request_id)

    async def _answer_once(self, incoming: _Incoming, fault: Fault | None) -> Answer:
        """Execute the request, or repeats the answer that its idempotency key had."""
        keyed = incoming.keyed
        if keyed is not None:
            kept = self._keys.answer_to(keyed)
            if kept is not None:
                headers = {"Idempotent-Replayed": "true", "Original-Request": kept["request_id"]}
                return _raw(kept["status"], kept["body"], incoming, headers=headers)
        with self._keys.at_work(keyed) if keyed is not None else nullcontext():
            if fault is not None and fault.kind == "hang":
                await self._books.faults.hold(fault)
            return self._executed(incoming, keyed)

    def _executed(self, incoming: _Incoming, keyed: KeyedRequest | None) -> Answer:
        """Do the work and keeps its answer in one transaction."""
        try:
            with self._books.store.transaction():
                status, body, began = self._result(incoming)
                if keyed is not None and began:
                    self._keys.keep(keyed, status=status, body=body, request_id=incoming.request_id)
        except Exception:  # noqa: BLE001 - Stripe answers 500 in its own shape
            _log.exception("%s failed", incoming.operation.name)
            raise api_error("An unknown error occurred in the sandbox.") from None
        return _raw(status, body, incoming)

    def _result(self, incoming: _Incoming) -> tuple[int, str, bool]:
        cause = Cause(request_id=incoming.request_id, idempotency_key=incoming.idempotency_key)
        call = Call(
            operation=incoming.operation.name,
            id=incoming.id,
            given=incoming.given,
            key=incoming.key,
            books=replace(self._books, cause=cause),
            version=incoming.version,
        )
        try:
            return 200, json.dumps(expanded(call, incoming.operation.work(call)), indent=2), True
        except Refusal as refusal:
            return refusal.status, json.dumps({"error": refusal.error}, indent=2), refusal.began


def answer(status: int, body: Any, *, request_id: str) -> Answer:
    """Return an answer in Stripe's manner, without an idempotency key's headers."""
    return Response(
        json.dumps(body, indent=2).encode(),
        status_code=status,
        media_type="application/json",
        headers={"Request-Id": request_id, "Stripe-Version": API_VERSION},
    )


def _raw(status: int, body: str, incoming: _Incoming, *, headers: dict[str, str] | None = None) -> Answer:
    shown = {"Request-Id": incoming.request_id, "Stripe-Version": API_VERSION, **(headers or {})}
    if incoming.keyed is not None:
        shown = {"Original-Request": incoming.request_id, **shown, "Idempotency-Key": incoming.keyed.key}
    return Response(body.encode(), status_code=status, media_type="application/json", headers=shown)


def _form(text: bytes) -> dict[str, Any]:
    try:
        return parse_form(text.decode())
    except (MalformedForm, UnicodeDecodeError) as error:
        raise invalid(str(error)) from error
