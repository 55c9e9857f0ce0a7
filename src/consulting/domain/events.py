"""What happened to a session, as facts; the application decides what must be done outside because of them."""

from __future__ import annotations

from dataclasses import dataclass

from consulting.domain.cancellation import CanceledBy
from consulting.domain.money import Money
from consulting.domain.period import Period


@dataclass(frozen=True, slots=True)
class Held:
    """A slot was taken; the price is still to be paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """The session stands: paid, or free. `late` when a payment after the hold's expiry retook its slot."""

    late: bool = False


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """A payment attempt failed while the hold lived."""


@dataclass(frozen=True, slots=True)
class HoldExpired:
    """Nobody paid in time; an intent still open at the provider has to be canceled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReturned:
    """A payment came for a canceled session and goes back in full; `late` when the hold had expired before it."""

    late: bool


@dataclass(frozen=True, slots=True)
class ChargedTwice:
    """A further charge of a session that needs none; that charge goes back in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled:
    """Somebody canceled; `refund` is what is due now, `was_confirmed` whether it had been more than a hold."""

    by: CanceledBy
    refund: Money
    was_confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescheduled:
    """It takes place at another time than `before`."""

    before: Period


@dataclass(frozen=True, slots=True)
class Completed:
    """It ended; the client may review it."""


@dataclass(frozen=True, slots=True)
class NoShowNoted:
    """The researcher noted that the client didn't come."""


Event = (
    Held
    | Confirmed
    | PaymentFailed
    | HoldExpired
    | PaymentReturned
    | ChargedTwice
    | Canceled
    | Rescheduled
    | Completed
    | NoShowNoted
)
