"""What researchers do in the diary besides their weekly hours: other dates, their profile, and their bookings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import rule

from consulting.domain.availability import OneOffSlot, Override
from consulting.domain.cancellation import PRESETS
from consulting.domain.local_time import LocalWindow
from consulting.domain.money import Money
from consulting.domain.offering import slots
from consulting.domain.period import Period
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import DC, SC, Status
from consulting.domain.sessions import Session
from tests.unit.application.marketplace import MemoryMarketplace, account_of
from tests.unit.application.onlooker import Onlooker, pick

DATES = [date(2026, 10, day) for day in (24, 25, 26, 27)]
OTHER_HOURS: list[tuple[tuple[str, str], ...]] = [(), (("00:30", "03:30"),), (("00:00", "02:00"), ("21:30", "24:00"))]
CHANGES: list[dict[str, object]] = [
    {"timezone": "Europe/Berlin"},
    {"timezone": "Asia/Kolkata"},
    {"timezone": "America/New_York"},
    {"gap_minutes": 0},
    {"gap_minutes": 20},
    {"notice": timedelta(0)},
    {"notice": timedelta(hours=5)},
    {"horizon": timedelta(days=1)},
    {"horizon": timedelta(days=60)},
    {"rate": Money(8_000, "usd"), "policy": PRESETS["strict"]},
    {"rate": Money(12_000, "usd"), "policy": PRESETS["flexible"]},
]
whose = st.integers(0, 50)


class ResearcherActs(Onlooker):
    """Researchers who change their minds; nothing they change about themselves touches a session."""

    market: MemoryMarketplace
    researchers: list[Researcher]
    given_back: dict[UUID, int]

    @rule(researcher=whose, on=st.sampled_from(DATES), hours=st.sampled_from(OTHER_HOURS), back=st.booleans())
    def a_researcher_has_other_hours_on_a_date(
        self, researcher: int, on: date, hours: tuple[tuple[str, str], ...], back: bool
    ) -> None:
        who = pick(self.researchers, researcher)
        override = Override(
            id=UUID(int=who.id.int ^ (on.toordinal() << 8)),
            researcher_id=who.id,
            date=on,
            timezone=who.timezone,
            windows=tuple(LocalWindow.parse(start=start, end=end) for start, end in hours),
            slot_minutes=60,
        )
        with self.attempting():
            if back:
                self.market.remove_rule(Override, override.id, caller=account_of(who))
            else:
                self.market.save_override(override, caller=account_of(who))

    @rule(
        researcher=whose,
        which=st.integers(0, 2),
        hours=st.integers(-2, 80),
        minutes=st.sampled_from([30, 60, 60, 150]),
        back=st.booleans(),
    )
    def a_researcher_has_a_one_off_slot(
        self, researcher: int, which: int, hours: int, minutes: int, back: bool
    ) -> None:
        who = pick(self.researchers, researcher)
        start = self.sturdy.clock.now().replace(minute=30) + timedelta(hours=hours)
        slot = OneOffSlot(
            id=UUID(int=who.id.int ^ ((which + 1) << 32)),
            researcher_id=who.id,
            period=Period(start, start + timedelta(minutes=minutes)),
        )
        with self.attempting():
            if back and which:
                self.market.remove_rule(OneOffSlot, slot.id, caller=account_of(who))
            else:
                self.market.save_one_off(slot, caller=account_of(who))
                self._check_offered(slot, who)

    def _check_offered(self, slot: OneOffSlot, who: Researcher) -> None:
        """What was just taken up is given for everybody to see, unless it is time off."""
        if slot.period.start <= self.sturdy.clock.now():
            return
        with self.sturdy.transactions.begin() as tx:
            blocked = any(each.period.overlaps(slot.period) for each in tx.availability.rules(who.id).blocks)
        shown = {shown.slot.period for shown in self.sturdy.offered(who) if shown.slot.given}
        assert (slot.period in shown) != blocked, slot

    @rule(researcher=whose, like=st.sampled_from(DATES), week=st.sampled_from(DATES), cancel=st.booleans())
    def a_researcher_copies_a_week(self, researcher: int, like: date, week: date, cancel: bool) -> None:
        who = pick(self.researchers, researcher)
        standing = [session for session in self.all_sessions() if session.state == SC]
        with self.attempting():
            self.market.copy_week(source=like, target=week, caller=account_of(who), cancel_sessions=cancel)
        for session in standing:
            if self.session(session.id).status is Status.CANCELED:
                self.given_back[session.id] = session.price.amount

    @rule(researcher=whose, change=st.sampled_from(CHANGES))
    def a_researcher_edits_their_profile(self, researcher: int, change: dict[str, object]) -> None:
        who = pick(self.researchers, researcher)
        before = [_agreed(session) for session in self.all_sessions()]
        with self.attempting():
            self.market.edit_profile(lambda it: replace(it, **change), caller=account_of(who))  # type: ignore[arg-type]
        assert [_agreed(session) for session in self.all_sessions()] == before
        self.researchers = [self._as_saved(each) for each in self.researchers]

    @rule(which=whose, reopen=st.booleans())
    def a_researcher_cancels(self, which: int, reopen: bool) -> None:
        session = self.some_session(which, preferring=(SC,))
        if not session:
            return
        who = self._researcher_of(session)
        with self.attempting():
            self.market.cancel_booking(session.id, caller=account_of(who), reopen_slot=reopen)
        canceled = self.session(session.id).status is Status.CANCELED
        if session.state == SC and canceled:
            self.given_back[session.id] = session.price.amount
        if session.status is Status.SCHEDULED and canceled:
            self._check_time_of(session, who, reopened=reopen)

    @rule(which=whose)
    def a_client_does_not_come(self, which: int) -> None:
        session = self.some_session(which, preferring=(SC, DC))
        if session:
            with self.attempting():
                noted = self.market.no_show(session.id, caller=account_of(self._researcher_of(session))).view.session
                assert noted.state == DC
                assert noted.period.start <= self.sturdy.clock.now()

    def _check_time_of(self, canceled: Session, who: Researcher, *, reopened: bool) -> None:
        """Time that was called off is offered again exactly if it was reopened, is given, and nobody else has it."""
        period = canceled.period
        if period.start <= self.sturdy.clock.now():
            return
        with self.sturdy.transactions.begin() as tx:
            rules = tx.availability.rules(who.id)
        given = {each.period for each in slots(rules=rules, during=Period(period.start, period.end))}
        sessions = [each for each in self.all_sessions() if each.researcher_id == who.id]
        taken = any(each.period.overlaps(period) for each in sessions if each.status is not Status.CANCELED)
        offered = {shown.slot.period for shown in self.sturdy.offered(who) if shown.slot.given}
        assert (period in given) <= reopened, canceled
        assert (period in offered) == (period in given and not taken), canceled

    def _researcher_of(self, session: Session) -> Researcher:
        return next(each for each in self.researchers if each.id == session.researcher_id)

    def _as_saved(self, researcher: Researcher) -> Researcher:
        with self.sturdy.transactions.begin() as tx:
            return tx.researchers.get(researcher.id) or researcher


def _agreed(session: Session) -> tuple[object, ...]:
    """What client and researcher agreed on."""
    return session.id, session.state, session.period, session.time_slot_id, session.price, session.policy
