"""What must be done outside because of what happened: the one table from events to errands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consulting.application.ports.clock import Identities
from consulting.application.ports.mailer import Kind, Role
from consulting.application.ports.outbox import Errand, Lane, OutboxEntry
from consulting.application.ports.transactions import Transaction
from consulting.domain import events
from consulting.domain.cancellation import CanceledBy
from consulting.domain.payments import Payment
from consulting.domain.period import Period
from consulting.domain.refunds import Refund
from consulting.domain.sessions import Events, Session

BOTH = (Role.CLIENT, Role.RESEARCHER)


@dataclass(frozen=True, slots=True)
class Task:
    """An errand before it has an id and a time."""

    errand: Errand
    lane: Lane
    data: dict[str, str]


def record(
    tx: Transaction,
    *,
    session: Session,
    happened: Events,
    ids: Identities,
    at: datetime,
    payments: Sequence[Payment] = (),
    refund: Refund | None = None,
) -> None:
    """Put into the outbox what these events ask for; `payments` are the session's, so that open ones are canceled."""
    tasks = [task for event in happened for task in _tasks(event, session, payments)]
    if refund is not None:
        tasks.append(refunding(refund))
    add(tx, session_id=session.id, tasks=tasks, ids=ids, at=at)


def add(tx: Transaction, *, session_id: UUID, tasks: Sequence[Task], ids: Identities, at: datetime) -> None:
    """Put errands for one session into the outbox, due now, in this order."""
    if tasks:
        tx.outbox.add(
            [
                OutboxEntry(
                    id=ids.new(),
                    errand=task.errand,
                    lane=task.lane,
                    session_id=session_id,
                    data=task.data,
                    due_at=at,
                    recorded_at=at,
                )
                for task in tasks
            ]
        )


def mail(kind: Kind, role: Role, *, before: Period | None = None, refund: Refund | None = None) -> Task:
    """Write to one of the two people of a session; `before` and `refund` are what the mail tells of besides it."""
    data = {"kind": kind.value, "role": role.value}
    if before is not None:
        data |= {"before_start": before.start.isoformat(), "before_end": before.end.isoformat()}
    if refund is not None:
        data |= {"refund_id": str(refund.id)}
    return Task(Errand.NOTIFY, Lane.MAIL, data)


def refunding(refund: Refund) -> Task:
    """Send money back."""
    return Task(Errand.REFUND, Lane.MONEY, {"refund_id": str(refund.id)})


def canceling(payment: Payment) -> Task:
    """Cancel an intent at the provider."""
    return Task(Errand.CANCEL_INTENT, Lane.MONEY, {"payment_id": str(payment.id)})


def _tasks(event: events.Event, session: Session, payments: Sequence[Payment]) -> Iterator[Task]:
    match event:
        case events.Confirmed():
            yield from _confirmed(session)
        case events.HoldExpired():
            yield from _open_intents(payments)
        case events.PaymentReturned(late=True):
            yield mail(Kind.SLOT_LOST, Role.CLIENT)
        case events.Canceled():
            yield from _canceled(event, payments)
        case events.Rescheduled(before=before):
            yield Task(Errand.MOVE_MEETING, Lane.MEETING, {})
            yield from (mail(Kind.RESCHEDULED, role, before=before) for role in BOTH)
        case _:
            return


def _confirmed(session: Session) -> Iterator[Task]:
    yield Task(Errand.CREATE_MEETING, Lane.MEETING, {})
    if not session.free:
        yield mail(Kind.RECEIPT, Role.CLIENT)
    yield mail(Kind.CONFIRMATION, Role.CLIENT)
    yield mail(Kind.BOOKING_NOTICE, Role.RESEARCHER)


def _canceled(event: events.Canceled, payments: Sequence[Payment]) -> Iterator[Task]:
    yield from _open_intents(payments)
    if event.was_confirmed:
        yield Task(Errand.DELETE_MEETING, Lane.MEETING, {})
        yield from (mail(Kind.CANCELLATION, role) for role in BOTH)
    elif event.by is not CanceledBy.CLIENT:
        yield mail(Kind.CANCELLATION, Role.CLIENT)


def _open_intents(payments: Sequence[Payment]) -> Iterator[Task]:
    return (canceling(payment) for payment in payments if payment.alive)
