"""`/stripe/v1/...`: which endpoint is answered by which operation."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, Router, route
from litestar.handlers import HTTPRouteHandler

from consulting.entrypoints.sandbox.stripe import account, charges, disputes, intents, refunds
from consulting.entrypoints.sandbox.stripe.calls import Operation
from consulting.entrypoints.sandbox.stripe.desk import StripeDesk

_INTENT: Final = "/payment_intents/{id:str}"
OPERATIONS: Final = (
    Operation(name="payment_intents.create", method="POST", path="/payment_intents", work=intents.create),
    Operation(name="payment_intents.list", method="GET", path="/payment_intents", work=intents.list_all),
    Operation(name="payment_intents.retrieve", method="GET", path=_INTENT, work=intents.retrieve, publishable=True),
    Operation(name="payment_intents.update", method="POST", path=_INTENT, work=intents.update),
    Operation(
        name="payment_intents.confirm", method="POST", path=f"{_INTENT}/confirm", work=intents.confirm, publishable=True
    ),
    Operation(name="payment_intents.cancel", method="POST", path=f"{_INTENT}/cancel", work=intents.cancel),
    Operation(name="refunds.create", method="POST", path="/refunds", work=refunds.create),
    Operation(name="refunds.list", method="GET", path="/refunds", work=refunds.list_all),
    Operation(name="refunds.retrieve", method="GET", path="/refunds/{id:str}", work=refunds.retrieve),
    Operation(name="charges.list", method="GET", path="/charges", work=charges.list_all),
    Operation(name="charges.retrieve", method="GET", path="/charges/{id:str}", work=charges.retrieve),
    Operation(name="disputes.list", method="GET", path="/disputes", work=disputes.list_all),
    Operation(name="disputes.retrieve", method="GET", path="/disputes/{id:str}", work=disputes.retrieve),
    Operation(name="events.list", method="GET", path="/events", work=account.list_events),
    Operation(name="events.retrieve", method="GET", path="/events/{id:str}", work=account.retrieve_event),
    Operation(
        name="payment_methods.create",
        method="POST",
        path="/payment_methods",
        work=account.create_payment_method,
        publishable=True,
    ),
    Operation(
        name="payment_methods.retrieve",
        method="GET",
        path="/payment_methods/{id:str}",
        work=account.retrieve_payment_method,
    ),
    Operation(name="balance.retrieve", method="GET", path="/balance", work=account.balance),
    Operation(name="account.retrieve", method="GET", path="/account", work=account.retrieve),
)


def stripe_routes(desk: StripeDesk) -> Router:
    """All of Stripe's endpoints that the sandbox speaks."""
    return Router("/stripe/v1", route_handlers=[_endpoint(desk, operation) for operation in OPERATIONS])


def _endpoint(desk: StripeDesk, operation: Operation) -> HTTPRouteHandler:
    @route(operation.path, http_method=[operation.method], status_code=200)
    async def endpoint(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await desk.answer(request, operation)

    return endpoint
