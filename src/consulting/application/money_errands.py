"""The two errands about money, as the outbox lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from consulting.application.errands import NotYet
from consulting.application.payments import CancelIntent
from consulting.application.ports.clock import Clock
from consulting.application.ports.outbox import LeasedEntry
from consulting.application.refunds import CarryOutRefund, RefundDisputed

DISPUTE_LOOK = timedelta(hours=6)
"""A dispute lasts for weeks: this is how often it is looked at again."""


@dataclass(frozen=True, slots=True)
class RefundErrand:
    """Send the refund that the errand names; one whose charge is disputed waits for the dispute's end."""

    carry_out: CarryOutRefund
    clock: Clock

    def __call__(self, leased: LeasedEntry) -> None:
        """Send it once, or again. Raises the gateway's errors, RefundFailed, and NotYet during a dispute."""
        try:
            self.carry_out(UUID(leased.entry.data["refund_id"]))
        except RefundDisputed:
            raise NotYet(until=self.clock.now() + DISPUTE_LOOK) from None


@dataclass(frozen=True, slots=True)
class CancelIntentErrand:
    """Cancel the intent of the payment that the errand names."""

    cancel: CancelIntent

    def __call__(self, leased: LeasedEntry) -> None:
        """Cancel it once, or again. Raises the gateway's errors."""
        self.cancel(session_id=leased.entry.session_id, payment_id=UUID(leased.entry.data["payment_id"]))
