"""One judgement of what can be booked, for reading and for booking."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.domain.period import Period
from consulting.domain.time_slots import Claim, Obstacle, Terms, TimeSlot, obstacle, retakable, turning_points

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
START = NOW + timedelta(hours=5)
SLOT = TimeSlot(id=UUID(int=1), researcher_id=UUID(int=2), period=Period(START, START + timedelta(hours=1)))
MICROSECOND = timedelta(microseconds=1)
TERMS = Terms(active=True, notice=timedelta(hours=1), horizon=timedelta(days=60))


def claim(*, shift: timedelta = timedelta(0), expires_at: datetime | None = None) -> Claim:
    return Claim(
        session_id=UUID(int=3),
        user_id="ada",
        time_slot_id=SLOT.id,
        period=Period(START + shift, START + shift + timedelta(hours=1)),
        expires_at=expires_at,
    )


def test_a_published_free_slot_can_be_booked() -> None:
    assert obstacle(slot=SLOT, terms=TERMS, claims=(), at=NOW) is None


@pytest.mark.parametrize(
    ("slot", "terms", "at", "found"),
    [
        (replace(SLOT, withdrawn=True), TERMS, NOW, Obstacle.WITHDRAWN),
        (SLOT, replace(TERMS, active=False), NOW, Obstacle.INACTIVE),
        (SLOT, TERMS, START, Obstacle.PAST),
        (SLOT, TERMS, START - timedelta(minutes=59), Obstacle.NOTICE),
        (SLOT, replace(TERMS, notice=timedelta(0)), START - timedelta(microseconds=1), None),
        (SLOT, TERMS, START - timedelta(hours=1), None),
        (SLOT, TERMS, START - timedelta(days=60), None),
        (SLOT, TERMS, START - timedelta(days=60, microseconds=1), Obstacle.HORIZON),
    ],
)
def test_each_obstacle_is_named(slot: TimeSlot, terms: Terms, at: datetime, found: Obstacle | None) -> None:
    assert found == obstacle(slot=slot, terms=terms, claims=(), at=at)


@pytest.mark.parametrize(
    ("shift", "found"),
    [
        (timedelta(0), Obstacle.TAKEN),
        (timedelta(minutes=59), Obstacle.TAKEN),
        (timedelta(minutes=-59), Obstacle.TAKEN),
        (timedelta(hours=1), None),
        (timedelta(hours=-1), None),
    ],
)
def test_only_overlapping_claims_take_a_slot(shift: timedelta, found: Obstacle | None) -> None:
    assert found == obstacle(slot=SLOT, terms=TERMS, claims=(claim(shift=shift),), at=NOW)


def test_a_hold_is_free_for_everybody_at_its_deadline() -> None:
    deadline = NOW + timedelta(minutes=15)
    held = (claim(expires_at=deadline),)

    assert obstacle(slot=SLOT, terms=TERMS, claims=held, at=deadline - timedelta(microseconds=1)) == Obstacle.TAKEN
    assert obstacle(slot=SLOT, terms=TERMS, claims=held, at=deadline) is None


@given(minutes=st.integers(-120, 100 * 24 * 60), active=st.booleans(), withdrawn=st.booleans(), taken=st.booleans())
def test_what_can_be_booked_can_also_be_retaken(minutes: int, active: bool, withdrawn: bool, taken: bool) -> None:
    at = START - timedelta(minutes=minutes)
    slot, terms = replace(SLOT, withdrawn=withdrawn), replace(TERMS, active=active)
    claims = (claim(),) if taken else ()

    bookable = obstacle(slot=slot, terms=terms, claims=claims, at=at) is None

    assert not bookable or retakable(slot=slot, terms=terms, claims=claims, at=at)
    assert retakable(slot=slot, terms=terms, claims=claims, at=at) == (
        active and not withdrawn and not taken and minutes > 0
    )


DEADLINES = st.none() | st.integers(0, 600).map(lambda minutes: NOW + timedelta(minutes=minutes))
CLAIMS = st.lists(
    st.builds(claim, shift=st.integers(-90, 90).map(lambda minutes: timedelta(minutes=minutes)), expires_at=DEADLINES),
    max_size=3,
)
TERMS_OF_ALL_KINDS = st.builds(
    Terms,
    active=st.booleans(),
    notice=st.integers(0, 300).map(lambda minutes: timedelta(minutes=minutes)),
    horizon=st.integers(1, 400).map(lambda minutes: timedelta(minutes=minutes)),
)


@given(data=st.data(), terms=TERMS_OF_ALL_KINDS, claims=CLAIMS, withdrawn=st.booleans())
def test_between_two_turning_points_the_judgement_stays(
    data: st.DataObject, terms: Terms, claims: list[Claim], withdrawn: bool
) -> None:
    slot = replace(SLOT, withdrawn=withdrawn)
    points = list(turning_points(slot=slot, terms=terms, claims=claims))
    near = st.sampled_from(points).flatmap(lambda point: st.integers(-2, 2).map(lambda n: point + n * MICROSECOND))
    at, later = sorted((data.draw(near), data.draw(near)))

    def judged(instant: datetime) -> Obstacle | None:
        return obstacle(slot=slot, terms=terms, claims=claims, at=instant)

    assert judged(at) == judged(later) or any(at <= point <= later for point in points)


@pytest.mark.parametrize("turn", [START, START - TERMS.notice, START - TERMS.horizon, NOW + timedelta(minutes=15)])
def test_each_turning_point_is_one(turn: datetime) -> None:
    terms = replace(TERMS, notice=timedelta(0)) if turn == START else TERMS
    held = (claim(expires_at=NOW + timedelta(minutes=15)),) if turn == NOW + timedelta(minutes=15) else ()

    before, after = (obstacle(slot=SLOT, terms=terms, claims=held, at=turn + n * MICROSECOND) for n in (-1, 1))

    assert before != after
    assert turn in turning_points(slot=SLOT, terms=terms, claims=held)
