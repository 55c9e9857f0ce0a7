"""The conformance kit for adapters of one's own (install `consulting[contracts]`): subclass a suite, run pytest.

    from consulting.contracts import PaymentGatewayContract

    class TestAcmePayments(PaymentGatewayContract):
        @pytest.fixture
        def gateway(self) -> PaymentGateway:
            return AcmePayments(...)

A suite says which fixtures it needs, and fails without them. It can't be hollowed out: a test that is overridden,
removed, skipped or expected to fail is a failure, and each failure names the promise that is broken.
"""

from consulting.adapters.contracts import strategies
from consulting.adapters.contracts.contract import HollowedOut
from consulting.adapters.contracts.mailer import MailerContract, MailServer, read_mail
from consulting.adapters.contracts.meeting_rooms import (
    MeetingProvider,
    MeetingProviderContract,
    MeetingRoomsContract,
)
from consulting.adapters.contracts.meeting_rooms import request as meeting_request
from consulting.adapters.contracts.outside import Line
from consulting.adapters.contracts.payment_gateway import (
    PaymentBank,
    PaymentDisputesContract,
    PaymentGatewayContract,
    PaymentMessages,
    PaymentProvider,
    ProviderBooksContract,
    SignedMessage,
)
from consulting.adapters.contracts.smtp_inbox import SmtpInbox, SmtpMailerContract
from consulting.adapters.contracts.storage import StorageContract

__all__ = [
    "HollowedOut",
    "Line",
    "MailServer",
    "MailerContract",
    "MeetingProvider",
    "MeetingProviderContract",
    "MeetingRoomsContract",
    "PaymentBank",
    "PaymentDisputesContract",
    "PaymentGatewayContract",
    "PaymentMessages",
    "PaymentProvider",
    "ProviderBooksContract",
    "SignedMessage",
    "SmtpInbox",
    "SmtpMailerContract",
    "StorageContract",
    "meeting_request",
    "read_mail",
    "strategies",
]
