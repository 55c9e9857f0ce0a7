"""`/stripe/sandbox/...`: what a person or a test tells the sandbox about payers and banks. Needs no key; JSON bodies.

- `POST payment_intents/{id}/authenticate {"succeed": bool}`: the payer passes or fails 3D Secure.
- `POST payment_intents/{id}/settle {"succeed": bool}`: the bank ends a processing payment.
- `POST refunds/{id}/settle {"succeed": bool}`: the bank ends a refund; a succeeded one may still fail.
- `POST refunds/next {"status": "succeeded|pending|failed", "count": n}`: how the next refunds begin.
- `POST charges/{id}/dispute {"reason": str}`, `POST disputes/{id}/close {"won": bool}`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec
from litestar import Request, Response, Router, post
from litestar.handlers import HTTPRouteHandler

from consulting.entrypoints.sandbox.identifiers import new_id
from consulting.entrypoints.sandbox.store import Document
from consulting.entrypoints.sandbox.stripe import attempts, disputes, refunds
from consulting.entrypoints.sandbox.stripe.books import Books
from consulting.entrypoints.sandbox.stripe.desk import answer
from consulting.entrypoints.sandbox.stripe.refusals import Refusal, invalid


class Ending(msgspec.Struct, forbid_unknown_fields=True):
    """Whether it ends well."""

    succeed: bool


class NextRefunds(msgspec.Struct, forbid_unknown_fields=True):
    """How the next refunds begin."""

    status: Literal["succeeded", "pending", "failed"]
    count: int = 1


class Complaint(msgspec.Struct, forbid_unknown_fields=True):
    """Why a payer disputes a charge, and how much of it: without an amount all that wasn't given back."""

    reason: str = "fraudulent"
    amount: int | None = None


class Verdict(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the account wins a dispute."""

    won: bool


Work = Callable[[Books, str, Any], Document]


def told_routes(books: Books) -> Router:
    """Return the endpoints above."""
    return Router("/stripe/sandbox", route_handlers=[_endpoint(books, path, kind, work) for path, kind, work in _TOLD])


def _authenticate(books: Books, key: str, told: Ending) -> Document:
    return attempts.authenticate(books, books.find("payment_intent", key, param="intent"), succeed=told.succeed)


def _settle_payment(books: Books, key: str, told: Ending) -> Document:
    return attempts.settle(books, books.find("payment_intent", key, param="intent"), succeed=told.succeed)


def _settle_refund(books: Books, key: str, told: Ending) -> Document:
    return refunds.settle(books, books.find("refund", key, param="refund"), succeed=told.succeed)


def _order_refunds(books: Books, _: str, told: NextRefunds) -> Document:
    refunds.order_next(books, status=told.status, count=told.count)
    return {"status": told.status, "count": told.count}


def _dispute(books: Books, key: str, told: Complaint) -> Document:
    return disputes.open_dispute(
        books, books.find("charge", key, param="charge"), reason=told.reason, amount=told.amount
    )


def _close(books: Books, key: str, told: Verdict) -> Document:
    return disputes.close_dispute(books, books.find("dispute", key, param="dispute"), won=told.won)


_TOLD: Final[tuple[tuple[str, type[msgspec.Struct], Work], ...]] = (
    ("/payment_intents/{id:str}/authenticate", Ending, _authenticate),
    ("/payment_intents/{id:str}/settle", Ending, _settle_payment),
    ("/refunds/{id:str}/settle", Ending, _settle_refund),
    ("/refunds/next", NextRefunds, _order_refunds),
    ("/charges/{id:str}/dispute", Complaint, _dispute),
    ("/disputes/{id:str}/close", Verdict, _close),
)


def _endpoint(books: Books, path: str, kind: type[msgspec.Struct], work: Work) -> HTTPRouteHandler:
    @post(path)
    async def endpoint(request: Request[Any, Any, Any]) -> Response[bytes]:
        key = request.path_params.get("id", "")
        return _done(books, await request.body(), kind, lambda told: work(books, key, told))

    return endpoint


def _done(books: Books, body: bytes, kind: type[msgspec.Struct], work: Callable[[Any], Document]) -> Response[bytes]:
    try:
        told = msgspec.json.decode(body or b"{}", type=kind)
        with books.store.transaction():
            return answer(200, work(told), request_id=new_id("req"))
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        refusal = invalid(str(error))
    except Refusal as known:
        refusal = known
    return answer(refusal.status, {"error": refusal.error}, request_id=new_id("req"))
