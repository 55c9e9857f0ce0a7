"""The diary with people who move money behind our back: refunds in the provider's dashboard, and disputes."""

from __future__ import annotations

from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from consulting.adapters.memory import Trouble
from consulting.domain.cancellation import CancellationReason
from consulting.domain.ledger import balance
from consulting.domain.payments import Dispute, Intent
from consulting.domain.refunds import RefundReason, RefundState, left_of
from consulting.domain.session_states import DC, DR, SC, XC, XR, Status
from consulting.domain.sessions import Session
from tests.unit.application.diary import Diary
from tests.unit.application.marketplace import ADMIN
from tests.unit.application.onlooker import CLIENTS, pick
from tests.unit.application.researcher_acts import whose


class MoneyDiary(Diary):
    """The same days, with an operator at Stripe's dashboard, a kind admin, and clients who complain to their bank."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[UUID, int] = {}

    @rule(who=whose, researcher=whose, slot=whose, then=st.sampled_from(["stands", "canceled", "canceled", "dying"]))
    def somebody_pays_and_thinks_again(self, who: int, researcher: int, slot: int, then: str) -> None:
        """Get to where refunds are due, some with an answer that gets lost."""
        offered = self.sturdy.offered(pick(self.researchers[:2], researcher))
        caller = pick(CLIENTS, who)
        if not offered:
            return
        with self.attempting():
            held = self.sturdy.book(caller=caller, time_slot_id=self.some_slot(offered, slot)).session
            intent_id = self.sturdy.open_intent(held.id, caller=caller).intent.id
            self.sturdy.gateway.client_pays(intent_id)
            self.sturdy.confirm(held.id, intent_id=intent_id, caller=caller)
            if then != "stands":
                self.given_back[held.id] = self.sturdy.quote(held.id, caller=caller).refund.amount
                self.sturdy.cancel(held.id, caller=caller)
            if then == "dying":
                self.sturdy.gateway.line.order(Trouble.ANSWER_LOST)
                self.sturdy.errands(limit=5)
        self.sturdy.gateway.line.next()  # whoever asks next is answered again

    @rule(which=whose, share=st.sampled_from([25, 50, 100, 100]))
    def somebody_refunds_in_the_dashboard(self, which: int, share: int) -> None:
        intents = [each for each in self.charged_intents() if each.dispute in {None, Dispute.WON}]
        if intents:
            intent = self.some_charge(intents, which)
            amount = min(intent.received.share(percent=share), intent.received - intent.returned)
            if amount:
                self.sturdy.gateway.refund_made_outside(intent.id, amount=amount)

    @rule(which=whose, share=st.sampled_from([25, 100, 100]))
    def a_cardholder_disputes(self, which: int, share: int) -> None:
        intents = [each for each in self.charged_intents() if each.dispute is None and each.returned < each.received]
        if intents:
            intent = self.some_charge(intents, which)
            left = intent.received - intent.returned
            self.sturdy.gateway.client_disputes(intent.id, amount=left.share(percent=share))

    @rule(which=whose, won=st.booleans())
    def a_bank_decides(self, which: int, won: bool) -> None:
        intents = [each for each in self.charged_intents() if each.dispute is Dispute.OPEN]
        if intents:
            self.sturdy.gateway.dispute_ends(pick(intents, which).id, won=won)

    @rule(which=whose, share=st.sampled_from([0, 30, 60, 100]))
    def an_admin_shows_goodwill(self, which: int, share: int) -> None:
        """Give back a share of what is left, or all of it without saying how much; most often of what has ended."""
        session = self.some_session(which, preferring=(DC, DR, XC, XR))
        if session is None:
            return
        left, before = self.left_of(session), self.goodwill_of(session)
        with self.attempting():
            self.market.give_goodwill(
                session.id, note="sorry", caller=ADMIN, amount=left * share // 100 if share else None
            )
        decided = self.goodwill_of(session) - before
        assert decided <= left, session
        assert not decided or session.status is not Status.SCHEDULED, session
        self.shown[session.id] = self.shown.get(session.id, 0) + decided

    # What must be true after each

    @invariant()
    def nobody_has_a_session_without_the_price_paid(self) -> None:
        """What goes back without our doing is found later; what we give back never leaves a session behind."""
        for session in self.all_sessions():
            if session.state in {SC, DC} and not session.free:
                received, ours, _ = self.flows(session)
                assert received - ours >= session.price.amount, session

    @invariant()
    def the_ledger_says_what_payments_and_refunds_say(self) -> None:
        for session in self.saved_sessions():
            with self.sturdy.transactions.begin() as tx:
                held = balance(tx.ledger.of_session(session.id))
                received = sum(each.received.amount for each in tx.payments.of_session(session.id) if each.received)
                refunds = tx.refunds.of_session(session.id)
            arrived = sum(each.amount.amount for each in refunds if each.state is RefundState.SUCCEEDED)
            assert held == received - arrived, session
            assert held >= 0, session

    @invariant()
    def what_the_provider_booked_is_ours_or_somebody_elses(self) -> None:
        """A refund of ours is never recorded as made elsewhere."""
        ids = [session.id for session in self.saved_sessions()]
        with self.sturdy.transactions.begin() as tx:
            refunds = tx.refunds.of_sessions(ids)
        elsewhere = {each.provider_id for each in refunds if each.reason is RefundReason.OUTSIDE}
        ours = {each.refund.id for each in self.sturdy.books.refunds(since=self.sturdy.clock.now()) if each.refund.key}
        assert not elsewhere & ours

    def teardown(self) -> None:
        """No dispute lasts for ever; then everything must come to its end as ever."""
        for intent in self.charged_intents() if self.researchers else ():
            if intent.dispute is Dispute.OPEN:
                self.sturdy.gateway.dispute_ends(intent.id, won=True)
        super().teardown()

    def check_money(self, session: Session) -> None:
        """All that is due went back, by whomever; and of ours never more than is due."""
        received, ours, others = self.flows(session)
        if session.free:
            assert (received, ours, others) == (0, 0, 0)
            return
        kept = 0
        if session.state in {SC, DC, DR}:
            kept = session.price.amount
        elif session.id in self.given_back:
            kept = session.price.amount - self.given_back[session.id]
        due = received - kept
        beyond = received - session.price.amount if self.refunded_elsewhere(session) else due
        goodwill = self.shown.get(session.id, 0)
        assert ours <= min(max(beyond, 0) + goodwill, received), session
        assert ours + others >= min(due + goodwill, received), session
        if session.state in {SC, DC}:
            whole = [each for each in self.charged_intents() if self.given_back_elsewhere(each) >= each.received.amount]
            assert all(each.session_id != session.id for each in whole) or received > session.price.amount, session

    # What the checks look at

    def some_charge(self, intents: list[Intent], which: int) -> Intent:
        """Pick a charge, mostly one of which money is due: that is where ours and others' refunds meet."""
        with self.sturdy.transactions.begin() as tx:
            due = [
                each
                for each in intents
                if each.session_id and any(refund.unsent for refund in tx.refunds.of_session(each.session_id))
            ]
        return pick(due if due and which % 4 else intents, which)

    def charged_intents(self) -> list[Intent]:
        shown = (self.sturdy.gateway.retrieve_intent(each.intent_id) for each in self.payments() if each.intent_id)
        return [intent for intent in shown if intent is not None and intent.received]

    def flows(self, session: Session) -> tuple[int, int, int]:
        """Give what was received for a session, what we gave back, and what others took: dashboards and banks."""
        intents = [each for each in self.charged_intents() if each.session_id == session.id]
        ours = others = 0
        for intent in intents:
            for refund in self.sturdy.gateway.refunds_of_intent(intent.id):
                if refund.state is not RefundState.FAILED and refund.key:
                    ours += refund.amount.amount
                elif refund.state is not RefundState.FAILED:
                    others += refund.amount.amount
            others += intent.taken.amount if intent.taken else 0
        return sum(each.received.amount for each in intents), ours, others

    def left_of(self, session: Session) -> int:
        """Give what our books say is left of the session's payments."""
        with self.sturdy.transactions.begin() as tx:
            refunds = tx.refunds.of_session(session.id)
            return sum(left_of(each, refunds).amount for each in tx.payments.of_session(session.id))

    def goodwill_of(self, session: Session) -> int:
        with self.sturdy.transactions.begin() as tx:
            refunds = tx.refunds.of_session(session.id)
        return sum(each.amount.amount for each in refunds if each.reason is RefundReason.GOODWILL)

    def given_back_elsewhere(self, intent: Intent) -> int:
        refunds = self.sturdy.gateway.refunds_of_intent(intent.id)
        return sum(each.amount.amount for each in refunds if each.key is None)

    def refunded_elsewhere(self, session: Session) -> bool:
        ended = session.cancellation
        return ended is not None and ended.reason is CancellationReason.REFUNDED_OUTSIDE
