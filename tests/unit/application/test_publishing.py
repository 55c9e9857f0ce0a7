"""What is published follows the rules, whatever was held or booked in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from consulting.domain.availability import Block, OneOffSlot
from consulting.domain.errors import SlotUnavailable, TimeIsBooked, TimeIsTaken
from consulting.domain.money import Money
from consulting.domain.period import Period
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import SC, SP, XF, XR
from consulting.domain.sessions import Session
from tests.unit.application.marketplace import HOLD, MemoryMarketplace, account_of, client, in_memory

ADA, BEA = client("ada"), client("bea")


@pytest.fixture
def market() -> MemoryMarketplace:
    return in_memory()


@pytest.fixture
def lise(market: MemoryMarketplace) -> Researcher:
    researcher = market.add_researcher("lise", timezone="UTC")
    hours(market, researcher, "09:00", "17:00")
    return researcher


def hours(market: MemoryMarketplace, researcher: Researcher, start: str, end: str) -> None:
    market.set_hours(researcher, start, end, pattern_ids=lambda day: UUID(int=100 + day))


def on(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=UTC)


def starts(market: MemoryMarketplace, researcher: Researcher) -> set[datetime]:
    return {shown.slot.period.start for shown in market.offered(researcher) if shown.available}


def held(market: MemoryMarketplace, researcher: Researcher, start: datetime) -> Session:
    slot = next(each.slot for each in market.offered(researcher) if each.slot.period.start == start)
    return market.book(caller=ADA, time_slot_id=slot.id).session


def confirmed(market: MemoryMarketplace, researcher: Researcher, start: datetime) -> Session:
    session = held(market, researcher, start)
    intent = market.open_intent(session.id, caller=ADA).intent
    market.gateway.client_pays(intent.id)
    return market.confirm(session.id, intent_id=intent.id, caller=ADA).session


def test_a_hold_that_a_late_failure_ends_gives_its_time_back_to_the_rules(
    market: MemoryMarketplace, lise: Researcher
) -> None:
    session = held(market, lise, on(3, 12))
    intent = market.open_intent(session.id, caller=ADA).intent
    hours(market, lise, "08:30", "16:30")
    market.gateway.client_fails(intent.id)
    market.clock.advance(HOLD)

    settlement = market.settle(intent.id)

    assert settlement is not None
    assert settlement.session.state in {XF, settlement.session.effective(at=market.clock.now()).state}
    assert {on(3, 11, 30), on(3, 12, 30)} <= starts(market, lise)
    assert on(3, 12) not in starts(market, lise)


def test_a_cancellation_nearby_leaves_a_lapsed_hold_to_be_released_in_full(
    market: MemoryMarketplace, lise: Researcher
) -> None:
    stands = confirmed(market, lise, on(3, 9))
    slot = next(each.slot for each in market.offered(lise) if each.slot.period.start == on(3, 15))
    market.book(caller=BEA, time_slot_id=slot.id)
    hours(market, lise, "09:00", "12:00")
    market.clock.advance(HOLD)

    market.cancel(stands.id, caller=ADA)
    market.sweep()

    assert on(3, 9) in starts(market, lise)
    assert on(3, 15) not in starts(market, lise)


def test_a_free_slot_under_way_does_not_shut_out_new_hours(market: MemoryMarketplace, lise: Researcher) -> None:
    market.clock.set(on(2, 12, 30))
    hours(market, lise, "12:45", "16:45")

    assert {on(2, 13, 45), on(2, 14, 45), on(2, 15, 45)} <= starts(market, lise)
    market.top_up()
    assert market.publish(lise.id).changes_nothing


def test_a_block_over_what_is_past_cancels_only_what_is_still_to_come(
    market: MemoryMarketplace, lise: Researcher
) -> None:
    past, coming = confirmed(market, lise, on(3, 9)), confirmed(market, lise, on(3, 15))
    market.clock.set(past.period.end + timedelta(hours=1))
    today = Block(id=UUID(int=900), researcher_id=lise.id, period=Period(on(3, 0), on(4, 0)))

    with pytest.raises(TimeIsBooked) as refused:
        market.block(today, caller=account_of(lise))
    market.block(today, caller=account_of(lise), cancel_sessions=True)

    assert refused.value.details == {"sessions": [str(coming.id)]}
    assert market.session(coming.id, caller=ADA).session.state == XR
    assert market.session(past.id, caller=ADA).session.payment_status == SC.payment


def test_a_quote_is_what_canceling_then_gives(market: MemoryMarketplace, lise: Researcher) -> None:
    session = confirmed(market, lise, on(3, 15))
    intent_id = market.gateway.intents_of(session.id)[0]
    market.gateway.refund_made_outside(intent_id, amount=Money(8_000, "usd"))
    market.settle(intent_id)
    market.clock.set(on(3, 12))

    quote = market.quote(session.id, caller=ADA).refund
    view = market.cancel(session.id, caller=ADA)

    assert quote == Money(4_000, "usd")
    assert [refund.amount for refund in view.refunds if refund.amount != Money(8_000, "usd")] == [quote]


def test_a_lapsed_hold_off_the_rules_is_not_offered_before_it_is_swept(
    market: MemoryMarketplace, lise: Researcher
) -> None:
    session = held(market, lise, on(3, 12))
    hours(market, lise, "09:00", "12:00")
    market.clock.advance(HOLD)

    assert on(3, 12) not in starts(market, lise)
    with pytest.raises(SlotUnavailable):
        market.book(caller=BEA, time_slot_id=session.time_slot_id)


def test_a_lapsed_hold_whose_hours_came_back_is_offered_before_it_is_swept(
    market: MemoryMarketplace, lise: Researcher
) -> None:
    session = held(market, lise, on(3, 12))
    hours(market, lise, "09:00", "12:00")
    hours(market, lise, "09:00", "17:00")
    market.clock.advance(HOLD)

    assert on(3, 12) in starts(market, lise)
    assert market.book(caller=BEA, time_slot_id=session.time_slot_id).session.state == SP


def test_a_payment_in_time_keeps_a_slot_that_the_rules_no_longer_give(
    market: MemoryMarketplace, lise: Researcher
) -> None:
    session = held(market, lise, on(3, 12))
    intent = market.open_intent(session.id, caller=ADA).intent
    hours(market, lise, "09:00", "12:00")
    market.gateway.client_pays(intent.id)

    assert market.confirm(session.id, intent_id=intent.id, caller=ADA).session.state == SC


def test_time_off_is_taken_over_a_hold_whose_time_is_over(market: MemoryMarketplace, lise: Researcher) -> None:
    session = held(market, lise, on(3, 12))
    market.clock.advance(HOLD)

    market.block(Block(id=UUID(int=900), researcher_id=lise.id, period=session.period), caller=account_of(lise))

    assert on(3, 12) not in starts(market, lise)
    assert market.session(session.id, caller=ADA).session.cancellation is not None


def test_where_a_session_was_moved_away_the_hours_give_what_they_give_now(
    market: MemoryMarketplace, lise: Researcher
) -> None:
    session = confirmed(market, lise, on(4, 12))
    hours(market, lise, "08:30", "16:30")
    elsewhere = next(each.slot for each in market.offered(lise) if each.slot.period.start == on(5, 9, 30))

    market.reschedule(session.id, time_slot_id=elsewhere.id, caller=ADA)

    assert {on(4, 11, 30), on(4, 12, 30)} <= starts(market, lise)
    assert not {on(4, 12), on(5, 9, 30)} & starts(market, lise)


def once(market: MemoryMarketplace, researcher: Researcher, start: datetime, *, hours: float = 1) -> OneOffSlot:
    slot = OneOffSlot(
        id=UUID(int=800), researcher_id=researcher.id, period=Period(start, start + timedelta(hours=hours))
    )
    market.save_one_off(slot, caller=account_of(researcher))
    return slot


def test_a_one_off_slot_keeps_its_id_while_hours_are_edited_around_it(
    market: MemoryMarketplace, lise: Researcher
) -> None:
    once(market, lise, on(3, 19, 30))
    before = {shown.slot.id for shown in market.offered(lise) if shown.slot.period.start == on(3, 19, 30)}

    hours(market, lise, "18:00", "23:00")

    assert {on(3, 18), on(3, 19, 30), on(3, 21)} <= starts(market, lise)
    assert not {on(3, 19), on(3, 20)} & starts(market, lise)
    assert {shown.slot.id for shown in market.offered(lise) if shown.slot.period.start == on(3, 19, 30)} == before


def test_a_one_off_slot_further_ahead_than_slots_are_published_is_offered_when_its_time_comes(
    market: MemoryMarketplace, lise: Researcher
) -> None:
    once(market, lise, on(10, 19))
    early = {shown.slot.period.start for shown in market.offered(lise, days=12)}

    market.clock.advance(timedelta(days=6))
    market.top_up()

    assert on(10, 19) not in early
    assert on(10, 19) in starts(market, lise)


def test_a_block_takes_a_one_off_slot_and_gives_it_back(market: MemoryMarketplace, lise: Researcher) -> None:
    once(market, lise, on(3, 19))
    block = Block(id=UUID(int=900), researcher_id=lise.id, period=Period(on(3, 19, 30), on(3, 19, 45)))

    market.block(block, caller=account_of(lise))
    blocked = starts(market, lise)
    market.remove_rule(Block, block.id, caller=account_of(lise))

    assert on(3, 19) not in blocked
    assert on(3, 19) in starts(market, lise)


def test_a_booked_one_off_slot_that_is_taken_back_or_moved_leaves_its_session(
    market: MemoryMarketplace, lise: Researcher
) -> None:
    slot = once(market, lise, on(3, 19))
    session = confirmed(market, lise, on(3, 19))

    with pytest.raises(TimeIsTaken):
        once(market, lise, on(3, 19), hours=2)
    once(market, lise, on(3, 21))
    moved = starts(market, lise)
    market.remove_rule(OneOffSlot, slot.id, caller=account_of(lise))

    assert on(3, 21) in moved
    assert not {on(3, 19), on(3, 21)} & starts(market, lise)
    assert market.session(session.id, caller=ADA).session.state == SC
    market.cancel(session.id, caller=ADA)
    assert on(3, 19) not in starts(market, lise)


def test_a_booked_one_off_slot_that_was_moved_comes_back_to_its_session_and_is_offered_after_it(
    market: MemoryMarketplace, lise: Researcher
) -> None:
    slot = once(market, lise, on(3, 19))
    session = confirmed(market, lise, on(3, 19))

    for hour in (21, 19):
        once(market, lise, on(3, hour))
        assert on(3, 19) not in starts(market, lise)
    assert on(3, 21) not in starts(market, lise)
    assert market.session(session.id, caller=ADA).session.time_slot_id == session.time_slot_id

    market.cancel(session.id, caller=ADA)
    assert on(3, 19) in starts(market, lise)
    market.remove_rule(OneOffSlot, slot.id, caller=account_of(lise))
    assert on(3, 19) not in starts(market, lise)
