"""Looking over everything that is kept for what can't be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Fault(StrEnum):
    """What can be wrong, named as it is printed."""

    OVERLAP = "overlap"
    OFF_SLOT = "off_slot"
    PAID_WITHOUT_SESSION = "paid_without_session"
    SESSION_WITHOUT_PAYMENT = "session_without_payment"
    REFUND_MISSING = "refund_missing"
    REFUND_NOT_DUE = "refund_not_due"
    REFUNDED_TOO_MUCH = "refunded_too_much"
    REFUND_DEAD = "refund_dead"
    REFUND_STUCK = "refund_stuck"
    LEDGER_OFF = "ledger_off"
    MESSAGE_DEAD = "message_dead"
    NOT_LINKED = "not_linked"
    NOT_TOLD = "not_told"
    MEETING_LEFT = "meeting_left"
    ERRAND_DEAD = "errand_dead"
    REMINDER_LIED = "reminder_lied"
    FIELD_MISCOUNTED = "field_miscounted"
    TRAIT_MISTAKEN = "trait_mistaken"
    OPENING_MISSING = "opening_missing"
    CHARGE_UNKNOWN = "charge_unknown"
    CHARGE_DIFFERS = "charge_differs"
    REFUND_UNKNOWN = "refund_unknown"
    REFUND_DIFFERS = "refund_differs"


AT_THE_PROVIDER = frozenset({Fault.CHARGE_UNKNOWN, Fault.CHARGE_DIFFERS, Fault.REFUND_UNKNOWN, Fault.REFUND_DIFFERS})
"""What only a comparison with the provider's books can find."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault, and the ids of what it is about by what each is the id of."""

    fault: Fault
    about: Mapping[str, str]


class Inspection(Protocol):
    """The whole database, read for an audit; nothing is changed."""

    def find(self, fault: Fault, *, at: datetime, horizon: datetime) -> Sequence[Finding]:
        """List everything of this fault, none for one that only the provider's books show.

        What is still on its way counts from `horizon` on: confirmed before it, everybody must have been told.
        """

    def extent(self) -> Mapping[str, int]:
        """Count what was looked over, by what it is."""
