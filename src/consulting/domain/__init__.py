"""The rules: plain Python, without any input or output. The names below are public; the modules may move."""

from __future__ import annotations

from consulting.domain.cancellation import CanceledBy, Cancellation, CancellationPolicy, CancellationReason
from consulting.domain.errors import ConsultingError, FieldProblem, ValidationFailed
from consulting.domain.meetings import Meeting
from consulting.domain.money import Money
from consulting.domain.payments import Dispute, Intent, IntentStatus
from consulting.domain.period import Period
from consulting.domain.refunds import ProviderRefund, RefundState
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import PaymentStatus, Status
from consulting.domain.sessions import Client, Session
from consulting.domain.time_slots import TimeSlot

__all__ = [
    "CanceledBy",
    "Cancellation",
    "CancellationPolicy",
    "CancellationReason",
    "Client",
    "ConsultingError",
    "Dispute",
    "FieldProblem",
    "Intent",
    "IntentStatus",
    "Meeting",
    "Money",
    "PaymentStatus",
    "Period",
    "ProviderRefund",
    "RefundState",
    "Researcher",
    "Session",
    "Status",
    "TimeSlot",
    "ValidationFailed",
]
