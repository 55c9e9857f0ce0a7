"""What SQL judges, held against the function of the domain that it repeats; over random data."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.domain.directory import score, wanted_words, words
from consulting.domain.errors import SlotUnavailable
from consulting.domain.period import Period
from consulting.domain.publishing import Publication
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import Status
from consulting.domain.sessions import Session
from consulting.domain.time_slots import Terms, TimeSlot, obstacle

SEED = 20260907
VOCABULARY = (
    *("bayes", "bayesian", "bayesain", "statistics", "statistic", "statistical", "estimator", "estimators", "causal"),
    *("casual", "causality", "genome", "genomes", "genomic", "müller", "mueller", "muller", "straße", "strasse"),
    *("ångström", "angstrom", "naïve", "naive", "data", "date", "dates", "王小明", "neural", "neuronal"),
)


@pytest.fixture(scope="module")
def transactions(module_database_url: str) -> Iterator[PostgresTransactions]:
    engine = open_engine(url=module_database_url, pool_size=2)
    yield PostgresTransactions(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def researchers(transactions: PostgresTransactions) -> list[Researcher]:
    choose = random.Random(SEED)

    def text(most: int) -> str:
        return " ".join(choose.choices(VOCABULARY, k=choose.randint(1, most))).title()

    made = [
        sample.researcher(
            number,
            name=text(2),
            expertise=tuple(text(2) for _ in range(choose.randint(0, 3))),
            affiliation=text(3) if choose.random() < 0.7 else None,
            bio=text(6) if choose.random() < 0.7 else None,
            active=choose.random() < 0.9,
            notice=timedelta(hours=choose.choice([0, 1, 24])),
            horizon=timedelta(days=choose.choice([1, 3, 60])),
        )
        for number in range(1, 41)
    ]
    setting = Setting(transactions)
    for researcher in made:
        setting.researcher(researcher.id.int >> 80, **changed(researcher))
    return made


def changed(researcher: Researcher) -> dict[str, object]:
    fields = ("name", "expertise", "affiliation", "bio", "active", "notice", "horizon")
    return {name: getattr(researcher, name) for name in fields}


def misspelt(choose: random.Random, word: str) -> str:
    place, letter = choose.randrange(len(word)), choose.choice("aeiounst")
    return choose.choice(
        [
            word,
            word[:place] + word[place + 1 :],
            word[:place] + letter + word[place:],
            word[:place] + letter + word[place + 1 :],
            word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
        ]
    )


def test_a_search_finds_and_ranks_as_the_domain_does(
    transactions: PostgresTransactions, researchers: list[Researcher]
) -> None:
    choose, found_something = random.Random(SEED), 0
    for _ in range(300):
        query = " ".join(misspelt(choose, word) for word in choose.choices(VOCABULARY, k=choose.randint(1, 3)))
        scored = [(score(each, query=query), each) for each in researchers if each.active]
        expected = sorted((-points, each.name, each.id.hex) for points, each in scored if points)
        found = pages(transactions, query, limit=choose.choice([3, 100]))
        assert [each.id.hex for each in found] == [key[-1] for key in expected], query
        found_something += bool(found)
    assert found_something > 100


def pages(transactions: PostgresTransactions, query: str, *, limit: int) -> list[Researcher]:
    """Follow the cursors to the end."""
    found: list[Researcher] = []
    after = None
    for _ in range(50):
        with transactions.begin() as tx:
            page = tx.researchers.search(query=query, after=after, limit=limit, at=sample.NOW)
        found += [each.researcher for each in page]
        if len(page) < limit:
            break
        after = page[-1].cursor
    return found


def test_a_changed_researcher_is_found_by_the_new_words_alone(transactions: PostgresTransactions) -> None:
    setting = Setting(transactions)
    before = setting.researcher(90, name="Quentin Zyxwort")
    with transactions.begin() as tx:
        tx.researchers.save(replace(before, name="Quentin Vutsrqp"))
    assert [each.id for each in pages(transactions, "quentin vutsrqq", limit=9)] == [before.id]
    assert pages(transactions, "quentin zyxwort", limit=9) == []


def test_a_very_long_text_is_kept_and_found(transactions: PostgresTransactions) -> None:
    endless = "x" * 9_000
    kept = Setting(transactions).researcher(91, bio=f"{endless} {' '.join(f'word{n}' for n in range(1_000))}")
    assert words(endless) == wanted_words(endless)
    assert [each.id for each in pages(transactions, f"word999 {endless}", limit=9)] == [kept.id]


def test_the_next_available_slot_is_the_first_without_an_obstacle(
    transactions: PostgresTransactions, researchers: list[Researcher]
) -> None:
    choose = random.Random(SEED)
    held = {each.id: calendar(transactions, each, choose) for each in researchers[:12]}
    some = 0
    for _ in range(40):
        at = sample.after(minutes=choose.randint(-120, 5 * 24 * 60))
        for researcher in researchers[:12]:
            expected = first_free(researcher, *held[researcher.id], at=at)
            with transactions.begin() as tx:
                assert tx.researchers.next_available(researcher.id, at=at) == expected
            some += expected is not None
    assert some > 50


def calendar(
    transactions: PostgresTransactions, researcher: Researcher, choose: random.Random
) -> tuple[list[TimeSlot], list[Session]]:
    """Publish some slots, withdraw some of them, and book some of what there is."""
    starts = sorted(choose.sample(range(-24, 5 * 24, 2), 12))
    base = researcher.id.int >> 80
    slots = [
        TimeSlot(
            id=sample.identity("slot", 1_000 * base + hour + 24), researcher_id=researcher.id, period=sample.hour(hour)
        )
        for hour in starts
    ]
    former = [withdrawn(transactions, slot, choose) for slot in slots]
    Setting(transactions).publish(*slots)
    some = [choose.choice([now, now, before]) for now, before in zip(slots, former, strict=True)]
    sessions = [booked(transactions, slot, choose) for slot in some if choose.random() < 0.5]
    gone = [slot for slot in slots if choose.random() < 0.2]
    with transactions.begin() as tx:
        publication = Publication(withdraw=tuple(slot.id for slot in gone))
        tx.time_slots.publish(publication, researcher_id=researcher.id, ids=())
    return [replace(slot, withdrawn=slot in gone) for slot in slots], [each for each in sessions if each]


def withdrawn(transactions: PostgresTransactions, slot: TimeSlot, choose: random.Random) -> TimeSlot:
    """Keep a withdrawn slot that overlaps this one, and sometimes its neighbour too."""
    later = timedelta(minutes=choose.choice([30, 90]))
    shifted = Period(slot.period.start + timedelta(minutes=30), slot.period.end + later)
    former = replace(slot, id=sample.identity("slot", (slot.id.int >> 80) + 500), period=shifted)
    Setting(transactions).publish(former)
    Setting(transactions).withdraw(former)
    return former


def booked(transactions: PostgresTransactions, slot: TimeSlot, choose: random.Random) -> Session | None:
    """Book it: a hold of some length, a confirmed session, or a canceled one."""
    number = slot.id.int >> 80
    deadline = min(sample.after(minutes=choose.randint(1, 3 * 24 * 60)), slot.period.start)
    session = choose.choice(
        [
            sample.held(slot, number, expires_at=deadline),
            sample.confirmed(slot, number),
            sample.canceled(sample.held(slot, number)),
        ]
    )
    try:
        Setting(transactions).book(session)
    except SlotUnavailable:
        return None
    return session


def first_free(
    researcher: Researcher, slots: list[TimeSlot], sessions: list[Session], *, at: datetime
) -> TimeSlot | None:
    terms = Terms(active=researcher.active, notice=researcher.notice, horizon=researcher.horizon)
    claims = [claim for session in sessions if (claim := session.claim()) is not None]
    free = (slot for slot in slots if obstacle(slot=slot, terms=terms, claims=claims, at=at) is None)
    return next(free, None)


def test_effective_states_are_those_of_the_domain(
    transactions: PostgresTransactions, researchers: list[Researcher]
) -> None:
    with transactions.begin() as tx:
        kept = tx.sessions.of_client("client-1", status=None, starting=None, after=None, limit=1_000, at=sample.NOW)
    assert len(kept) > 30
    for minutes in range(-60, 6 * 24 * 60, 411):
        at = sample.after(minutes=minutes)
        for status in Status:
            expected = [session.id for session in kept if session.effective(at=at).status is status]
            with transactions.begin() as tx:
                found = tx.sessions.of_client("client-1", status=status, starting=None, after=None, limit=1_000, at=at)
            assert [session.id for session in found] == expected
