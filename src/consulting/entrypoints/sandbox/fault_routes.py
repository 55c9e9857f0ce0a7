"""`/faults`: telling the sandbox to misbehave."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, RawBody

from consulting.entrypoints.sandbox.faults import KINDS, OPERATIONS, FaultBoard, Kind, Place

_WITH_SECONDS: Final = frozenset({"hang", "delay"})


class FaultOrder(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /faults`."""

    at: Place
    kind: Kind
    operation: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    value: Annotated[float, msgspec.Meta(ge=0, le=599)] | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    seconds: Annotated[float, msgspec.Meta(gt=0, le=86_400)] | None = None


class FaultRefused(ValueError):
    """The order doesn't make sense; the message says why."""


def plain_error(status: int, code: str, message: str) -> Response[dict[str, Any]]:
    """Return the envelope of the sandbox's own errors."""
    return Response({"error": {"code": code, "message": message, "details": {}}}, status_code=status)


def fault_routes(board: FaultBoard) -> Router:
    """`POST`, `GET` and `DELETE /faults`, and `DELETE /faults/{id}`."""

    @post("/")
    async def add_fault(body: RawBody) -> Response[dict[str, Any]]:
        try:
            order = _checked(msgspec.json.decode(body, type=FaultOrder))
        except (
            msgspec.ValidationError,
            msgspec.DecodeError,
            UnicodeDecodeError,
            RecursionError,
            FaultRefused,
        ) as error:
            return plain_error(400, "FAULT_INVALID", str(error))
        fault = board.add(**msgspec.structs.asdict(order))
        return Response(fault.as_json(), status_code=201)

    @get("/")
    async def list_faults() -> dict[str, Any]:
        return {"faults": [fault.as_json() for fault in board.waiting()]}

    @delete("/")
    async def clear_faults() -> None:
        board.clear()

    @delete("/{fault_id:str}", status_code=200)
    async def remove_fault(fault_id: FromPath[str]) -> Response[Any]:
        if not board.remove(fault_id):
            return plain_error(404, "FAULT_NOT_FOUND", f"No such fault is waiting: {fault_id}")
        return Response(None, status_code=204)

    return Router("/faults", route_handlers=[add_fault, list_faults, clear_faults, remove_fault])


def _checked(order: FaultOrder) -> FaultOrder:
    if order.kind not in KINDS[order.at]:
        raise FaultRefused(f"{order.at} knows {', '.join(sorted(KINDS[order.at]))}; not {order.kind}.")
    known = OPERATIONS.get(order.at)
    if known is not None and order.operation is not None and order.operation not in known:
        raise FaultRefused(f"{order.at} has the operations {', '.join(sorted(known))}; not {order.operation}.")
    if order.kind in _WITH_SECONDS and order.value is not None and order.value > 120:
        raise FaultRefused(f"value of {order.kind} is in seconds, at most 120.")
    if order.kind == "status" and order.value is not None:
        _check_code(order.value, lowest=400)
    if order.at == "smtp":
        return _checked_for_smtp(order)
    return order


def _checked_for_smtp(order: FaultOrder) -> FaultOrder:
    """Place a fault at smtp that names no operation where its kind naturally strikes: at a recipient, or on connect."""
    if order.kind == "refuse" and order.value is not None:
        _check_code(order.value, lowest=400)
        return msgspec.structs.replace(order, operation=order.operation or "rcpt")
    if order.kind == "hang" and order.operation == "connect":
        raise FaultRefused("smtp hangs at rcpt or data; not at connect.")
    natural = "connect" if order.kind == "refuse" else "data"
    return msgspec.structs.replace(order, operation=order.operation or natural)


def _check_code(value: float, *, lowest: int) -> None:
    if value != int(value) or not lowest <= value <= 599:
        raise FaultRefused(f"value must be a status from {lowest} to 599.")
