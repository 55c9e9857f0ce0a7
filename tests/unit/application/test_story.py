"""One session from first to last, as everybody hopes it goes."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from consulting.domain.session_states import DC, SC, XR
from tests.unit.application.marketplace import client, in_memory


def test_a_session_is_held_paid_met_reminded_of_and_completed() -> None:
    market = in_memory()
    lise = market.add_researcher("lise")
    market.set_hours(lise, "09:00", "12:00", pattern_ids=lambda day: UUID(int=100 + day))
    ada = client("ada")
    slot = [each for each in market.offered(lise) if each.available][-1]

    held = market.book(caller=ada, time_slot_id=slot.slot.id).session
    intent = market.open_intent(held.id, caller=ada).intent
    market.gateway.client_pays(intent.id)
    confirmed = market.confirm(held.id, intent_id=intent.id, caller=ada).session
    market.work()
    market.clock.set(confirmed.period.start - timedelta(minutes=59))
    market.remind()
    market.clock.set(confirmed.period.end)
    market.sweep()

    assert confirmed.state == SC
    assert market.session(held.id, caller=ada).session.state == DC
    assert len(market.rooms.open_meetings) == 1
    kinds = sorted(mail.message_id.split(".")[0].strip("<") for mail in market.mailer.delivered)
    assert kinds == ["booking_notice", "confirmation", "receipt", "reminder_1h", "reminder_1h"]


def test_a_canceled_session_gives_back_money_meeting_and_slot() -> None:
    market = in_memory()
    lise = market.add_researcher("lise")
    market.set_hours(lise, "09:00", "12:00", pattern_ids=lambda day: UUID(int=100 + day))
    ada = client("ada")
    slot = [each for each in market.offered(lise) if each.available][-1].slot.id
    held = market.book(caller=ada, time_slot_id=slot).session
    intent = market.open_intent(held.id, caller=ada).intent
    market.gateway.client_pays(intent.id)
    market.settle(intent.id)
    market.work()

    canceled = market.cancel(held.id, caller=ada).session
    market.work()

    assert canceled.state == XR
    assert not market.rooms.open_meetings
    shown = market.gateway.retrieve_intent(intent.id)
    assert shown is not None
    assert shown.returned == held.price
    assert market.slot(slot, caller=None).available
