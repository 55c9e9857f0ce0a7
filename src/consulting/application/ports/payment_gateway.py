"""The provider that charges cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

from consulting.application.ports.inbox import ProviderEvent
from consulting.domain.errors import ConsultingError
from consulting.domain.money import Money
from consulting.domain.payments import Intent
from consulting.domain.refunds import ProviderRefund

PORT_VERSION: Final = 1
"""The version of this port and of ProviderBooks: it rises with every change that an adapter has to follow."""


class PaymentGatewayUnavailable(ConsultingError):
    """The payment provider doesn't answer at the moment: try again shortly."""

    code = "PAYMENT_PROVIDER_UNAVAILABLE"


class PaymentOutcomeUnknown(PaymentGatewayUnavailable):
    """The payment provider didn't answer in time; nothing is lost, try again."""

    # For whoever calls the port: the work may have been done, so it is repeated under the same key, never a new one.

    code = "PAYMENT_PROVIDER_UNAVAILABLE"


class PaymentDeclined(ConsultingError):
    """The payment provider declined."""

    code = "PAYMENT_DECLINED"


class PaymentGatewayMisconfigured(ConsultingError):
    """The payment provider refuses our credentials or request."""

    code = "PAYMENT_PROVIDER_MISCONFIGURED"


class WebhookSignatureInvalid(ConsultingError):
    """The message isn't signed by the payment provider, or is too old."""

    code = "WEBHOOK_SIGNATURE_INVALID"


class PaymentGateway(Protocol):
    """Charges and refunds.

    - Every call ends within 15 seconds, whatever the provider does, and may be made from several threads at once.
    - Every call may be repeated; a write is repeated with the same key, and is done once however often it is asked for.
    - The provider remembers keys for a day at least, and the adapter remembers nothing that must outlive its process.
    - PaymentGatewayUnavailable: the provider doesn't answer, and nothing was done.
    - PaymentOutcomeUnknown: it may have been done, and nobody knows; the caller repeats it with the same key.
    - PaymentGatewayMisconfigured: the provider refuses our credentials or what we ask for; a repeat won't help.
    - PaymentDeclined: the provider won't do this for this client or card.
    - No other error is raised, but for those that a method names.
    - Amounts are in minor units of their currency; an adapter converts them where its provider counts otherwise.
    """

    @property
    def publishable_key(self) -> str:
        """The key that a browser needs to pay; not secret."""

    def smallest_charge(self, *, currency: str) -> Money:
        """Give the least amount that can be charged; ValidationFailed (field `currency`) where nothing can be."""

    def create_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        """Open an intent to charge exactly this, marked with the session's id, with its client secret.

        The same key gives the same intent, also once it is paid. PaymentGatewayMisconfigured where the key was used for
        something else, or the amount is below the smallest charge (PaymentDeclined will do for that).
        """

    def retrieve_intent(self, intent_id: str) -> Intent | None:
        """Show the intent as it stands now, with its client secret; None if the provider has no such intent."""

    def cancel_intent(self, intent_id: str) -> Intent:
        """Cancel it if that is still possible, and show how it stands then; a paid or processing one stays as it is.

        A canceled intent can never be paid. PaymentGatewayMisconfigured for one that the provider doesn't have.
        """

    def refund(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        """Give back this much of what the intent received, in its currency.

        The same key gives the same refund, and the money goes back once. A refusal for good is answered as FAILED:
        nothing was paid, or less is left than is asked for. Several refunds of one intent are asked for at once, and
        never give back more than it received.
        """

    def retrieve_refund(self, provider_id: str) -> ProviderRefund | None:
        """Show the refund as it stands now; None if the provider has no such refund."""

    def refunds_of_intent(self, intent_id: str) -> Sequence[ProviderRefund]:
        """List every refund of what the intent received, whoever made it, failed ones too; none for an unknown one."""

    def read_event(self, *, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Check a message's signature and age on its raw bytes, and read it. Header names are lower-case.

        WebhookSignatureInvalid for one that the provider didn't sign for us, or not within the last minutes. The same
        event has the same `external_id` however often it is delivered, and another event another one. Nothing is asked
        of the provider: what the event is about is looked up there afterwards.
        """
