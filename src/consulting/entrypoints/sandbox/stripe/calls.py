"""One request to Stripe's API, and the table entry that says what answers it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from consulting.entrypoints.sandbox.store import Document
from consulting.entrypoints.sandbox.stripe.books import Books
from consulting.entrypoints.sandbox.stripe.parameters import Parameters
from consulting.entrypoints.sandbox.stripe.refusals import invalid

KeyKind = Literal["secret", "publishable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an operation is given: the id from the path ("" if there is none), the parameters, whose key it is.

    `version` is the API version that the request names; None leaves it to the account.
    """

    operation: str
    id: str
    given: dict[str, Any]
    key: KeyKind
    books: Books
    version: str | None = None

    def parameters(self, *allowed: str) -> Parameters:
        """Return the parameters, of which only the named ones are allowed. Raises Refusal for any other."""
        return Parameters(self.given, allowed=allowed)

    @property
    def expand(self) -> list[str]:
        """The fields that are to be shown in full (docs.stripe.com/api/expanding_objects)."""
        wanted = self.given.get("expand") or []
        if not isinstance(wanted, list) or not all(isinstance(field, str) for field in wanted):
            raise invalid("Invalid array", param="expand")
        return wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An endpoint: `name` is what faults call it, `publishable` whether a browser's key may use it."""

    name: str
    method: Literal["GET", "POST"]
    path: str
    work: Callable[[Call], Document]
    publishable: bool = False


_EXPANDABLE = {
    "latest_charge": "charge",
    "payment_method": "payment_method",
    "payment_intent": "payment_intent",
    "charge": "charge",
}


def expanded(call: Call, answer: Document) -> Document:
    """Return the answer with the fields of `expand` in full; on a list they begin with `data.`."""
    for field in call.expand:
        if answer["object"] == "list" and field.startswith("data."):
            answer = {**answer, "data": [_expanded(call, item, field.removeprefix("data.")) for item in answer["data"]]}
        else:
            answer = _expanded(call, answer, field)
    return answer


def _expanded(call: Call, thing: Document, field: str) -> Document:
    if field not in _EXPANDABLE or field not in thing:
        raise invalid(f"This property cannot be expanded ({field}).", param="expand")
    key = thing[field]
    return thing if not isinstance(key, str) else {**thing, field: call.books.find(_EXPANDABLE[field], key)}


_PAGING = ("limit", "starting_after", "ending_before", "created")


def listed(call: Call, *, url: str, things: list[Document], filters: Collection[str] = ()) -> Document:
    """Return a page of things, newest first (docs.stripe.com/api/pagination). `filters` are equalities on fields."""
    parameters = call.parameters(*_PAGING, *filters)
    for name in filters:
        wanted = parameters.text(name)
        things = [thing for thing in things if wanted is None or thing.get(name) == wanted]
    things = _within(things, call)
    limit = min(parameters.integer("limit") or 10, 100)
    after, before = parameters.text("starting_after"), parameters.text("ending_before")
    if before is not None:
        newer = things[: _place(things, before, "ending_before")]
        page, more = newer[-limit:], len(newer) > limit
    else:
        older = things if after is None else things[_place(things, after, "starting_after") + 1 :]
        page, more = older[:limit], len(older) > limit
    return {"object": "list", "url": url, "has_more": more, "data": page}


def _place(things: list[Document], key: str, param: str) -> int:
    for index, thing in enumerate(things):
        if thing["id"] == key:
            return index
    raise invalid(f"No such object: '{key}'", code="resource_missing", param=param)


def _within(things: list[Document], call: Call) -> list[Document]:
    if isinstance(call.given.get("created"), str):
        exact = call.parameters(*call.given).integer("created", lowest=0)
        return [thing for thing in things if thing["created"] == exact]
    bounds = call.parameters(*call.given).group("created", allowed={"gt", "gte", "lt", "lte"})
    if bounds is None:
        return things
    low, high = bounds.integer("gte", lowest=0), bounds.integer("lte", lowest=0)
    above, below = bounds.integer("gt", lowest=0), bounds.integer("lt", lowest=0)
    return [
        thing
        for thing in things
        if (low is None or thing["created"] >= low)
        and (high is None or thing["created"] <= high)
        and (above is None or thing["created"] > above)
        and (below is None or thing["created"] < below)
    ]
