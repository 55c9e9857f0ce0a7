"""The two errands about money, as the outbox lists them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from consulting.application.payments import CancelIntent
from consulting.application.ports.outbox import LeasedEntry
from consulting.application.refunds import CarryOutRefund, RefundDisputed


@dataclass(frozen=True, slots=True)
class RefundErrand:
    """Send the refund that the errand names.

    One whose charge is disputed is done with here: a dispute lasts for weeks and must not hold up its session's other
    errands. Whoever learns how the dispute ended asks for the refund anew.
    """

    carry_out: CarryOutRefund

    def __call__(self, leased: LeasedEntry) -> None:
        """Send it once, or again. Raises the gateway's errors and RefundFailed."""
        with suppress(RefundDisputed):
            self.carry_out(UUID(leased.entry.data["refund_id"]))


@dataclass(frozen=True, slots=True)
class CancelIntentErrand:
    """Cancel the intent of the payment that the errand names."""

    cancel: CancelIntent

    def __call__(self, leased: LeasedEntry) -> None:
        """Cancel it once, or again. Raises the gateway's errors."""
        self.cancel(session_id=leased.entry.session_id, payment_id=UUID(leased.entry.data["payment_id"]))
