"""The diary: clients, researchers, workers and the provider act in any order, and the promises are checked after each.

A state machine over the use cases. The ports are given by `open_marketplace`, so the same diary is written over the
memory adapters and over Postgres.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from consulting.application.callers import Caller
from consulting.domain.availability import Block
from consulting.domain.offering import slots
from consulting.domain.payments import IntentStatus
from consulting.domain.period import Period
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import DC, SC, SF, SP, Status
from consulting.domain.sessions import Session
from tests.unit.application.fuse import Fragile, FragileTransactions, Fuse
from tests.unit.application.marketplace import MemoryMarketplace, account_of, in_memory
from tests.unit.application.onlooker import CLIENTS, OVER, pick
from tests.unit.application.researcher_acts import ResearcherActs, whose

EVE_OF_THE_CHANGE = datetime(2026, 10, 24, 6, tzinfo=UTC)
"""The clocks of Berlin go back in the night that follows."""

FREE_SESSIONS_AHEAD = 2
"""How many a client may have: few enough that histories get there."""

HOURS = [("22:00", "24:00"), ("01:00", "04:00"), ("00:00", "02:30"), ("23:00", "02:00")]


class Diary(ResearcherActs, RuleBasedStateMachine):
    """A few days in the life of a small marketplace."""

    def open_marketplace(self) -> MemoryMarketplace:
        """Give the ports to play on, before they are made fragile."""
        return in_memory(at=EVE_OF_THE_CHANGE)

    def __init__(self) -> None:
        super().__init__()
        self.sturdy = self.open_marketplace()
        self.fuse = Fuse()
        self.market = replace(
            self.sturdy,
            transactions=FragileTransactions(self.sturdy.transactions, self.fuse),  # type: ignore[arg-type]
            gateway=Fragile(self.sturdy.gateway, self.fuse),  # type: ignore[arg-type]
            rooms=Fragile(self.sturdy.rooms, self.fuse),  # type: ignore[arg-type]
            mailer=Fragile(self.sturdy.mailer, self.fuse),  # type: ignore[arg-type]
            free_sessions_per_user=FREE_SESSIONS_AHEAD,
        )
        self.researchers: list[Researcher] = []
        self.given_back: dict[UUID, int] = {}
        self.blocks: list[tuple[Researcher, UUID]] = []

    @initialize()
    def open_doors(self) -> None:
        self.researchers = [
            self.sturdy.add_researcher("lise"),
            self.sturdy.add_researcher("rosalind", rate=9_999),
            self.sturdy.add_researcher("emmy", rate=0, timezone="Europe/Berlin"),
        ]
        for researcher in self.researchers:
            self.sturdy.set_hours(researcher, "22:00", "02:00", pattern_ids=_pattern_ids(researcher))

    # What people do

    @rule(who=whose, researcher=whose, slot=whose, pays=st.sampled_from(["not yet", "opens", "charged"]))
    def somebody_books(self, who: int, researcher: int, slot: int, pays: str) -> None:
        offered = self.sturdy.offered(pick(self.researchers, researcher))
        if not offered:
            return
        with self.attempting():
            caller = pick(CLIENTS, who)
            held = self.market.book(caller=caller, time_slot_id=self.some_slot(offered, slot)).session
            if pays != "not yet" and not held.free:
                opened = self.market.open_intent(held.id, caller=caller)
                if pays == "charged":
                    self.sturdy.gateway.client_pays(opened.intent.id)

    @rule(which=whose)
    def the_client_opens_a_payment(self, which: int) -> None:
        session = self.some_session(which, preferring=(SP, SF))
        if session:
            with self.attempting():
                self.market.open_intent(session.id, caller=_client_of(session))

    @rule(which=whose, outcome=st.sampled_from(["pays", "pays", "pays", "fails", "processing"]))
    def the_card_is_tried(self, which: int, outcome: str) -> None:
        chargeable = self.chargeable_intents()
        if not chargeable:
            return
        intent_id = pick(chargeable, which)
        act = {
            "pays": self.sturdy.gateway.client_pays,
            "fails": self.sturdy.gateway.client_fails,
            "processing": self.sturdy.gateway.starts_processing,
        }
        act[outcome](intent_id)

    @rule(which=whose)
    def the_browser_confirms(self, which: int) -> None:
        payment = self.some_payment(which)
        if payment and payment.intent_id:
            session = self.session(payment.session_id)
            with self.attempting():
                self.market.confirm(session.id, intent_id=payment.intent_id, caller=_client_of(session))

    @rule(which=whose)
    def a_webhook_is_settled(self, which: int) -> None:
        intent_id = self.some_intent(which)
        if intent_id:
            with self.attempting():
                self.market.settle(intent_id)

    @rule(which=whose)
    def the_client_cancels(self, which: int) -> None:
        session = self.some_session(which, preferring=(SC, SP))
        if not session:
            return
        quote = self.sturdy.quote(session.id, caller=_client_of(session)).refund.amount
        with self.attempting():
            self.market.cancel(session.id, caller=_client_of(session))
        if session.state == SC and self.session(session.id).status is Status.CANCELED:
            self.given_back[session.id] = quote

    @rule(which=whose, researcher=whose, slot=whose)
    def the_client_reschedules(self, which: int, researcher: int, slot: int) -> None:
        session = self.some_session(which, preferring=(SC,))
        offered = self.sturdy.offered(pick(self.researchers, researcher))
        if session and offered:
            with self.attempting():
                self.market.reschedule(session.id, time_slot_id=pick(offered, slot).slot.id, caller=_client_of(session))

    @rule(researcher=whose, hours=st.integers(0, 60), length=st.integers(1, 6), cancel=st.booleans())
    def a_researcher_takes_time_off(self, researcher: int, hours: int, length: int, cancel: bool) -> None:
        who = pick(self.researchers, researcher)
        start = self.sturdy.clock.now() + timedelta(hours=hours)
        block = Block(
            id=self.sturdy.ids.new(), researcher_id=who.id, period=Period(start, start + timedelta(hours=length))
        )
        standing = [session for session in self.all_sessions() if session.state == SC]
        with self.attempting():
            self.market.block(block, caller=account_of(who), cancel_sessions=cancel)
            self.blocks.append((who, block.id))
        for session in standing:
            if self.session(session.id).status is Status.CANCELED:
                self.given_back[session.id] = session.price.amount

    @precondition(lambda self: self.blocks)
    @rule(which=whose)
    def a_researcher_comes_back(self, which: int) -> None:
        who, block_id = pick(self.blocks, which)
        with self.attempting():
            self.market.remove_rule(Block, block_id, caller=account_of(who))

    @rule(researcher=whose, hours=st.sampled_from(HOURS))
    def a_researcher_edits_their_hours(self, researcher: int, hours: tuple[str, str]) -> None:
        who = pick(self.researchers, researcher)
        with self.attempting():
            self.market.set_hours(who, *hours, pattern_ids=_pattern_ids(who))

    # What the machine does

    @rule(minutes=st.sampled_from([1, 1, 2, 2, 5, 14, 15, 16, 60, 60 * 7, 60 * 24]))
    def time_passes(self, minutes: int) -> None:
        self.sturdy.clock.advance(timedelta(minutes=minutes))

    @rule(
        duty=st.sampled_from(["errands", "errands", "sweep", "remind", "reconcile", "top_up"]),
    )
    def the_worker_does_its_duty(self, duty: str) -> None:
        with self.attempting():
            if duty == "errands":
                self.market.errands(limit=5)
            else:
                getattr(self.market, duty)()

    @rule(steps=st.integers(0, 12))
    def somebody_is_about_to_die(self, steps: int) -> None:
        self.fuse.steps_left = steps

    # What must be true after each

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        now = self.sturdy.clock.now()
        claims = [(session, claim) for session in self.all_sessions() if (claim := session.claim())]
        standing = [(session, claim) for session, claim in claims if claim.stands(at=now)]
        for one, claim in standing:
            for other, rival in standing:
                same = one.id == other.id or one.researcher_id != other.researcher_id
                assert same or not claim.period.overlaps(rival.period), (one, other)

    @invariant()
    def offered_is_bookable(self) -> None:
        for researcher in self.researchers:
            for shown in self.sturdy.offered(researcher):
                assert shown.available == self.could_be_booked(shown.slot.id), shown

    @invariant()
    def time_that_nobody_has_is_offered(self) -> None:
        """A dead worker can't lose inventory: judged by the sessions' own states, not by what judges slots."""
        now = self.sturdy.clock.now()
        taken = [session for session in self.all_sessions() if session.status is not Status.CANCELED]
        for researcher in self.researchers:
            for shown in self.sturdy.offered(researcher):
                period = shown.slot.period
                free = not any(each.researcher_id == researcher.id and each.period.overlaps(period) for each in taken)
                timely = now + researcher.notice <= period.start <= now + researcher.horizon and now < period.start
                bookable = timely and shown.slot.given
                assert shown.available == (free and bookable), shown

    @invariant()
    def offered_hours_are_the_researchers_own(self) -> None:
        """Every slot that can be booked is given by the rules, whether or not a worker has swept what lapsed."""
        now = self.sturdy.clock.now()
        for researcher in self.researchers:
            with self.sturdy.transactions.begin() as tx:
                rules = tx.availability.rules(researcher.id)
            given = {each.period for each in slots(rules=rules, during=Period(now, now + timedelta(days=6)))}
            offered = {shown.slot.period for shown in self.sturdy.offered(researcher) if shown.available}
            assert offered <= given, sorted(offered - given)

    @invariant()
    def nobody_has_a_session_without_the_price_paid(self) -> None:
        for session in self.all_sessions():
            if session.state in {SC, DC} and not session.free:
                received, returned = self.money(session)
                assert received - returned >= session.price.amount, session

    @invariant()
    def nobody_takes_a_calendar_for_nothing(self) -> None:
        now = self.sturdy.clock.now()
        ahead = Counter(
            session.client.user_id
            for session in self.all_sessions()
            if session.free and session.state == SC and session.period.start > now
        )
        assert all(number <= FREE_SESSIONS_AHEAD for number in ahead.values()), ahead

    @invariant()
    def nobody_gets_back_more_than_was_paid(self) -> None:
        for session in self.all_sessions():
            received, returned = self.money(session)
            assert returned <= received, session

    @invariant()
    def reminders_come_once(self) -> None:
        names = [mail.message_id for mail in self.sturdy.mailer.delivered if "reminder" in mail.message_id]
        assert len(names) == len(set(names)), names

    def teardown(self) -> None:
        """Let all that was begun come to its end; then money, meetings and mails must agree with the sessions."""
        if not self.researchers:
            return
        self.fuse.steps_left = None
        for _ in range(4):
            self.sturdy.clock.advance(timedelta(minutes=30))
            self.sturdy.sweep()
            self.sturdy.reconcile()
            self.sturdy.work()
        for session in self.all_sessions():
            self.check_money(session)
            self.check_meeting(session)
            self.check_confirmation(session)
        self.check_intents()

    def check_intents(self) -> None:
        """Nobody can still be charged for a session that is over."""
        for session in self.all_sessions():
            if session.status is Status.CANCELED:
                for name in self.sturdy.gateway.intents_of(session.id):
                    seen = self.sturdy.gateway.retrieve_intent(name)
                    assert seen is not None
                    assert seen.status in {*OVER, IntentStatus.PROCESSING}, session

    def check_money(self, session: Session) -> None:
        received, returned = self.money(session)
        if session.free:
            assert (received, returned) == (0, 0)
        elif session.state in {SC, DC}:
            assert received - returned == session.price.amount, session
        elif session.id in self.given_back:
            assert received - returned == session.price.amount - self.given_back[session.id], session
        else:
            assert received == returned, session

    def check_meeting(self, session: Session) -> None:
        rooms = [meeting for meeting in self.sturdy.rooms.open_meetings if meeting.session_id == session.id]
        if session.state == SC:
            assert len(rooms) == 1, session
            assert rooms[0].period == session.period
            assert session.meeting is not None
        elif session.status is Status.CANCELED:
            assert not rooms, session

    def check_confirmation(self, session: Session) -> None:
        sent = {mail.message_id for mail in self.sturdy.mailer.delivered if str(session.id) in mail.message_id}
        confirmations = {name for name in sent if name.startswith("<confirmation.client.")}
        if session.state in {SC, DC}:
            assert confirmations, session


def _pattern_ids(researcher: Researcher) -> Callable[[int], UUID]:
    return lambda weekday: UUID(int=researcher.id.int ^ (weekday + 1))


def _client_of(session: Session) -> Caller:
    return next(each for each in CLIENTS if each.user_id == session.client.user_id)
