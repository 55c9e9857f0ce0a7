from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from consulting.domain.money import Money
from consulting.domain.time_slots import TimeSlot
from consulting.entrypoints.container import Container
from consulting.entrypoints.sample_data import seed
from consulting.entrypoints.sample_data.people import Person, people
from consulting.entrypoints.settings import CHECKOUT, Mode, load_settings
from tests.unit.application.marketplace import NOON, MemoryMarketplace, in_memory

ENVIRON = {"CONSULTING_JWT_SECRET": "a-secret-for-tests-that-is-long-enough", "CONSULTING_HOME": "/nonexistent"}


@pytest.fixture(scope="module")
def seeded() -> MemoryMarketplace:
    market = in_memory()
    seed(container(market))
    return market


def container(market: MemoryMarketplace) -> Container:
    settings = load_settings(ENVIRON, mode=Mode.SANDBOX)
    return Container(settings=settings, transactions=market.transactions, clock=market.clock, identities=market.ids)


def slots_of(market: MemoryMarketplace, person: Person) -> list[TimeSlot]:
    slots = market.transactions.snapshot().time_slots.values()
    return [slot for slot in slots if slot.researcher_id == person.id]


def test_there_are_a_dozen_of_whom_two_are_experts_in_machine_learning() -> None:
    researchers = [person.researcher(at=NOON) for person in people()]

    assert len(researchers) == 12
    assert sum("machine learning" in each.expertise for each in researchers) == 2


def test_a_search_for_machine_learning_finds_those_two(seeded: MemoryMarketplace) -> None:
    with seeded.transactions.begin() as tx:
        found = tx.researchers.search(query="machine learning", after=None, limit=20, at=NOON)

    assert {each.researcher.user_id for each in found} == {"researcher-mueller", "researcher-iyer"}


def test_rates_and_zones_are_as_various_as_in_life() -> None:
    researchers = [person.researcher(at=NOON) for person in people()]
    offsets = {NOON.astimezone(ZoneInfo(each.timezone)).utcoffset() for each in researchers}

    assert sum(not each.rate for each in researchers) == 1
    assert {"usd", "eur", "jpy"} <= {each.rate.currency for each in researchers}
    assert timedelta(hours=5, minutes=30) in offsets
    assert {"Pacific/Auckland", "America/Los_Angeles"} <= {each.timezone for each in researchers}


def test_everybody_can_be_found_and_told_apart() -> None:
    researchers = [person.researcher(at=NOON) for person in people()]

    for attribute in ("id", "user_id", "name", "email"):
        assert max(Counter(getattr(each, attribute) for each in researchers).values()) == 1
    assert all(each.bio and each.affiliation and each.achievements for each in researchers)
    assert all(each.email.endswith(".example") for each in researchers)


def test_everybody_has_hours_on_most_weekdays_for_sixty_days(seeded: MemoryMarketplace) -> None:
    for person in people():
        slots = slots_of(seeded, person)
        tz = ZoneInfo(person.fields["timezone"])
        weekdays = {slot.period.start.astimezone(tz).weekday() for slot in slots}

        assert len(weekdays & set(range(5))) >= 4, person.fields["name"]
        assert max(slot.period.start for slot in slots) > NOON + timedelta(days=55)
        assert min(slot.period.start for slot in slots) < NOON + timedelta(days=4)


def test_every_price_is_nothing_or_enough_to_charge(seeded: MemoryMarketplace) -> None:
    for person in people():
        rate = person.researcher(at=NOON).rate
        smallest = seeded.gateway.smallest_charge(currency=rate.currency)
        minutes = min(hours["slot_minutes"] for hours in person.fields["hours"])
        assert not rate or Money(rate.amount * minutes // 60, rate.currency) >= smallest


def test_seeding_again_changes_nothing() -> None:
    market = in_memory()
    seed(container(market))
    first = market.transactions.snapshot()

    seed(container(market))

    assert market.transactions.snapshot() == first


def test_seeding_again_leaves_alone_what_somebody_changed() -> None:
    market = in_memory()
    seed(container(market))
    somebody = people()[0].researcher(at=NOON)
    with market.transactions.begin() as tx:
        tx.researchers.save(replace(somebody, rate=Money(1, "usd"), name="Somebody Else"))

    seed(container(market))

    assert market.transactions.snapshot().researchers[somebody.id].name == "Somebody Else"


def test_the_readme_lists_everybody() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    rows = csv.reader((line for line in readme.splitlines() if line.startswith("| `researcher-")), delimiter="|")
    listed = {tuple(cell.strip(" `") for cell in row[1:4]) for row in rows}

    assert listed == {(each.fields["user_id"], each.fields["name"], each.fields["timezone"]) for each in people()}
