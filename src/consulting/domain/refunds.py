"""Refunds: money on its way back, with a life of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Final
from uuid import UUID

from consulting.domain.errors import RefundExceedsPayment
from consulting.domain.money import Money, nothing
from consulting.domain.payments import Payment


class RefundState(StrEnum):
    """Where a refund stands; CLOSED is one that was never sent, because the money went or will go back otherwise."""

    REQUESTED = "requested"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CLOSED = "closed"


ON_ITS_WAY: Final = frozenset({RefundState.REQUESTED, RefundState.PENDING})


class RefundReason(StrEnum):
    """Why money goes back."""

    CANCELED = "canceled"
    LATE_PAYMENT = "late_payment"
    CHARGED_TWICE = "charged_twice"
    MISMATCH = "mismatch"
    GOODWILL = "goodwill"
    OUTSIDE = "outside"
    DISPUTED = "disputed"


NOT_OURS: Final = frozenset({RefundReason.OUTSIDE, RefundReason.DISPUTED})
"""Money that went back without our doing: somebody refunded it at the provider, or the bank took it back."""

LONGEST_NOTE: Final = 2000
"""In letters."""

TRIES = 2
"""A refund that failed is tried once more, under a new key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRefund:
    """A refund as the provider shows it; REQUESTED and CLOSED never occur here.

    `key` is the one under which we asked for it, None if somebody else did. A refusal for good has an empty id.
    """

    id: str
    state: RefundState
    amount: Money
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money of one payment that goes back; `provider_id` is known once the provider has taken the request.

    `note` is why, in the words of whoever gave it as a goodwill.
    """

    id: UUID
    payment_id: UUID
    session_id: UUID
    amount: Money
    reason: RefundReason
    state: RefundState
    tries: int = 1
    provider_id: str | None = None
    note: str | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def key(self) -> str:
        """The idempotency key at the provider: this refund, this try."""
        return f"{self.id}:{self.tries}"

    @property
    def standing(self) -> bool:
        """Tell whether the money went back or still will."""
        return self.state not in {RefundState.FAILED, RefundState.CLOSED}

    @property
    def on_its_way(self) -> bool:
        """Tell whether it isn't known yet how it ends."""
        return self.state in ON_ITS_WAY

    @property
    def unsent(self) -> bool:
        """Tell whether the provider isn't known to have taken the request."""
        return self.state is RefundState.REQUESTED and self.provider_id is None

    def asked_for(self, shown: ProviderRefund) -> bool:
        """Tell whether this is what the provider shows, by any try's key."""
        return shown.id == self.provider_id or (shown.key or "").partition(":")[0] == str(self.id)

    def became(self, state: RefundState, *, provider_id: str | None, at: datetime) -> Refund:
        """Follow what the provider says; a refund that succeeded may still fail later, a failed one stays failed."""
        if self.state is RefundState.FAILED:
            return self
        if self.state is RefundState.SUCCEEDED and state is not RefundState.FAILED:
            return self
        return replace(self, state=state, provider_id=provider_id or self.provider_id, updated_at=at)

    def again(self, *, at: datetime) -> Refund | None:
        """Try a failed refund once more under a new key; None when that was done already, or wasn't ours to do."""
        if self.state is not RefundState.FAILED or self.tries >= TRIES or self.reason in NOT_OURS:
            return None
        return replace(self, state=RefundState.REQUESTED, tries=self.tries + 1, provider_id=None, updated_at=at)

    def closed(self, *, at: datetime) -> Refund:
        """Note that it isn't sent; ValueError once the provider has it."""
        if not self.unsent:
            raise ValueError("the provider has this refund already")
        return replace(self, state=RefundState.CLOSED, updated_at=at)

    def anew(self, *, id: UUID, amount: Money, at: datetime) -> Refund:
        """Ask for the same thing once more under a key that the provider has never seen, be it for less."""
        return replace(
            self,
            id=id,
            amount=amount,
            state=RefundState.REQUESTED,
            tries=1,
            provider_id=None,
            created_at=at,
            updated_at=at,
        )


def total(refunds: Iterable[Refund], *, currency: str) -> Money:
    """Add up what went back or will."""
    return reduce(Money.__add__, (each.amount for each in refunds if each.standing), nothing(currency=currency))


def left_of(payment: Payment, refunds: Iterable[Refund]) -> Money:
    """Give what could still be given back of a payment."""
    received = payment.received or nothing(currency=payment.price.currency)
    gone = total((each for each in refunds if each.payment_id == payment.id), currency=received.currency)
    return received - gone if gone <= received else nothing(currency=received.currency)


def still_due(due: Money, *, payment: Payment, refunds: Sequence[Refund]) -> Money:
    """Give what is to be sent of an amount due: what a lost dispute took counts as returned, and left it must be."""
    taken = total(
        (each for each in refunds if each.payment_id == payment.id and each.reason is RefundReason.DISPUTED),
        currency=due.currency,
    )
    return min(due - taken, left_of(payment, refunds)) if taken < due else nothing(currency=due.currency)


def request(
    *,
    id: UUID,
    payment: Payment,
    refunds: Iterable[Refund],
    amount: Money,
    reason: RefundReason,
    at: datetime,
    note: str | None = None,
) -> Refund:
    """Decide that money goes back. Raises RefundExceedsPayment for more than is left of the payment."""
    left = left_of(payment, refunds)
    if not amount or amount > left:
        raise RefundExceedsPayment(left={"amount": left.amount, "currency": left.currency})
    return Refund(
        id=id,
        payment_id=payment.id,
        session_id=payment.session_id,
        amount=amount,
        reason=reason,
        state=RefundState.REQUESTED,
        note=note,
        created_at=at,
        updated_at=at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSummary:
    """All refunds of a session as one: how much, and how far the slowest of them is."""

    amount: Money
    state: RefundState


_NO_PART_OF_THE_PRICE: Final = frozenset({RefundReason.CHARGED_TWICE, RefundReason.MISMATCH})
_SLOWEST_FIRST: Final = (RefundState.REQUESTED, RefundState.PENDING, RefundState.SUCCEEDED)


def summary(refunds: Iterable[Refund]) -> RefundSummary | None:
    """Sum up what goes back of the session's price; None if nothing does.

    A charge beyond the price (charged twice, or of the wrong amount) goes back on its own account and isn't counted.
    Failed refunds count only where no other stands, closed ones never.
    """
    known = [each for each in refunds if each.state is not RefundState.CLOSED]
    beyond = {each.payment_id for each in known if each.reason in _NO_PART_OF_THE_PRICE}
    counted = [each for each in known if each.payment_id not in beyond]
    standing = [each for each in counted if each.standing]
    if not counted:
        return None
    amount = reduce(Money.__add__, (each.amount for each in standing or counted))
    state = min((each.state for each in standing), key=_SLOWEST_FIRST.index, default=RefundState.FAILED)
    return RefundSummary(amount=amount, state=state)
