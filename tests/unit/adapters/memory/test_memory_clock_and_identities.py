from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.turns import at_once
from consulting.adapters.memory import MovingClock, SequentialIdentities


def test_a_clock_moves_only_when_it_is_told_to() -> None:
    clock = MovingClock(sample.NOW)
    assert clock.now() == clock.now() == sample.NOW
    assert clock.advance(timedelta(minutes=5)) == clock.now() == sample.after(minutes=5)
    clock.set(sample.NOW)
    assert clock.now() == sample.NOW


def test_a_clock_tells_utc_whatever_it_was_set_to() -> None:
    clock = MovingClock(datetime(2026, 9, 7, 10, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == sample.NOW
    assert clock.now().tzinfo is UTC


def test_a_clock_refuses_to_run_backward_and_to_be_set_to_no_instant() -> None:
    clock = MovingClock(sample.NOW)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="offset"):
        clock.set(datetime(2026, 9, 7))  # noqa: DTZ001 -- the fault to be found


def test_ids_rise_are_well_formed_and_the_same_in_every_run() -> None:
    ids, again = SequentialIdentities(), SequentialIdentities()
    made = [ids.new() for _ in range(1000)]
    assert made == sorted(set(made))
    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}
    assert made == [again.new() for _ in range(1000)]


def test_two_streams_never_give_the_same_id() -> None:
    one, other = SequentialIdentities(stream=0), SequentialIdentities(stream=4095)
    assert not {one.new() for _ in range(100)} & {other.new() for _ in range(100)}
    with pytest.raises(ValueError, match="4095"):
        SequentialIdentities(stream=4096)


def test_ids_made_at_once_are_different() -> None:
    ids = SequentialIdentities()
    outcomes = at_once(*[lambda: [ids.new() for _ in range(500)]] * 4)
    assert len({each for outcome in outcomes for each in outcome.result or []}) == 2000
