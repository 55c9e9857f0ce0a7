"""Crowds: what is worked out from bits is what the domain works out of each researcher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from consulting.adapters.contracts import sample
from consulting.adapters.postgres.bearers import filter_traits, read_filter, read_words, word_traits
from consulting.adapters.postgres.crowds import (
    EVERYBODY,
    Crowd,
    at_most,
    by_score,
    crowd_of,
    numbers_in,
    read_stretch,
    written,
)
from consulting.adapters.postgres.tables.bearers import STRETCH
from consulting.application.ports.directory import DirectoryFilter
from consulting.domain.directory import matches, score, wanted_words, weights
from consulting.domain.money import Money
from consulting.domain.researchers import Researcher

NUMBERS = st.lists(st.integers(0, 20) | st.integers(0, 3 * STRETCH), max_size=20)
WORDS = ("ada", "optics", "optic", "optcis", "laser", "lasers", "law")
FIGURES = st.integers(0, 2**40) | st.integers(0, 9)


@settings(max_examples=50)
@given(numbers=NUMBERS)
def test_a_crowd_has_the_numbers_that_it_is_made_of(numbers: list[int]) -> None:
    crowd = crowd_of(numbers)
    assert numbers_in(crowd) == sorted(set(numbers))
    assert crowd.bit_count() == len(set(numbers))
    assert crowd & EVERYBODY == crowd


@settings(max_examples=50)
@given(numbers=st.sets(st.integers(0, STRETCH - 1), max_size=40), stretch=st.integers(0, 7))
def test_a_stretch_is_read_as_the_server_sends_it(numbers: set[int], stretch: int) -> None:
    bits = sum(1 << STRETCH - 1 - number for number in numbers)
    sent = STRETCH.to_bytes(4, "big") + bits.to_bytes(STRETCH // 8, "big")
    assert read_stretch(sent, stretch=stretch) == crowd_of([stretch * STRETCH + number for number in numbers])


@settings(max_examples=50)
@given(numbers=NUMBERS)
def test_a_crowd_is_written_with_its_first_number_in_the_lowest_bit_of_the_first_byte(numbers: list[int]) -> None:
    data = written(crowd_of(numbers))
    assert all(data[number // 8] >> number % 8 & 1 for number in numbers)
    assert sum(each.bit_count() for each in data) == len(set(numbers))


@settings(max_examples=50)
@given(figures=st.lists(FIGURES, max_size=20), most=FIGURES | st.integers(-3, -1))
def test_those_with_at_most_a_figure_are_found_by_its_digits(figures: list[int], most: int) -> None:
    digits = {
        digit: crowd_of([number for number, figure in enumerate(figures) if figure >> digit & 1]) for digit in range(41)
    }
    known = {digit: crowd for digit, crowd in digits.items() if crowd}
    found = at_most(most, members=crowd_of(range(len(figures))), digits=known)
    assert found == crowd_of([number for number, figure in enumerate(figures) if figure <= most])


def people() -> st.SearchStrategy[Sequence[Researcher]]:
    texts = st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)
    rates = st.builds(Money, st.integers(0, 5), st.sampled_from(["usd", "eur"]))
    one = st.builds(
        lambda name, expertise, affiliation, bio, rate, verified: sample.researcher(
            name=f"N {name}", expertise=expertise, affiliation=affiliation, bio=bio, rate=rate, verified=verified
        ),
        texts, st.lists(st.sampled_from(WORDS), max_size=2).map(tuple), st.none() | texts, st.none() | texts,
        rates, st.booleans(),
    )  # fmt: skip
    return st.lists(one, max_size=5)


def graded(known: Sequence[Mapping[str, int]], traits: Sequence[str]) -> Mapping[int, Crowd]:
    """Tell who has any of the traits, by its grade, as the table does."""
    found: dict[int, list[int]] = {}
    for number, traits_of_one in enumerate(known):
        for trait in traits:
            if trait in traits_of_one:
                found.setdefault(traits_of_one[trait], []).append(number)
    return {grade: crowd_of(numbers) for grade, numbers in found.items()}


@settings(max_examples=50)
@given(people=people(), query=st.lists(st.sampled_from((*WORDS, "lasre", "nobody")), max_size=4).map(" ".join))
def test_scores_are_those_that_the_domain_gives(people: Sequence[Researcher], query: str) -> None:
    known = [{f"word {word}": weight for word, weight in weights(each).items()} for each in people]
    wanted = wanted_words(query)
    alike = [(each, *(word for word in WORDS if word != each and matches(each, word))) for each in wanted]

    scores = by_score(read_words([graded(known, traits) for traits in word_traits(alike)]))

    expected = [score(each, query=query) for each in people]
    if wanted:
        for number, points in enumerate(expected):
            assert [each for each, crowd in scores.items() if crowd >> number & 1] == ([points] if points else [])


@settings(max_examples=50)
@given(
    people=people(),
    lowest=st.none() | st.integers(0, 6),
    highest=st.none() | st.integers(0, 6),
    verified=st.none() | st.booleans(),
)
def test_a_filter_lets_through_whom_it_asks_for(
    people: Sequence[Researcher], lowest: int | None, highest: int | None, verified: bool | None
) -> None:
    wanted = DirectoryFilter(
        lowest_rate=None if lowest is None else Money(lowest, "usd"),
        highest_rate=None if highest is None else Money(highest, "usd"),
        verified=verified,
    )
    read = [_having(people, traits) for traits in filter_traits(wanted)]

    let = read_filter(wanted, read)

    for number, each in enumerate(people):
        assert bool(let >> number & 1) is (
            (verified is None or each.verified is verified)
            and (lowest is None or (each.rate.currency == "usd" and each.rate.amount >= lowest))
            and (highest is None or (each.rate.currency == "usd" and each.rate.amount <= highest))
        )


def _having(people: Sequence[Researcher], traits: Sequence[str]) -> Mapping[int, Crowd]:
    """Tell who has one of these traits that a filter can ask for, as the table does."""
    found: dict[int, list[int]] = {}
    for number, each in enumerate(people):
        if "verified" in traits:
            found.setdefault(int(each.verified), []).append(number)
        if f"rate {each.rate.currency}" in traits:
            for digit in (-1, *(digit for digit in range(63) if each.rate.amount >> digit & 1)):
                found.setdefault(digit, []).append(number)
    return {grade: crowd_of(numbers) for grade, numbers in found.items()}
