"""Whom a filter lets through and whom words mean, as crowds read from the rows of `tables.bearers`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from sqlalchemy import ARRAY, Integer, bindparam, func, select

from consulting.adapters.postgres.crowds import EVERYBODY, NOBODY, Crowd, at_most, read_stretch
from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.tables import bearers
from consulting.adapters.postgres.tables.metadata import CodePoints
from consulting.application.ports.directory import DirectoryFilter
from consulting.domain.directory import ONE_EDIT, topic
from consulting.domain.money import Money

_ASKED = (
    func.unnest(bindparam("places", type_=ARRAY(Integer)), bindparam("traits", type_=ARRAY(CodePoints)))
    .table_valued("place", "trait", name="asked")
    .render_derived()
)
_PLACE = (_ASKED.c.place, bearers.c.grade, bearers.c.stretch)
BEARERS = prepare(
    select(*_PLACE, func.bit_send(func.bit_or(bearers.c.marks)).label("marks"))
    .select_from(_ASKED.join(bearers, bearers.c.trait == _ASKED.c.trait))
    .group_by(*_PLACE)
)

Graded = Mapping[int, Crowd]
"""Who has something, by its grade."""


def graded(link: Link, *asked: Sequence[str]) -> Sequence[Graded]:
    """Read who has any of several traits, for each of the questions, on one way to the server and back."""
    flat = [(place, trait) for place, traits in enumerate(asked) for trait in traits]
    found: list[dict[int, Crowd]] = [{} for _ in asked]
    if not flat:
        return found
    places, traits = map(list, zip(*flat, strict=True))
    for row in link.rows(BEARERS, places=places, traits=traits):
        crowds = found[row.place]
        crowds[row.grade] = crowds.get(row.grade, NOBODY) | read_stretch(row.marks, stretch=row.stretch)
    return found


def word_traits(alike: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """Give what to ask for a query of words: for each of them the word itself, and those that may be meant by it."""
    return [[f"word {word}" for word in some] for each in alike for some in (each[:1], each[1:])]


def read_words(read: Sequence[Graded]) -> Sequence[Graded]:
    """Give who has each word with how many points, from what was read of `word_traits`."""
    return [_with_edits(exact, meant) for exact, meant in zip(read[::2], read[1::2], strict=True)]


def _with_edits(exact: Graded, meant: Graded) -> Graded:
    counting = dict(exact)
    for weight, crowd in meant.items():
        counting[weight - ONE_EDIT] = counting.get(weight - ONE_EDIT, NOBODY) | crowd
    return counting


def filter_traits(wanted: DirectoryFilter) -> Sequence[Sequence[str]]:
    """Give what to ask for a filter; nothing for what it doesn't ask for."""
    limit = wanted.highest_rate if wanted.lowest_rate is None else wanted.lowest_rate
    return [
        [] if wanted.expertise is None else [f"field {_short(wanted.expertise)}"],
        [] if wanted.affiliation is None else [f"institution {_short(wanted.affiliation)}"],
        [] if wanted.verified is None else ["verified"],
        [] if limit is None else [f"rate {limit.currency}"],
    ]


def read_filter(wanted: DirectoryFilter, read: Sequence[Graded]) -> Crowd:
    """Give whom a filter lets through but for the time they have, from what was read of `filter_traits`."""
    field, institution, verified, rates = read
    let = EVERYBODY
    if wanted.expertise is not None:
        let &= field.get(0, NOBODY)
    if wanted.affiliation is not None:
        let &= institution.get(0, NOBODY)
    if wanted.verified is not None:
        let &= verified.get(int(wanted.verified), NOBODY)
    return let & _between(wanted.lowest_rate, wanted.highest_rate, rates)


def _between(lowest: Money | None, highest: Money | None, rates: Graded) -> Crowd:
    if lowest is None and highest is None:
        return EVERYBODY
    members = rates.get(-1, NOBODY)
    digits = {digit: crowd for digit, crowd in rates.items() if digit >= 0}
    if highest is not None:
        members = at_most(highest.amount, members=members, digits=digits)
    return members if lowest is None else members & ~at_most(lowest.amount - 1, members=members, digits=digits)


def _short(text: str) -> str:
    """Write what may be long in 64 letters, as `bearers_traits` does."""
    return sha256(topic(text).encode()).hexdigest()
