"""docs/domain.md shows what the rules really do: each of its worked examples is carried out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from consulting.domain.cancellation import PRESETS, CanceledBy
from consulting.domain.errors import ConsultingError
from consulting.domain.money import Money, price
from consulting.domain.period import Period
from consulting.domain.researchers import Rating
from consulting.domain.reviews import write
from consulting.domain.session_states import SC
from consulting.domain.sessions import Session
from tests.unit.domain.test_sessions import RESEARCHER, session_in

DOCUMENT = (Path(__file__).parents[3] / "docs" / "domain.md").read_text(encoding="utf-8")
START, LENGTH = datetime(2026, 10, 25, 9, tzinfo=UTC), timedelta(minutes=90)
PRICE = price(rate=Money(66_67, "usd"), duration=LENGTH)
NAMES = ("flexible", "moderate", "strict")


def rows(heading: str) -> list[tuple[str, ...]]:
    """Give the rows of the last table below a heading."""
    section = re.split(r"^#+ ", DOCUMENT, flags=re.MULTILINE)
    found = next(each for each in section if each.startswith(heading + "\n"))
    table = found.rpartition("|---")[2].partition("|\n")[2].split("\n\n")[0]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.strip().splitlines()]


def instant(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


def booked(policy: str = "moderate") -> Session:
    period = Period(START, START + LENGTH)
    return replace(session_in(SC, price=PRICE), period=period, policy=PRESETS[policy])


def canceled(policy: str, at: datetime) -> str:
    due = booked(policy).refund_if_canceled(by=CanceledBy.CLIENT, at=at)
    assert booked(policy).cancel(by=CanceledBy.CLIENT, note=None, at=at)
    return f"{due.amount // 100}.{due.amount % 100:02}"


def moved(at: datetime, to: str) -> str:
    there, _, whose = to.partition(" of ")
    start, end = (instant(f"{there[:10]} {clock}") for clock in there[11:].split("–"))
    before = booked()
    stays = start == START
    after, happened = before.reschedule(
        time_slot_id=before.time_slot_id if stays else UUID(int=9),
        researcher_id=UUID(int=7) if whose == "somebody else" else RESEARCHER,
        period=Period(start, end),
        at=at,
    )
    assert bool(happened) == (after != before)
    return "moved" if happened else "nothing changes"


def rated(written: str, stars: str, changed: str, better: str) -> str:
    review = write(
        id=UUID(int=70),
        session=booked(),
        refunds=(),
        user_id="ada",
        stars=int(stars),
        comment=None,
        at=instant(written),
    )
    rating = Rating().plus(stars=review.stars)
    if changed != "–":
        edited = review.edited(stars=int(better), comment=None, at=instant(changed))
        rating = rating.changed(before=review.stars, now=edited.stars)
    return f"{rating.average} of {rating.count}"


def test_the_price_of_the_examples_is_the_one_that_they_name() -> None:
    assert f"{PRICE.amount / 100:.2f} USD" in DOCUMENT


@pytest.mark.parametrize(("at", "answers"), [(row[0], row[1:]) for row in rows("What a client gets back")])
def test_each_preset_gives_back_what_its_example_says(at: str, answers: tuple[str, ...]) -> None:
    given = []
    for name in NAMES:
        try:
            given.append(canceled(name, instant(at)))
        except ConsultingError as refusal:
            given.append(refusal.code)

    assert tuple(given) == answers


@pytest.mark.parametrize(("at", "to", "answer"), rows("Moving a session"))
def test_a_move_ends_as_its_example_says(at: str, to: str, answer: str) -> None:
    try:
        ended = moved(instant(at), to)
    except ConsultingError as refusal:
        ended = refusal.code

    assert ended == answer


@pytest.mark.parametrize(("written", "stars", "changed", "better", "answer"), rows("Reviews"))
def test_a_review_counts_as_its_example_says(written: str, stars: str, changed: str, better: str, answer: str) -> None:
    try:
        ended = rated(written, stars, changed, better)
    except ConsultingError as refusal:
        ended = refusal.code

    assert ended == answer


def test_the_tiers_are_those_of_the_presets() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", DOCUMENT, flags=re.MULTILINE))

    assert {name: told[name] for name in NAMES} == {
        name: ", ".join(f"{tier.notice // timedelta(hours=1)} h: {tier.percent} %" for tier in PRESETS[name].tiers)
        for name in NAMES
    }


def test_no_example_goes_unread() -> None:
    found = [len(rows(heading)) for heading in ("What a client gets back", "Moving a session", "Reviews")]

    assert found == [8, 6, 7]
