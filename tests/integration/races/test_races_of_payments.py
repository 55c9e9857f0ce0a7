"""Money against time: paying, telling of it, canceling and expiring at once, in several processes on one database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from consulting.domain.availability import Block
from consulting.domain.cancellation import CanceledBy
from consulting.domain.refunds import RefundReason
from consulting.domain.session_states import SC, XR, Status
from tests.integration.races.arena import TOMORROW, Booking, Round
from tests.integration.races.crowd import DONE, Attempt, counted
from tests.integration.races.deeds import (
    cancel,
    confirm,
    expire,
    expire_and_cancel_intent,
    give_goodwill,
    open_payment,
    pay_and_confirm,
    settle,
    take_time_off,
)
from tests.unit.application.marketplace import HOLD, NOON

Rounds = Callable[[], Iterator[Round]]

CONFIRMED = Counter(
    {
        "create_meeting": 1,
        "notify receipt client": 1,
        "notify confirmation client": 1,
        "notify booking_notice researcher": 1,
    }
)
CANCELED = Counter({"delete_meeting": 1, "notify cancellation client": 1, "notify cancellation researcher": 1})
REFUND = Counter({"refund": 1})
GIVING_UP_THE_INTENT = Counter({"cancel_intent": 1})
DEADLINE = NOON + HOLD


def test_two_confirms_and_two_messages_at_once_confirm_a_session_once(rounds: Rounds) -> None:
    for now in rounds():
        booking = now.booked(now.open_hours("10:00", "11:00").slots[0])
        intent = now.charged(booking)
        browser = partial(confirm, caller=booking.caller, session_id=booking.session.id, intent_id=intent.id)

        outcomes = now.race(*[browser] * 2, *[partial(settle, intent_id=intent.id)] * 2)

        assert counted(outcomes) == {DONE: 4}
        assert now.session(booking.session.id).state == SC
        assert now.received(booking.session.id) == booking.session.price
        assert now.refunds(booking.session.id) == []
        assert now.errands(booking.session.id) == CONFIRMED


def test_two_browsers_that_open_the_payment_get_the_same_intent(rounds: Rounds) -> None:
    for now in rounds():
        booking = now.booked(now.open_hours("10:00", "11:00").slots[0])

        outcomes = now.race(*[partial(open_payment, caller=booking.caller, session_id=booking.session.id)] * 3)

        assert counted(outcomes) == {DONE: 3}
        assert len({outcome.answer.id for outcome in outcomes}) == 1


def test_a_payment_that_meets_a_cancellation_ends_canceled_with_what_is_due_returned(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "11:00", on=TOMORROW)
        booking = now.booked(hours.slots[0])
        intent = now.charged(booking)

        canceled, confirmed = now.race(
            partial(cancel, caller=booking.caller, session_id=booking.session.id),
            partial(confirm, caller=booking.caller, session_id=booking.session.id, intent_id=intent.id),
        )

        assert (canceled.name, confirmed.name) == (DONE, DONE)
        assert canceled.answer.status is Status.CANCELED
        assert confirmed.answer.state in {SC, XR}
        after = now.session(booking.session.id)
        assert after.state == XR
        price = booking.session.price
        [refund] = now.refunds(after.id)
        now.saw("canceled first" if after.confirmed_at is None else "confirmed first")
        if after.confirmed_at is None:
            assert refund.amount == price
            assert now.errands(after.id) == GIVING_UP_THE_INTENT + REFUND
        else:
            assert refund.amount == price.share(percent=50)
            assert now.errands(after.id) == CONFIRMED + CANCELED + REFUND
        assert now.published(hours.researcher) == now.rightly_published(hours.researcher)


def test_canceling_twice_at_once_gives_back_once(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "11:00", on=TOMORROW)
        booking = now.paid(hours.slots[0])

        outcomes = now.race(*[partial(cancel, caller=booking.caller, session_id=booking.session.id)] * 3)

        assert counted(outcomes) == {DONE: 3}
        assert {outcome.answer.state for outcome in outcomes} == {XR}
        assert now.session(booking.session.id).sequence == 1
        assert [refund.amount for refund in now.refunds(booking.session.id)] == [
            booking.session.price.share(percent=50)
        ]
        assert now.errands(booking.session.id) == CONFIRMED + CANCELED + REFUND


def test_two_who_give_goodwill_at_once_never_give_more_than_is_left(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "11:00", on=TOMORROW)
        booking = now.paid(hours.slots[0])
        price = booking.session.price
        cancel(now.market, caller=booking.caller, session_id=booking.session.id)
        left = price.amount - price.share(percent=50).amount

        outcomes = now.race(
            partial(give_goodwill, session_id=booking.session.id, amount=left - 1_000),
            partial(give_goodwill, session_id=booking.session.id, amount=2_000),
            partial(give_goodwill, session_id=booking.session.id, amount=left),
        )

        assert counted(outcomes) == {DONE: 1, "RefundExceedsPayment": 2}
        goodwill = [each for each in now.refunds(booking.session.id) if each.reason is RefundReason.GOODWILL]
        assert len(goodwill) == 1
        now.saw(f"{goodwill[0].amount} given")
        assert now.errands(booking.session.id) == CONFIRMED + CANCELED + REFUND + REFUND


def test_where_both_sides_cancel_at_once_the_first_decides_on_the_refund(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "11:00", on=TOMORROW)
        booking = now.paid(hours.slots[0])
        block = Block(id=now.market.ids.new(), researcher_id=hours.researcher.id, period=hours.slots[0].period)

        outcomes = now.race(
            partial(cancel, caller=booking.caller, session_id=booking.session.id),
            partial(take_time_off, caller=hours.account, block=block, cancel_sessions=True),
        )

        assert counted(outcomes) == {DONE: 2}
        after = now.session(booking.session.id)
        assert after.state == XR
        assert after.cancellation is not None
        now.saw(f"canceled by the {after.cancellation.by}")
        percent = {CanceledBy.CLIENT: 50, CanceledBy.RESEARCHER: 100}[after.cancellation.by]
        assert [refund.amount for refund in now.refunds(after.id)] == [after.price.share(percent=percent)]
        assert now.errands(after.id) == CONFIRMED + CANCELED + REFUND
        assert now.published(hours.researcher) == set()


def test_a_payment_around_the_deadline_is_either_a_session_or_goes_back_in_full(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "11:00")
        booking = now.booked(hours.slots[0])
        intent = now.charged(booking)
        browser = partial(confirm, caller=booking.caller, session_id=booking.session.id, intent_id=intent.id)
        rivals = now.bookers(hours.slots[0], now.random.choice([0, 1, 2]))

        swept, confirmed, settled, *others = now.race(
            Attempt(deed=partial(expire, session_id=booking.session.id), at=around_deadline(now)),
            Attempt(deed=browser, at=around_deadline(now)),
            Attempt(deed=partial(settle, intent_id=intent.id), at=around_deadline(now)),
            *(Attempt(deed=rival, at=around_deadline(now)) for rival in rivals),
        )

        assert swept.name == confirmed.name == settled.name == DONE
        assert set(counted(others)) <= {DONE, "SlotUnavailable"}
        won = counted(others)[DONE]
        now.saw("lost to a rival" if won else "kept")
        after = now.session(booking.session.id)
        assert [session.id == after.id for session in now.sessions(hours.researcher)] == [not won]
        assert_session_or_money(now, booking, lost=bool(won))
        assert now.published(hours.researcher) == now.rightly_published(hours.researcher)


def test_a_charge_that_meets_the_expiry_of_its_intent_is_either_refused_or_settled(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "11:00")
        booking = now.booked(hours.slots[0])
        browser = partial(
            pay_and_confirm,
            caller=booking.caller,
            session_id=booking.session.id,
            intent=now.intent(booking),
            stripe_url=now.arena.premises.stripe_url,
        )
        worker = partial(expire_and_cancel_intent, session_id=booking.session.id)

        charged, swept = now.race(Attempt(deed=browser, at=DEADLINE), Attempt(deed=worker, at=DEADLINE))

        assert charged.name == swept.name == DONE
        now.saw("charged" if charged.answer else "charge refused")
        if charged.answer:
            assert_session_or_money(now, booking, lost=False)
        else:
            after = now.session(booking.session.id)
            assert (after.status, after.hold_expired) == (Status.CANCELED, True)
            assert now.received(after.id) is None


def assert_session_or_money(now: Round, booking: Booking, *, lost: bool) -> None:
    """Whoever lost the slot gets all of the money back; who did not, has a session that is confirmed once."""
    after, price = now.session(booking.session.id), booking.session.price
    assert now.received(after.id) == price
    assert after.state == (XR if lost else SC)
    assert [refund.amount for refund in now.refunds(after.id)] == ([price] if lost else [])
    told = now.errands(after.id) - GIVING_UP_THE_INTENT
    assert told == (REFUND + Counter({"notify slot_lost client": 1}) if lost else CONFIRMED)


def around_deadline(now: Round) -> datetime:
    microseconds = now.random.choice([-1_000_000, -1, 0, 1, 1_000_000])
    return DEADLINE + timedelta(microseconds=microseconds)
