from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

import pytest

from consulting.domain.values import made_quickly


@dataclass(frozen=True, slots=True, order=True)
class Usual:
    """A value as dataclasses make it."""

    low: int
    high: int = 9
    names: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what is no range."""
        if self.low > self.high:
            raise ValueError("low above high")


@made_quickly
@dataclass(frozen=True, slots=True, order=True)
class Quick:
    """The same value, made quickly."""

    low: int
    high: int = 9
    names: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what is no range."""
        if self.low > self.high:
            raise ValueError("low above high")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((1,), {}),
        ((1, 2), {}),
        ((1,), {"names": ("a",)}),
        ((), {"low": 1, "high": 3, "names": ("b",)}),
        ((), {}),
        ((1, 2, ("a",)), {}),
        ((1,), {"low": 2}),
        ((1,), {"other": 2}),
        ((9, 1), {}),
    ],
)
def test_a_value_that_is_made_quickly_takes_and_refuses_what_any_other_does(
    given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    told = []
    for kind in (Usual, Quick):
        try:
            told.append(repr(kind(*given, **named)).removeprefix(kind.__name__))
        except (TypeError, ValueError) as error:
            told.append(type(error).__name__)

    assert told[0] == told[1]


def test_a_value_that_is_made_quickly_is_a_frozen_one() -> None:
    value = Quick(1, names=("a",))

    with pytest.raises(FrozenInstanceError):
        value.low = 2  # type: ignore[misc] # this is what must fail
    assert value == Quick(1, 9, names=("a",)) != Quick(2)
    assert hash(value) == hash(Quick(1, names=("a",)))
    assert sorted([Quick(3), Quick(1)]) == [Quick(1), Quick(3)]
    assert replace(value, high=5) == Quick(1, 5, names=("a",))
    assert copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value
    assert inspect.signature(Quick) == inspect.signature(Usual)


def test_a_default_that_a_factory_makes_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Made:
        names: list[str] = field(default_factory=list)

    with pytest.raises(TypeError, match="names"):
        made_quickly(Made)
