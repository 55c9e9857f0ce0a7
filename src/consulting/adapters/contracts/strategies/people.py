"""Strategies for researchers and clients, their names from all over the world."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from consulting.adapters.contracts.strategies.availability import ids, instants, timezones
from consulting.adapters.contracts.strategies.money import policies, rates
from consulting.domain.researchers import Rating, Researcher
from consulting.domain.sessions import Client


@cache
def texts(*, least: int = 0, most: int = 60) -> SearchStrategy[str]:
    """Give any text that a form can send and a database can keep."""
    # Half a character can't be kept, and a control character can't be sent.
    letters = st.characters(exclude_categories=("Cs", "Cc"))
    return st.text(letters, min_size=least, max_size=most)


@cache
def names() -> SearchStrategy[str]:
    """Give names: plain ones, accented ones, and ones that nobody has."""
    return st.one_of(st.sampled_from(("Ada", "Zoë Ångström", "王小明", "O'Brien")), texts(least=1))


@cache
def emails() -> SearchStrategy[str]:
    """Give addresses that mail can be sent to."""
    return st.from_regex(r"[a-z]{1,12}(\.[a-z]{1,8})?@[a-z]{1,12}\.example", fullmatch=True)


@cache
def ratings() -> SearchStrategy[Rating]:
    """Give what up to a thousand reviewers may have given."""
    return st.integers(0, 1000).flatmap(
        lambda count: st.builds(Rating, total=st.integers(count, 5 * count), count=st.just(count))
    )


@cache
def clients() -> SearchStrategy[Client]:
    """Give clients, few enough of them to come back."""
    return st.builds(
        Client,
        user_id=st.integers(1, 50).map(lambda number: f"client-{number}"),
        email=emails(),
        name=st.one_of(st.none(), names()),
        timezone=timezones(),
    )


def researchers(*, active: SearchStrategy[bool] | None = None) -> SearchStrategy[Researcher]:
    """Give researchers on any terms."""
    several = st.lists(texts(least=1, most=20), max_size=3).map(tuple)
    return st.builds(
        Researcher,
        id=ids(),
        user_id=st.one_of(st.none(), ids().map(lambda number: f"researcher-{number}")),
        name=names(),
        email=emails(),
        bio=st.one_of(st.none(), texts(most=300)),
        expertise=several,
        achievements=several,
        rate=rates(),
        timezone=timezones(),
        verified=st.booleans(),
        active=st.booleans() if active is None else active,
        avatar_url=st.one_of(st.none(), st.just("https://example.org/a.png")),
        affiliation=st.one_of(st.none(), names()),
        papers=several,
        zoom_user=st.one_of(st.none(), emails()),
        notice=st.integers(0, 72 * 60).map(lambda minutes: timedelta(minutes=minutes)),
        horizon=st.integers(1, 365).map(lambda days: timedelta(days=days)),
        policy=policies(),
        rating=ratings(),
        created_at=instants(),
        updated_at=instants(),
    )
