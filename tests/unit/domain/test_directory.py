from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.adapters.contracts import sample
from consulting.domain.directory import (
    LONGEST_WORD,
    MOST_WORDS,
    ONE_EDIT,
    matches,
    score,
    topic,
    wanted_words,
    weights,
    without_a_letter,
    words,
)

WORDS = st.text("aeinrst", min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Jürgen  Müller-Łukasiewicz", ("dr", "jurgen", "muller", "lukasiewicz")),
        ("STRASSE straße Straẞe", ("strasse", "strasse", "strasse")),
        ("Ångström naïve ŒUVRE Þórr", ("angstrom", "naive", "oeuvre", "thorr")),
        ("snake_case 42nd e=mc²", ("snake", "case", "42nd", "e", "mc2")),
        ("王小明 Привет", ("王小明", "привет")),
        ("ﬁne ①", ("fine", "1")),
        ("\0 \ud800 … !?", ()),
        ("x" * 100, ("x" * LONGEST_WORD,)),
    ],
)
def test_words_mind_neither_case_nor_accents_nor_anything_between(text: str, expected: tuple[str, ...]) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_of_any_text_stay_as_they_are_and_can_be_kept(text: str) -> None:
    found = words(text)
    assert words(" ".join(found)) == found
    assert all(word.encode() and "\0" not in word and len(word) <= LONGEST_WORD for word in found)


@given(st.text(max_size=2_000))
def test_however_long_a_query_is_its_words_are_few_and_different(query: str) -> None:
    wanted = wanted_words(query)
    assert len(wanted) <= MOST_WORDS
    assert len(set(wanted)) == len(wanted)


@pytest.mark.parametrize("word", ["statistcs", "sttatistics", "statixtics", "tsatistics", "statisticss", "tatistics"])
def test_a_long_word_may_have_one_edit(word: str) -> None:
    assert matches(word, "statistics")


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ("stats", "statistics"),
        ("statiscs", "statistics"),
        ("stxtisxics", "statistics"),
        ("dates", "datum"),
        ("date", "data"),
        ("dat", "data"),
        ("dtaa", "data"),
    ],
)
def test_two_edits_or_a_short_word_are_not_forgiven(wanted: str, word: str) -> None:
    assert not matches(wanted, word)


def test_the_length_that_counts_is_that_of_the_word_asked_for() -> None:
    assert matches("datas", "data")
    assert not matches("data", "datas")


@given(WORDS, WORDS)
def test_two_long_words_match_each_other_or_not_at_all(one: str, other: str) -> None:
    if len(one) > 4 and len(other) > 4:
        assert matches(one, other) is matches(other, one)


@given(WORDS, st.data())
def test_an_index_of_words_without_a_letter_misses_no_match(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("aeix"))
    for wanted in (
        word,
        word[:place] + word[place + 1 :],
        word[:place] + letter + word[place:],
        word[:place] + letter + word[place + 1 :],
        word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
    ):
        assert matches(wanted, word) is (wanted == word or len(wanted) > 4)
        assert without_a_letter(wanted) & without_a_letter(word)


@given(WORDS, WORDS)
def test_whatever_matches_shares_a_part(one: str, other: str) -> None:
    if matches(one, other):
        assert without_a_letter(one) & without_a_letter(other)


def test_a_word_counts_where_it_weighs_most() -> None:
    told = sample.researcher(name="Ada Bayes", expertise=("Bayes",), affiliation="Bayes House", bio="Ada likes Bayes.")
    assert weights(told) == {"ada": 80, "bayes": 80, "house": 40, "likes": 20}


def test_every_word_of_a_query_has_to_match_somewhere() -> None:
    told = sample.researcher(name="Ada Bayes", expertise=("genomics",), affiliation=None, bio=None)
    assert score(told, query="bayes genomics") == 80 + 60
    assert score(told, query="bayes bayes") == 80
    assert score(told, query="bayess genomisc") == 80 + 60 - 2 * ONE_EDIT
    assert score(told, query="bayes physics") == 0
    assert score(told, query="…") == 0


def test_fields_of_expertise_are_the_same_however_they_are_written() -> None:
    assert topic("Machine  Learning") == topic("machine-learning") == "machine learning"
