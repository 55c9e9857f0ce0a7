"""A marketplace with two researchers and their hours, and the shortest ways into the states that tests start from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from consulting.adapters.memory.kept import KeptErrand, Standing
from consulting.application.callers import Caller
from consulting.application.ports.outbox import Errand
from consulting.domain.payments import Payment
from consulting.domain.refunds import Refund
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session
from consulting.domain.time_slots import TimeSlot
from tests.unit.application.marketplace import NOON, MemoryMarketplace, client, in_memory

ADA, BEA = client("ada"), client("bea")
PRICE = 12_000
TICK = timedelta(seconds=1)


@dataclass
class Scene:
    """Lise takes 120 USD an hour, Emmy nothing; both have hours every day from 09:00 to 17:00 in Berlin."""

    at: datetime = NOON
    market: MemoryMarketplace = field(init=False)
    lise: Researcher = field(init=False)
    emmy: Researcher = field(init=False)

    def __post_init__(self) -> None:
        self.market = in_memory(at=self.at)
        self.lise = self._joined("lise", rate=PRICE)
        self.emmy = self._joined("emmy", rate=0)

    def slot(self, *, ahead: timedelta = timedelta(hours=24), of: Researcher | None = None) -> TimeSlot:
        """Give the first slot that can be booked and starts at least this far ahead."""
        earliest = self.market.clock.now() + ahead
        offered = self.market.offered(of or self.lise)
        return next(each.slot for each in offered if each.available and each.slot.period.start >= earliest)

    def held(self, *, slot: TimeSlot | None = None, by: Caller = ADA) -> Session:
        """Book a slot without paying."""
        return self.market.book(caller=by, time_slot_id=(slot or self.slot()).id).session

    def intent_of(self, session: Session, *, by: Caller = ADA) -> str:
        """Open the session's payment, and give the intent's id."""
        return self.market.open_intent(session.id, caller=by).intent.id

    def intent_id(self, session: Session) -> str:
        """Give the id of the intent that was opened last."""
        intent_id = self.payments(session)[-1].intent_id
        assert intent_id is not None
        return intent_id

    def confirmed(self, *, slot: TimeSlot | None = None, by: Caller = ADA) -> Session:
        """Book a slot and pay it, without letting the worker do anything yet."""
        session = self.held(slot=slot, by=by)
        intent_id = self.intent_of(session, by=by)
        self.market.gateway.client_pays(intent_id)
        return self.market.confirm(session.id, intent_id=intent_id, caller=by).session

    def free(self, *, by: Caller = ADA) -> Session:
        """Book a session that costs nothing."""
        return self.held(slot=self.slot(of=self.emmy), by=by)

    def expire(self, session: Session) -> None:
        """Let the hold's time pass, to the very instant of its deadline."""
        assert session.expires_at is not None
        self.market.clock.set(session.expires_at)

    def saved(self, session: Session) -> Session:
        """Give the session as it was last saved."""
        return self.market.transactions.snapshot().sessions[session.id]

    def now(self, session: Session) -> Session:
        """Give the session as everybody sees it now."""
        return self.saved(session).effective(at=self.market.clock.now())

    def payments(self, session: Session) -> list[Payment]:
        """List the session's attempts to pay."""
        found = self.market.transactions.snapshot().payments.values()
        return sorted((each for each in found if each.session_id == session.id), key=lambda each: each.attempt)

    def refunds(self, session: Session) -> list[Refund]:
        """List the session's refunds."""
        found = self.market.transactions.snapshot().refunds.values()
        return [each for each in found if each.session_id == session.id]

    def errands(self, standing: Standing = Standing.WAITING) -> list[KeptErrand]:
        """List the errands that are like this."""
        found = self.market.transactions.snapshot().errands.values()
        return [each for each in found if each.standing is standing]

    def waiting(self) -> set[Errand]:
        """List the kinds of errands that wait to be done."""
        return {each.entry.errand for each in self.errands()}

    def mails(self, *, to: Caller | None = None) -> list[str]:
        """List what was mailed, by kind and role; all of it, or what one person got."""
        found = [each for each in self.market.mailer.delivered if to is None or each.to_address == to.email]
        return [".".join(each.message_id.strip("<").split(".")[:2]) for each in found]

    def _joined(self, name: str, *, rate: int) -> Researcher:
        researcher = self.market.add_researcher(name, rate=rate)
        self.market.set_hours(
            researcher, "09:00", "17:00", pattern_ids=lambda weekday: UUID(int=researcher.id.int ^ (weekday + 1))
        )
        return researcher


def let_pass(scene: Scene, time: timedelta, *, every: timedelta = TICK) -> None:
    """Let time pass while the worker works."""
    until = scene.market.clock.now() + time
    while scene.market.clock.now() < until:
        scene.market.work()
        scene.market.clock.advance(every)
    scene.market.work()
