"""What becomes of payments and refunds by itself: bank debits settle, slow refunds end."""

from __future__ import annotations

import asyncio
from typing import Final

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.store import Document
from consulting.entrypoints.sandbox.stripe import attempts, refunds
from consulting.entrypoints.sandbox.stripe.books import Books

_PAUSE: Final = 0.1
_OPEN: Final = {"payment_intent": ("processing",), "refund": ("pending", "succeeded")}


async def settle_for_ever(books: Books) -> None:
    """End what is due, every tenth of a second, until it is cancelled."""
    while True:
        settle_due(books)
        await asyncio.sleep(_PAUSE)


def settle_due(books: Books) -> None:
    """End the payments and refunds whose time has come."""
    for settlement in reversed(books.store.newest_first("settlement")):
        if settlement["due"] <= clock.now():
            with books.store.transaction():
                books.store.remove("settlement", settlement["id"])
                _settle(books, settlement)


def _settle(books: Books, settlement: Document) -> None:
    thing = books.find(settlement["kind"], settlement["id"])
    if thing["status"] not in _OPEN[settlement["kind"]]:
        return
    if settlement["kind"] == "payment_intent":
        attempts.settle(books, thing, succeed=settlement["succeed"])
    else:
        refunds.settle(books, thing, succeed=settlement["succeed"])
