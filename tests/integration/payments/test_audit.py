"""Each fault is planted by hand into a sound database, and found; a sound one has none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import psycopg
import pytest

from consulting.adapters.memory import MovingClock
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.inspection import PostgresInspection
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.audit import MEANING, OUTBOX_HORIZON, Audit, CompareWithProvider, told
from consulting.application.ports.inspection import AT_THE_PROVIDER, Fault, Finding
from consulting.domain.money import Money
from consulting.domain.refunds import RefundState
from consulting.domain.sessions import Session
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from tests.integration.payments.conftest import copied
from tests.unit.application.marketplace import ADMIN, NOON, MemoryMarketplace, client, in_memory
from tests.unit.application.scene import Scene

ADA, BEA = client("ada"), client("bea")


@dataclass
class Town(Scene):
    """The scene over a real database, after a day on which everything happened that can."""

    database_url: str = ""

    def __post_init__(self) -> None:
        self.engine = open_engine(url=self.database_url, pool_size=2)
        market: MemoryMarketplace = replace(in_memory(at=NOON), transactions=PostgresTransactions(self.engine))  # type: ignore[arg-type]
        self.market = market
        self.lise, self.emmy = self._joined("lise", rate=12_000), self._joined("emmy", rate=0)

    def live(self) -> None:
        """Book, pay, cancel in full and by half, lose a dispute, expire, refund elsewhere, come free of charge."""
        hours = iter(range(24, 72))
        stands = self.paid_at(next(hours))
        for cancels in (self.paid_at(30), self.paid_at(5)):
            self.market.cancel(cancels.id, caller=BEA)
        self.market.give_goodwill(cancels.id, note="sorry", caller=ADMIN, amount=1_000)
        disputed = self.paid_at(next(hours) + 24)
        intent_id = self.intent_of_paid(disputed)
        self.market.gateway.client_disputes(intent_id)
        self.market.gateway.dispute_ends(intent_id, won=False)
        self.market.settle(intent_id)
        elsewhere = self.paid_at(50)
        self.market.gateway.refund_made_outside(self.intent_of_paid(elsewhere), amount=elsewhere.price)
        self.market.settle(self.intent_of_paid(elsewhere))
        self.free(by=ADA)
        self.held(slot=self.slot(ahead=timedelta(hours=20)), by=ADA)
        self.market.work()
        self.market.clock.advance(timedelta(minutes=20))
        self.market.sweep()
        self.market.work()
        self.stands = stands

    def paid_at(self, hours: int) -> Session:
        session = self.held(slot=self.slot(ahead=timedelta(hours=hours)), by=BEA)
        intent_id = self.intent_of(session, by=BEA)
        self.market.gateway.client_pays(intent_id)
        return self.market.confirm(session.id, intent_id=intent_id, caller=BEA).session

    def intent_of_paid(self, session: Session) -> str:
        with self.market.transactions.begin() as tx:
            return str(tx.payments.of_session(session.id)[-1].intent_id)


@pytest.fixture(scope="module")
def sound(postgres: EmbeddedPostgres, migrated: str) -> Iterator[str]:
    """A database in which everything is as it should be."""
    with copied(postgres, template=migrated) as name:
        town = Town(database_url=postgres.url(name))
        town.live()
        town.engine.dispose()
        yield name


@pytest.fixture
def url(postgres: EmbeddedPostgres, sound: str) -> Iterator[str]:
    with copied(postgres, template=sound) as name:
        yield postgres.url(name)


def audited(url: str, *, after: timedelta = timedelta(minutes=20)) -> list[Finding]:
    engine = open_engine(url=url, pool_size=1)
    try:
        return list(Audit(PostgresInspection(engine), MovingClock(NOON + after))())
    finally:
        engine.dispose()


def test_a_sound_database_has_no_findings_now_nor_once_everybody_must_have_been_told(url: str) -> None:
    for after in (timedelta(minutes=20), OUTBOX_HORIZON + timedelta(hours=1), timedelta(days=30)):
        assert audited(url, after=after) == []


OUTAGE = (
    "UPDATE sessions SET meeting_id = NULL, meeting_join_link = NULL, meeting_host = NULL; DELETE FROM notifications"
)


def test_an_outage_of_an_hour_is_no_fault_and_one_of_a_day_is(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(OUTAGE)

    assert audited(url, after=timedelta(hours=1)) == []
    found = {finding.fault for finding in audited(url, after=OUTBOX_HORIZON + timedelta(minutes=1))}
    assert found == {Fault.NOT_LINKED, Fault.NOT_TOLD}


STANDS = "(SELECT s.id FROM sessions s JOIN payments p ON p.session_id = s.id WHERE s.status = 'scheduled' LIMIT 1)"
PAID = f"(SELECT id FROM payments WHERE session_id = {STANDS})"
CANCELED = "(SELECT id FROM sessions WHERE cancellation_reason = 'canceled_by_client' ORDER BY start_time LIMIT 1)"
REFUND = f"(SELECT id FROM refunds WHERE session_id = {CANCELED} AND reason = 'canceled')"
NEW_REFUND = (
    "INSERT INTO refunds SELECT gen_random_uuid(), id, session_id, {amount}, 'usd', '{reason}', '{state}', 2, NULL,"
    f" created_at, updated_at FROM payments WHERE id = {PAID}"
)
ERRAND = (
    "INSERT INTO outbox (id, session_id, lane, errand, data, version, recorded_at, due_at, standing, ended_at)"
    " VALUES (gen_random_uuid(), {session}, '{lane}', '{errand}', '{{}}', 1, now(), now(), 'dead', now())"
)
PLANTED: dict[Fault, str] = {
    Fault.OVERLAP: "ALTER TABLE sessions DROP CONSTRAINT sessions_no_overlap;"
    f"UPDATE sessions SET status = 'scheduled', payment_status = 'completed', canceled_by = NULL, canceled_at = NULL,"
    f" cancellation_reason = NULL, researcher_id = other.researcher_id, time_slot_id = other.time_slot_id,"
    f" start_time = other.start_time, end_time = other.end_time"
    f" FROM (SELECT * FROM sessions WHERE id = {STANDS}) AS other WHERE sessions.id = {CANCELED}",
    Fault.OFF_SLOT: "ALTER TABLE sessions DROP CONSTRAINT sessions_of_their_slot;"
    f"UPDATE sessions SET start_time = start_time + interval '1 minute' WHERE id = {STANDS}",
    Fault.PAID_WITHOUT_SESSION: "UPDATE sessions SET payment_status = 'pending', expires_at = start_time"
    f" WHERE id = {STANDS}",
    Fault.SESSION_WITHOUT_PAYMENT: f"UPDATE payments SET state = 'canceled', received_amount = NULL,"
    f" received_currency = NULL WHERE id = {PAID}",
    Fault.REFUND_MISSING: f"DELETE FROM refunds WHERE session_id = {CANCELED}",
    Fault.REFUND_NOT_DUE: NEW_REFUND.format(amount=100, reason="canceled", state="succeeded"),
    Fault.REFUNDED_TOO_MUCH: f"UPDATE payments SET received_amount = 100 WHERE session_id = {CANCELED}",
    Fault.REFUND_DEAD: f"UPDATE refunds SET state = 'failed', tries = 2 WHERE id = {REFUND}",
    Fault.REFUND_STUCK: "UPDATE refunds SET state = 'requested', updated_at = updated_at - interval '2 days'"
    f" WHERE id = {REFUND}",
    Fault.LEDGER_OFF: "INSERT INTO ledger_entries (reference, kind, session_id, payment_id, amount, currency,"
    f" recorded_at) SELECT 'by hand', 'refund', session_id, id, -1, 'usd', now() FROM payments WHERE id = {PAID}",
    Fault.MESSAGE_DEAD: "INSERT INTO inbox (id, source, external_id, kind, received_at, due_at, standing, ended_at)"
    " VALUES (gen_random_uuid(), 'stripe', 'evt', 'charge.refunded', now(), now(), 'dead', now())",
    Fault.NOT_LINKED: "UPDATE sessions SET meeting_id = NULL, meeting_join_link = NULL, meeting_host = NULL,"
    f" confirmed_at = confirmed_at - interval '2 days' WHERE id = {STANDS}",
    Fault.NOT_TOLD: f"DELETE FROM notifications WHERE session_id = {STANDS} AND kind = 'confirmation';"
    f"UPDATE sessions SET confirmed_at = confirmed_at - interval '2 days' WHERE id = {STANDS}",
    Fault.MEETING_LEFT: "UPDATE sessions SET meeting_id = '1', meeting_join_link = 'https://zoom.example/1',"
    f" meeting_host = 'host', canceled_at = canceled_at - interval '2 days' WHERE id = {CANCELED}",
    Fault.ERRAND_DEAD: ERRAND.format(session=STANDS, lane="mail", errand="notify"),
    Fault.REMINDER_LIED: "INSERT INTO notifications (session_id, kind, recipient, about, message_id, marked_at)"
    f" SELECT id, 'reminder_1h', 'client', start_time::text, '<m>', canceled_at + interval '1 minute'"
    f" FROM sessions WHERE id = {CANCELED}",
    Fault.FIELD_MISCOUNTED: "UPDATE expertise_spellings SET researchers = 2 * researchers",
    Fault.TRAIT_MISTAKEN: "UPDATE bearers SET marks = ~marks WHERE trait = 'verified'",
    Fault.OPENING_MISSING: "DELETE FROM openings",
}


def test_every_fault_has_a_meaning_and_is_planted_by_a_test() -> None:
    assert set(MEANING) == set(Fault)
    assert set(PLANTED) == set(Fault) - AT_THE_PROVIDER


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(url: str, fault: Fault) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(PLANTED[fault].encode())

    found = [finding for finding in audited(url) if finding.fault is fault]

    assert found
    assert told(found[0]).startswith(f"{fault} ")
    assert all(found[0].about.values())


DEAD: dict[str, str] = {
    "create_meeting": "UPDATE sessions SET meeting_id = NULL, meeting_join_link = NULL, meeting_host = NULL",
    "notify": "",
    "cancel_intent": f"UPDATE payments SET state = 'open', received_amount = NULL, received_currency = NULL"
    f" WHERE id = {PAID}; UPDATE outbox SET data = jsonb_build_object('payment_id', {PAID}) WHERE standing = 'dead'",
}


@pytest.mark.parametrize("errand", DEAD)
def test_a_dead_errand_that_still_matters_is_found_at_once(url: str, errand: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(ERRAND.format(session=STANDS, lane="mail", errand=errand).encode())
        connection.execute(DEAD[errand].encode() or b"SELECT")

    assert Fault.ERRAND_DEAD in {finding.fault for finding in audited(url)}


def test_a_dead_errand_that_was_overtaken_is_no_fault(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(ERRAND.format(session=STANDS, lane="meeting", errand="create_meeting").encode())

    assert audited(url) == []


def test_a_mismatched_payment_that_was_not_given_back_is_found(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(f"UPDATE payments SET state = 'mismatched' WHERE id = {PAID}".encode())

    missing = [finding for finding in audited(url) if finding.fault is Fault.REFUND_MISSING]
    assert [set(finding.about) for finding in missing] == [{"session", "payment"}]


def test_nobody_can_change_what_is_in_the_ledger(url: str) -> None:
    statements = ("UPDATE ledger_entries SET amount = 1", "DELETE FROM ledger_entries", "TRUNCATE ledger_entries")
    for statement in statements:
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(statement.encode())


# Compared with the provider's books


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    town = Town(database_url=database_url)
    town.live()
    yield town
    town.engine.dispose()


def compared(town: Town) -> list[Fault]:
    compare = CompareWithProvider(town.market.transactions, town.market.books)
    return [finding.fault for finding in compare()]


def test_what_the_provider_booked_beyond_our_books_is_found(town: Town) -> None:
    assert compared(town) == []
    gateway, price = town.market.gateway, Money(12_000, "usd")
    stranger = gateway.create_intent(key="stranger", amount=price, session_id=town.stands.id)
    gateway.client_pays(stranger.id)
    assert compared(town) == [Fault.CHARGE_UNKNOWN]

    gateway.refund_made_outside(town.intent_of_paid(town.stands), amount=Money(100, "usd"))
    assert compared(town) == [Fault.CHARGE_UNKNOWN, Fault.REFUND_UNKNOWN]


def test_what_stands_otherwise_at_the_provider_is_found(town: Town) -> None:
    with town.market.transactions.begin() as tx:
        (payment,) = tx.payments.of_session(town.stands.id)
        tx.payments.save(replace(payment, received=Money(1, "usd")))
    assert compared(town) == [Fault.CHARGE_DIFFERS]

    refunds = town.market.gateway.books().refunds(since=NOON)
    settled = next(each.refund for each in refunds if each.refund.state is RefundState.SUCCEEDED)
    town.market.gateway.refund_fails(settled.id)
    assert compared(town) == [Fault.CHARGE_DIFFERS, Fault.REFUND_DIFFERS]
