"""What a payment provider's adapter has to do: subclass PaymentGatewayContract, and provide its five fixtures.

ProviderBooksContract is for providers that let us read their books, PaymentDisputesContract for those whose charges can
be disputed.
"""

from consulting.adapters.contracts.payment_gateway.books import ProviderBooksContract
from consulting.adapters.contracts.payment_gateway.charges import ChargesContract
from consulting.adapters.contracts.payment_gateway.disputes import PaymentBank, PaymentDisputesContract
from consulting.adapters.contracts.payment_gateway.fixtures import PaymentMessages, PaymentProvider, SignedMessage
from consulting.adapters.contracts.payment_gateway.messages import MessagesContract
from consulting.adapters.contracts.payment_gateway.outages import OutagesContract
from consulting.adapters.contracts.payment_gateway.refunds import MoneyBackContract

__all__ = [
    "ChargesContract",
    "MessagesContract",
    "MoneyBackContract",
    "OutagesContract",
    "PaymentBank",
    "PaymentDisputesContract",
    "PaymentGatewayContract",
    "PaymentMessages",
    "PaymentProvider",
    "ProviderBooksContract",
    "SignedMessage",
]


class PaymentGatewayContract(ChargesContract, MoneyBackContract, OutagesContract, MessagesContract):
    """The whole port. Fixtures: `gateway`, `restarted`, `provider`, `line` and `messages`."""
