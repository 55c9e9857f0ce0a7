"""Paying for a session: open an intent, and settle what became of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consulting.application import follow_ups
from consulting.application.booking import SessionView, own_session, view
from consulting.application.bookkeeping import keep_payment, keep_refund
from consulting.application.callers import Caller
from consulting.application.conflicts import retry_on_conflict
from consulting.application.locking import LockedSession, lock_session, terms
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.mailer import Kind, Role
from consulting.application.ports.payment_gateway import PaymentGateway, PaymentGatewayMisconfigured
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.application.publishing import release
from consulting.domain import events
from consulting.domain.errors import (
    AlreadyPaid,
    HoldExpired,
    NothingToPay,
    PaymentIncomplete,
    PaymentIntentUnknown,
    PaymentMismatch,
    SessionCanceled,
    SessionCompleted,
)
from consulting.domain.payments import Dispute, Intent, IntentStatus, Payment, PaymentState, first_attempt, next_attempt
from consulting.domain.refunds import ProviderRefund, Refund, RefundReason, RefundState
from consulting.domain.returns import take_in_returns
from consulting.domain.session_states import PaymentStatus, Status
from consulting.domain.sessions import Session
from consulting.domain.settlement import Settlement, settle
from consulting.domain.time_slots import retakable

log = logging.getLogger(__name__)

DEAD_END = frozenset({IntentStatus.CANCELED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIntent:
    """What a browser needs to pay: the intent with its client secret, and the provider's publishable key."""

    intent: Intent
    publishable_key: str


@dataclass(frozen=True, slots=True)
class SettlePayment:
    """Settle an intent: ask the provider how it stands, and make that true of the session.

    - Browser confirm, webhook and reconciliation all come here, in any order and any number of times.
    - Only the provider's answer counts: status, amount, currency, and the session named in the metadata.
    - Money that came too late retakes the slot if that is free, and otherwise goes back in full.
    - What was refunded in the provider's dashboard is recorded; all of it given back there cancels the session.
    """

    transactions: Transactions
    gateway: PaymentGateway
    clock: Clock
    ids: Identities

    def __call__(self, intent_id: str) -> Settlement | None:
        """Give what the settlement led to; None for an intent that isn't ours, without asking the provider."""
        with self.transactions.begin() as tx:
            known = tx.payments.of_intent(intent_id)
        intent = None if known is None else self.gateway.retrieve_intent(intent_id)
        if known is None or intent is None:
            return None
        return self.take_in(session_id=known.session_id, intent=intent)

    def take_in(self, *, session_id: UUID, intent: Intent) -> Settlement:
        """Make true of the session what the provider has just shown. Raises the gateway's errors."""
        shown = self.gateway.refunds_of_intent(intent.id) if intent.returned else ()
        return self._take_in(session_id, intent, shown)

    @retry_on_conflict
    def _take_in(self, session_id: UUID, intent: Intent, shown: Sequence[ProviderRefund]) -> Settlement:
        with self.transactions.begin() as tx:
            locked = lock_session(tx, session_id, releasing=True)
            payment = next(each for each in tx.payments.of_session(session_id) if each.intent_id == intent.id)
            refunds = tx.refunds.of_session(session_id)
            now = self.clock.now()
            settlement = take_in_returns(
                self._judge(locked, payment, refunds, intent, at=now),
                before=payment,
                refunds=refunds,
                shown=shown,
                taken=intent.taken,
                new_id=self.ids.new,
                at=now,
            )
            self._save(tx, settlement, locked.session, payment, refunds)
        _alert(settlement, before=payment)
        return settlement

    def _judge(
        self, locked: LockedSession, payment: Payment, refunds: Sequence[Refund], intent: Intent, *, at: datetime
    ) -> Settlement:
        offer = locked.offer
        return settle(
            session=locked.session,
            payment=payment,
            refunds=refunds,
            intent=intent,
            slot_free=retakable(slot=offer.slot, terms=terms(offer), claims=locked.rivals, at=at),
            refund_id=self.ids.new(),
            at=at,
        )

    def _save(
        self, tx: Transaction, settlement: Settlement, before: Session, paid_by: Payment, refunds: Sequence[Refund]
    ) -> None:
        now = self.clock.now()
        keep_payment(tx, settlement.payment, before=paid_by, at=now)
        known = {each.id: each for each in refunds}
        due = () if settlement.refund is None else (settlement.refund,)
        for refund in (*due, *settlement.returns):
            keep_refund(tx, refund, before=known.get(refund.id), at=now)
            known[refund.id] = refund
        if settlement.session != before:
            tx.sessions.save(settlement.session)
        self._follow_up(tx, settlement, paid_by, at=now)
        if before.status is Status.SCHEDULED and settlement.session.status is Status.CANCELED:
            release(tx, settlement.session, ids=self.ids, at=now)

    def _follow_up(self, tx: Transaction, settlement: Settlement, paid_by: Payment, *, at: datetime) -> None:
        session, payment = settlement.session, settlement.payment
        others = [each for each in tx.payments.of_session(session.id) if each.id != payment.id]
        follow_ups.record(
            tx,
            session=session,
            happened=settlement.happened,
            payments=[payment, *others],
            refund=settlement.refund,
            ids=self.ids,
            at=at,
        )
        tasks = list(_after_returns(settlement))
        flagged = payment.state is PaymentState.MISMATCHED and paid_by.state is not PaymentState.MISMATCHED
        if flagged and payment.received is None:
            tasks.append(follow_ups.canceling(payment))
        follow_ups.add(tx, session_id=session.id, tasks=tasks, ids=self.ids, at=at)


def _alert(settlement: Settlement, *, before: Payment) -> None:
    """Say it loudly, once, that somebody has to answer a dispute, or that one was lost."""
    dispute = settlement.payment.dispute
    if dispute is not before.dispute and dispute in {Dispute.OPEN, Dispute.LOST}:
        named = (settlement.session.id, settlement.payment.intent_id, dispute.value)
        log.error("the charge of session %s is disputed, intent %s: the dispute is %s", *named)


def _after_returns(settlement: Settlement) -> Iterator[follow_ups.Task]:
    """Send what has waited for the end of a dispute, and tell of money that was given back elsewhere."""
    canceled = any(isinstance(event, events.Canceled) for event in settlement.happened)
    for refund in settlement.returns:
        if refund.state is RefundState.REQUESTED:
            yield follow_ups.refunding(refund)
        elif refund.reason is RefundReason.OUTSIDE and refund.state is RefundState.SUCCEEDED and not canceled:
            yield follow_ups.mail(Kind.REFUND_DONE, Role.CLIENT, refund=refund)


@dataclass(frozen=True, slots=True)
class CreatePaymentIntent:
    """Open the payment of a held session.

    - The amount is the session's frozen price; the same hold gives the same open intent again.
    - After a failed attempt a new one is opened, once the failed one can't be charged any more.
    """

    transactions: Transactions
    gateway: PaymentGateway
    clock: Clock
    ids: Identities
    settle: SettlePayment

    def __call__(self, session_id: UUID, *, caller: Caller) -> OpenIntent:
        """Give the open intent.

        Raises SessionNotFound, NotYourSession, HoldExpired, SessionCanceled, AlreadyPaid, NothingToPay,
        SessionCompleted, and the gateway's errors.
        """
        payment = self._attempt(session_id, caller=caller)
        intent = self.at_provider(payment)
        if payment.state is PaymentState.FAILED or intent.status in DEAD_END:
            self._bury(payment, intent)
            payment = self._attempt(session_id, caller=caller)
            intent = self.at_provider(payment)
        if intent.status is IntentStatus.SUCCEEDED:
            self.settle.take_in(session_id=session_id, intent=intent)
            raise AlreadyPaid
        return OpenIntent(intent=intent, publishable_key=self.gateway.publishable_key)

    @retry_on_conflict
    def _attempt(self, session_id: UUID, *, caller: Caller) -> Payment:
        """Give the session's attempt that may still be charged, or record a new one before the provider hears of it."""
        with self.transactions.begin() as tx:
            own_session(tx, session_id, caller=caller)
            session = lock_session(tx, session_id).session
            now = self.clock.now()
            _require_payable(session.effective(at=now))
            payments = tx.payments.of_session(session_id)
            alive = next((each for each in payments if each.alive), None)
            if alive is not None:
                return alive
            payment = (
                next_attempt(payments[-1], id=self.ids.new(), at=now)
                if payments
                else first_attempt(id=self.ids.new(), session_id=session_id, price=session.price, at=now)
            )
            tx.payments.add(payment)
            return payment

    def at_provider(self, payment: Payment) -> Intent:
        """Show the attempt's intent, opening it where that wasn't done; the key makes that repeatable.

        Raises the gateway's errors; an intent of ours that the provider doesn't know is a matter of wrong credentials.
        """
        if payment.intent_id is not None:
            intent = self.gateway.retrieve_intent(payment.intent_id)
            if intent is None:
                # Another one, at another account, would be charged without our ever finding it.
                raise PaymentGatewayMisconfigured
            return intent
        intent = self.gateway.create_intent(key=payment.key, amount=payment.price, session_id=payment.session_id)
        self._remember(payment, intent)
        return intent

    @retry_on_conflict
    def _remember(self, payment: Payment, intent: Intent) -> None:
        """Keep the provider's id; if the session ended meanwhile, have the intent canceled."""
        with self.transactions.begin() as tx:
            session = lock_session(tx, payment.session_id).session
            known = next(each for each in tx.payments.of_session(payment.session_id) if each.id == payment.id)
            if known.intent_id is not None:
                return
            now = self.clock.now()
            opened = known.opened(intent_id=intent.id, at=now)
            tx.payments.save(opened)
            if session.status is not Status.SCHEDULED:
                tasks = [follow_ups.canceling(opened)]
                follow_ups.add(tx, session_id=session.id, tasks=tasks, ids=self.ids, at=now)

    def _bury(self, payment: Payment, intent: Intent) -> None:
        """Make sure that a failed attempt can't be charged any more, and settle whatever it turned out to be."""
        dead = intent if intent.status in DEAD_END else self.gateway.cancel_intent(intent.id)
        settlement = self.settle.take_in(session_id=payment.session_id, intent=dead)
        if dead.status not in DEAD_END and dead.status is not IntentStatus.SUCCEEDED:
            raise PaymentIncomplete(status=dead.status.value)
        if settlement.session.payment_status is PaymentStatus.COMPLETED:
            raise AlreadyPaid


def _require_payable(session: Session) -> None:
    if session.free:
        raise NothingToPay
    if session.hold_expired and session.payment_status is not PaymentStatus.REFUNDED:
        raise HoldExpired
    if session.status is Status.CANCELED:
        raise SessionCanceled
    if session.payment_status is PaymentStatus.COMPLETED:
        raise AlreadyPaid
    if session.status is Status.COMPLETED:
        raise SessionCompleted


@dataclass(frozen=True, slots=True)
class ConfirmPayment:
    """Tell that the client's browser has finished paying.

    - Only an intent that was opened for this session is looked at, and only the provider says whether it was paid.
    - The answer is the session in whatever state results, also after a late payment.
    """

    transactions: Transactions
    clock: Clock
    settle: SettlePayment

    def __call__(self, session_id: UUID, *, intent_id: str, caller: Caller) -> SessionView:
        """Give the session afterwards.

        Raises SessionNotFound, NotYourSession, PaymentIntentUnknown (no call, no write), PaymentMismatch,
        PaymentIncomplete with the provider's `status`, and the gateway's errors.
        """
        with self.transactions.begin() as tx:
            own_session(tx, session_id, caller=caller)
            payment = tx.payments.of_intent(intent_id)
        if payment is None or payment.session_id != session_id:
            raise PaymentIntentUnknown
        intent = self.settle.gateway.retrieve_intent(intent_id)
        if intent is None:
            raise PaymentIntentUnknown
        settlement = self.settle.take_in(session_id=session_id, intent=intent)
        if settlement.payment.state is PaymentState.MISMATCHED:
            raise PaymentMismatch
        if settlement.payment.received is None:
            raise PaymentIncomplete(status=intent.status.value)
        with self.transactions.begin() as tx:
            return view(tx, own_session(tx, session_id, caller=caller), at=self.clock.now())


@dataclass(frozen=True, slots=True)
class CancelIntent:
    """Cancel an intent that must not be charged any more, because its session ended.

    - One that the provider won't cancel, because it is processing or paid, is settled for what it is.
    """

    transactions: Transactions
    gateway: PaymentGateway
    settle: SettlePayment
    create: CreatePaymentIntent

    def __call__(self, *, session_id: UUID, payment_id: UUID) -> None:
        """Cancel it and settle. Raises the gateway's errors."""
        with self.transactions.begin() as tx:
            payment = next(each for each in tx.payments.of_session(session_id) if each.id == payment_id)
        intent = self.create.at_provider(payment)
        if intent.status not in {IntentStatus.SUCCEEDED, IntentStatus.CANCELED}:
            intent = self.gateway.cancel_intent(intent.id)
        self.settle.take_in(session_id=session_id, intent=intent)
