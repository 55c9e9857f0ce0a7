from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from consulting.adapters.contracts import strategies
from consulting.adapters.memory import MemoryTransactions
from consulting.domain.money import HIGHEST_HOURLY_RATE
from consulting.domain.payments import Intent, Payment, PaymentState
from consulting.domain.publishing import Publication
from consulting.domain.refunds import Refund
from consulting.domain.researchers import Researcher
from consulting.domain.reviews import Review
from consulting.domain.session_states import SF, SP, STATES, State
from consulting.domain.sessions import Session
from consulting.domain.time_slots import Claim, Terms, TimeSlot, obstacle

CHARGED = st.sampled_from((PaymentState.SUCCEEDED, PaymentState.MISMATCHED))


def test_sessions_come_to_every_state_that_exists() -> None:
    seen: set[State] = set()

    def has_seen_all(session: Session) -> bool:
        seen.add(session.state)
        return seen == set(STATES)

    enough = settings(max_examples=3_000, phases=[Phase.generate], derandomize=True, database=None)
    find(strategies.sessions(), has_seen_all, settings=enough)


@given(session=strategies.sessions())
def test_sessions_are_in_a_state_that_exists_and_only_holds_have_a_deadline(session: Session) -> None:
    assert session.state in STATES
    assert (session.expires_at is not None) is (session.state in {SP, SF})


@given(session=strategies.held_sessions())
def test_a_session_begins_before_it_takes_place(session: Session) -> None:
    assert session.created_at < session.period.start


@given(researcher=strategies.researchers(), session=strategies.sessions())
def test_what_is_drawn_can_be_kept(researcher: Researcher, session: Session) -> None:
    transactions = MemoryTransactions()
    own = replace(session, researcher_id=researcher.id)
    with transactions.begin() as tx:
        tx.researchers.add(researcher)
        publication = Publication(add=(own.period,))
        tx.time_slots.publish(publication, researcher_id=researcher.id, ids=[own.time_slot_id])
        tx.sessions.add(own)
    with transactions.begin() as tx:
        assert tx.researchers.get(researcher.id) == researcher
        assert tx.sessions.get(own.id) == own


@given(researcher=strategies.researchers())
def test_researchers_are_within_the_bounds(researcher: Researcher) -> None:
    assert 0 <= researcher.rate.amount <= HIGHEST_HOURLY_RATE
    assert researcher.rating.average is None or 1 <= researcher.rating.average <= 5


@given(data=st.data(), payment=strategies.payments())
def test_an_intent_is_about_its_payment_in_its_currency(data: st.DataObject, payment: Payment) -> None:
    intent: Intent = data.draw(strategies.intents(payment=payment))
    assert intent.amount.currency == payment.price.currency
    assert intent.returned <= intent.received


@given(data=st.data(), payment=strategies.payments(states=CHARGED))
def test_a_refund_is_no_more_than_was_received(data: st.DataObject, payment: Payment) -> None:
    refund: Refund = data.draw(strategies.refunds(payment=payment))
    assert payment.received is not None
    assert refund.amount <= payment.received


@given(review=strategies.reviews())
def test_reviews_give_one_to_five_stars(review: Review) -> None:
    assert 1 <= review.stars <= 5


@given(slot=strategies.time_slots(), terms=strategies.terms(), claim=strategies.claims(), at=strategies.instants())
def test_a_slot_drawn_as_withdrawn_is_never_bookable(slot: TimeSlot, terms: Terms, claim: Claim, at: datetime) -> None:
    found = obstacle(slot=slot, terms=terms, claims=[claim], at=at)
    assert not slot.withdrawn or found is not None
