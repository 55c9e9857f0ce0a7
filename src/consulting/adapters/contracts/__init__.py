"""What every adapter of a port must do, as suites to run, and strategies for the values that they are given.

Subclass a suite in a test module of yours, and provide the fixtures that it asks for:

    from consulting.adapters.contracts.payment_gateway import PaymentGatewayContract

    class TestAcme(PaymentGatewayContract):
        @pytest.fixture
        def gateway(self) -> PaymentGateway:
            return AcmeGateway(...)

A suite can't be hollowed out: a test that is overridden, removed or skipped is refused, a missing fixture fails.
"""

import pytest

# Before any suite is imported: so that its bare asserts say what they compared when they fail.
pytest.register_assert_rewrite(
    "consulting.adapters.contracts.mailer",
    "consulting.adapters.contracts.meeting_rooms",
    "consulting.adapters.contracts.outside",
    "consulting.adapters.contracts.payment_gateway",
    "consulting.adapters.contracts.storage",
    "consulting.adapters.contracts.turns",
)
