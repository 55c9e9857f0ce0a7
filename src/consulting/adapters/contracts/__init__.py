"""What every adapter of a port must do, as suites to run, and strategies for the values that they are given.

Everybody, our own tests included, takes the suites from `consulting.contracts`, which says how they are used.
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
