"""Paying for sessions."""

from __future__ import annotations

from litestar import post
from litestar.params import JSONBody, RawBody

from consulting.application.payments import ConfirmPayment, CreatePaymentIntent
from consulting.application.ports.payment_gateway import PaymentGatewayUnavailable, WebhookSignatureInvalid
from consulting.application.provider_events import ReceiveProviderEvent
from consulting.domain.errors import (
    AlreadyPaid,
    HoldExpired,
    NothingToPay,
    NotYourSession,
    PaymentIncomplete,
    PaymentIntentUnknown,
    PaymentMismatch,
    SessionCanceled,
    SessionCompleted,
    SessionNotFound,
)
from consulting.entrypoints.http import wire
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import OPEN, WITH_TOKEN, errors, errors_of_writing, story
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.refusals import BodyTooLarge, SignInRequired
from consulting.entrypoints.http.security import caller_of


@post(
    "/payment/intent",
    status_code=200,
    summary="Open the payment of a session",
    description=story(CreatePaymentIntent),
    responses=errors_of_writing(
        SessionNotFound,
        NotYourSession,
        HoldExpired,
        SessionCanceled,
        SessionCompleted,
        AlreadyPaid,
        NothingToPay,
        PaymentIncomplete,
        PaymentGatewayUnavailable,
        SignInRequired,
    ),
    security=WITH_TOKEN,
    tags=["Payment"],
)
async def create_payment_intent(
    request: ApiRequest,
    data: JSONBody[wire.PaymentOfSession],
    desk: AtDesk,
) -> wire.PaymentIntent:
    """Give the client's browser what it needs to pay."""
    session_id = read_id(data.session_id, SessionNotFound)
    opened = await desk.provider.run(desk.use.create_payment_intent, session_id, caller=caller_of(request))
    return wire.intent_body(opened)


@post(
    "/payment/confirm",
    status_code=200,
    summary="Confirm that a payment is complete",
    description=story(ConfirmPayment),
    responses=errors_of_writing(
        SessionNotFound,
        NotYourSession,
        PaymentIntentUnknown,
        PaymentIncomplete,
        PaymentMismatch,
        PaymentGatewayUnavailable,
        SignInRequired,
    ),
    security=WITH_TOKEN,
    tags=["Payment"],
)
async def confirm_payment(
    request: ApiRequest,
    data: JSONBody[wire.PaidIntent],
    desk: AtDesk,
) -> wire.Session:
    """Settle a payment that the client's browser has finished."""
    session_id = read_id(data.session_id, SessionNotFound)
    view = await desk.provider.run(
        desk.use.confirm_payment, session_id, intent_id=data.payment_intent_id, caller=caller_of(request)
    )
    return wire.session_body(view)


@post(
    "/payment/webhook",
    status_code=200,
    summary="Take in a payment provider's event",
    description=story(ReceiveProviderEvent),
    responses=errors(WebhookSignatureInvalid, BodyTooLarge),
    security=OPEN,
    tags=["Payment"],
)
async def receive_provider_event(
    request: ApiRequest,
    body: RawBody,
    desk: AtDesk,
) -> wire.Received:
    """Keep a signed message, once; the worker settles what it is about."""
    await desk.database.run_long(desk.use.receive_provider_event, body=body, headers=dict(request.headers.items()))
    return wire.Received(received=True)


HANDLERS = (create_payment_intent, confirm_payment, receive_provider_event)
