"""Stripe as the port PaymentGateway, with the official SDK."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

import stripe

from consulting.adapters.stripe import currencies, events, refusals
from consulting.adapters.stripe.books import StripeBooks
from consulting.adapters.stripe.intents import charge_of, read_intent, read_refund
from consulting.adapters.stripe.wire import RETRIES, Wire, keep_quiet
from consulting.application.ports.inbox import ProviderEvent
from consulting.application.ports.payment_gateway import (
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
    PaymentOutcomeUnknown,
)
from consulting.domain.money import Money
from consulting.domain.payments import Intent
from consulting.domain.refunds import ProviderRefund, RefundState

_log: Final = logging.getLogger(__name__)

_ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")
_NO_ID: Final = ""
"""A refusal has no id at Stripe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeGateway:
    """Charges and refunds through Stripe. Build it with `open_gateway`; safe to share between threads."""

    publishable_key: str
    payment_method_types: tuple[str, ...]
    _client: stripe.StripeClient = field(repr=False)
    _wire: Wire = field(repr=False)
    _webhook_secret: str = field(repr=False)

    def smallest_charge(self, *, currency: str) -> Money:
        """Give the least amount that can be charged; raise ValidationFailed (`currency`) where nothing can be."""
        return currencies.smallest_charge(currency)

    def create_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        """Open an intent to charge exactly this, marked with the session's id.

        Stripe answers a repeated key with the intent as it first was: retrieve it to see how it stands.
        """
        units = currencies.stripe_amount(amount)
        with self._asking(write=True):
            intent = self._client.v1.payment_intents.create(
                {
                    "amount": units,
                    "currency": amount.currency,
                    "allowed_payment_method_types": list(self.payment_method_types),
                    "metadata": {"session_id": str(session_id)},
                    "expand": ["latest_charge"],
                },
                {"idempotency_key": key},
            )
            return read_intent(intent)

    def retrieve_intent(self, intent_id: str) -> Intent | None:
        """Show the intent as it stands now; None if Stripe has no such intent."""
        if not _ID.fullmatch(intent_id):
            return None
        with self._asking(write=False):
            try:
                intent = self._client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})
            except stripe.InvalidRequestError as error:
                if refusals.is_missing(error):
                    return None
                raise
            return read_intent(intent, disputes=self._disputes(intent))

    def cancel_intent(self, intent_id: str) -> Intent:
        """Cancel it if that is still possible, and show how it stands then."""
        if not _ID.fullmatch(intent_id):
            raise PaymentGatewayMisconfigured
        with self._asking(write=True):
            try:
                return read_intent(
                    self._client.v1.payment_intents.cancel(
                        intent_id, {"cancellation_reason": "abandoned", "expand": ["latest_charge"]}
                    )
                )
            except stripe.InvalidRequestError as error:
                if not refusals.is_unexpected_state(error):
                    raise
        intent = self.retrieve_intent(intent_id)
        if intent is None:
            raise PaymentGatewayMisconfigured
        return intent

    def refund(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        """Give back this much. A refusal for good is answered as FAILED, with an empty id."""
        units = currencies.stripe_amount(amount)
        with self._asking(write=True):
            try:
                refund = self._client.v1.refunds.create(
                    {"payment_intent": intent_id, "amount": units, "metadata": {"key": key}},
                    {"idempotency_key": f"refund:{key}"},  # Stripe refuses a key that another kind of request had
                )
            except stripe.InvalidRequestError as error:
                if not refusals.refuses_refund(error):
                    raise
                return self._given_before(key=key, intent_id=intent_id, amount=amount)
            return read_refund(refund)

    def retrieve_refund(self, provider_id: str) -> ProviderRefund | None:
        """Show the refund as it stands now; None if Stripe has no such refund."""
        if not _ID.fullmatch(provider_id):
            return None
        with self._asking(write=False):
            try:
                return read_refund(self._client.v1.refunds.retrieve(provider_id))
            except stripe.InvalidRequestError as error:
                if refusals.is_missing(error):
                    return None
                raise

    def refunds_of_intent(self, intent_id: str) -> Sequence[ProviderRefund]:
        """List every refund of what the intent received, whoever made it; none for an unknown one."""
        if not _ID.fullmatch(intent_id):
            return ()
        with self._asking(write=False):
            try:
                return list(self._refunds(intent_id))
            except stripe.InvalidRequestError as error:
                if refusals.is_missing(error):
                    return ()
                raise

    def read_event(self, *, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Check a message's signature and age on its raw bytes, and read it. Raises WebhookSignatureInvalid."""
        return events.read_event(body=body, headers=headers, secret=self._webhook_secret)

    def books(self) -> StripeBooks:
        """Give Stripe's own books, over the same connections."""
        return StripeBooks(self._client, partial(self._asking, write=False))

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _disputes(self, intent: stripe.PaymentIntent) -> Sequence[stripe.Dispute]:
        charge = charge_of(intent)
        if charge is None or not charge.disputed:
            return ()
        return self._client.v1.disputes.list({"payment_intent": intent.id, "limit": 100}).data

    def _given_before(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        """Look whether the refund was refused because it is done: Stripe forgets keys after a day."""
        mine = (each for each in self._refunds(intent_id) if each.key == key)
        return next(mine, ProviderRefund(id=_NO_ID, state=RefundState.FAILED, amount=amount, key=key))

    def _refunds(self, intent_id: str) -> Iterator[ProviderRefund]:
        refunds = self._client.v1.refunds.list({"payment_intent": intent_id, "limit": 100})
        return (read_refund(each) for each in refunds.auto_paging_iter())

    @contextmanager
    def _asking(self, *, write: bool) -> Iterator[None]:
        self._wire.begin()
        try:
            yield
        except stripe.StripeError as error:
            lost = error.http_status is not None and error.http_status < 300
            raise refusals.port_error(error, doubtful=write and (lost or self._wire.doubtful)) from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            _log.exception("stripe: an answer that can't be read")
            raise PaymentOutcomeUnknown if write else PaymentGatewayUnavailable from error


def open_gateway(
    *,
    secret_key: str,
    publishable_key: str,
    webhook_secret: str,
    api_url: str | None,
    timeout_seconds: float,
    api_version: str | None = None,
    payment_method_types: Sequence[str] = ("card",),
) -> StripeGateway:
    """Build the gateway without calling Stripe; `api_url` names another server than Stripe's own.

    `api_version` is None for the one that the SDK was made for.
    No wait within a call is longer than `timeout_seconds`, and a call that ran out of time isn't repeated.
    """
    keep_quiet()
    wire = Wire(timeout_seconds=timeout_seconds)
    client = stripe.StripeClient(
        secret_key,
        http_client=wire,
        stripe_version=api_version,
        base_addresses={} if api_url is None else {"api": api_url.rstrip("/")},
        max_network_retries=RETRIES,
    )
    return StripeGateway(
        publishable_key=publishable_key,
        payment_method_types=tuple(payment_method_types),
        _client=client,
        _wire=wire,
        _webhook_secret=webhook_secret,
    )
