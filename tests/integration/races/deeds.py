"""What people and machines do in a race: plain functions, so that a `partial` of one can be sent to a process."""

from __future__ import annotations

from uuid import UUID

from consulting.application.callers import Caller
from consulting.application.payments import CancelIntent
from consulting.domain.availability import Block, OneOffSlot, Pattern
from consulting.domain.payments import Intent
from consulting.domain.publishing import Publication
from consulting.domain.sessions import Session
from consulting.domain.settlement import Settlement
from tests.integration.races.sandbox import charge
from tests.unit.application.marketplace import ADMIN, Marketplace


def book(market: Marketplace, *, caller: Caller, slot_id: UUID) -> Session:
    return market.book(caller=caller, time_slot_id=slot_id).session


def cancel(market: Marketplace, *, caller: Caller, session_id: UUID) -> Session:
    return market.cancel(session_id, caller=caller).session


def give_goodwill(market: Marketplace, *, session_id: UUID, amount: int | None = None) -> Session:
    return market.give_goodwill(session_id, note="sorry", caller=ADMIN, amount=amount).session


def move(market: Marketplace, *, caller: Caller, session_id: UUID, slot_id: UUID) -> Session:
    return market.reschedule(session_id, time_slot_id=slot_id, caller=caller).session


def open_payment(market: Marketplace, *, caller: Caller, session_id: UUID) -> Intent:
    return market.open_intent(session_id, caller=caller).intent


def confirm(market: Marketplace, *, caller: Caller, session_id: UUID, intent_id: str) -> Session:
    return market.confirm(session_id, intent_id=intent_id, caller=caller).session


def settle(market: Marketplace, *, intent_id: str) -> Settlement | None:
    """Do what the worker does about a message of the provider."""
    return market.settle(intent_id)


def pay_and_confirm(market: Marketplace, *, caller: Caller, session_id: UUID, intent: Intent, stripe_url: str) -> bool:
    """Do what a browser does: charge the card, and tell of it if that succeeded. Tell whether it did."""
    if not charge(intent, stripe_url=stripe_url):
        return False
    market.confirm(session_id, intent_id=intent.id, caller=caller)
    return True


def expire(market: Marketplace, *, session_id: UUID) -> Session:
    """Sweep the session, as the worker does."""
    return market.sweep.sweep(session_id)


def expire_and_cancel_intent(market: Marketplace, *, session_id: UUID) -> Session:
    """Sweep the session, and do the errand that follows from it: cancel its open intent at the provider."""
    swept = market.sweep.sweep(session_id)
    with market.transactions.begin() as tx:
        alive = [payment for payment in tx.payments.of_session(session_id) if payment.alive]
    cancel_intent = CancelIntent(market.transactions, market.gateway, market.settle, market.open_intent)
    for payment in alive:
        cancel_intent(session_id=session_id, payment_id=payment.id)
    return swept


def take_time_off(market: Marketplace, *, caller: Caller, block: Block, cancel_sessions: bool = False) -> Publication:
    return market.block(block, caller=caller, cancel_sessions=cancel_sessions)


def edit_hours(market: Marketplace, *, caller: Caller, pattern: Pattern) -> Publication:
    return market.save_pattern(pattern, caller=caller)


def offer_once(market: Marketplace, *, caller: Caller, slot: OneOffSlot) -> Publication:
    return market.save_one_off(slot, caller=caller)


def top_up(market: Marketplace, *, researcher_id: UUID) -> Publication:
    """Publish the researcher's slots, as the worker does."""
    return market.publish(researcher_id)
