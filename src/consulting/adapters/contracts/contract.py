"""The base of every suite: it refuses subclasses that would say less than the suite does."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, NoReturn

import pytest

_WAYS_OUT = frozenset({"skip", "skipif", "xfail"})
_OURS = ("test_", "_verdicts_are_given")
_VERDICTS = "consulting.adapters.contracts.verdicts"


class HollowedOut(TypeError):
    """A suite was changed so that it would no longer prove what it is for."""


class _Guarded(type):
    """Guards the suite's classes against changes after their creation, such as those that a decorator makes."""

    def __setattr__(cls, name: str, value: Any) -> None:
        if name == "pytestmark":
            _refuse_ways_out(cls, value)
        if name.startswith(_OURS):
            _refuse_change(cls, name)
        super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        if name.startswith(_OURS):
            _refuse_change(cls, name)
        super().__delattr__(name)


class Contract(metaclass=_Guarded):
    """What an adapter has to do. A subclass adds fixtures, and tests of its own names; no more.

    Raises HollowedOut where a subclass overrides, removes or skips a test of the suite, also by another base class, or
    has a name that pytest wouldn't collect. What only shows while tests run (a skip in a fixture, a mark set by a
    conftest) is found by the module `verdicts`.
    """

    @pytest.fixture(autouse=True)
    def _verdicts_are_given(self, request: pytest.FixtureRequest) -> None:
        """Fail every test of the suite where pytest was told not to load the part that names broken promises."""
        if not request.config.pluginmanager.hasplugin(_VERDICTS):
            pytest.fail(f"pytest runs without the suite's own plugin: add `-p {_VERDICTS}`", pytrace=False)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a subclass in which a test of the suite is not the suite's own."""
        super().__init_subclass__(**kwargs)
        if not cls.__name__.startswith("Test") and not cls.__name__.endswith("Contract"):
            raise HollowedOut(f"{cls.__name__} would not be collected by pytest: let its name start with Test")
        if not vars(cls).get("__test__", True):
            raise HollowedOut(f"{cls.__name__} sets __test__, which switches off all of its suite")
        _refuse_ways_out(cls, getattr(cls, "pytestmark", ()))
        for suite in _suites(cls):
            for name, own in vars(suite).items():
                if name.startswith(_OURS) and inspect.getattr_static(cls, name) is not own:
                    _refuse_other(cls, name)


def tests_of(cls: type) -> frozenset[str]:
    """Name every test that the class has from its suites."""
    return frozenset(name for suite in _suites(cls) for name in vars(suite) if name.startswith("test_"))


def suite_of(cls: type, test: str) -> type | None:
    """Give the suite that the class has this test from; None for a test of its own."""
    return next((suite for suite in _suites(cls) if test in vars(suite)), None)


def _suites(cls: type) -> Iterable[type]:
    return (base for base in cls.__mro__[1:] if issubclass(base, Contract))


def _refuse_change(cls: type, name: str) -> None:
    if name not in vars(cls):
        _refuse_other(cls, name)
    elif cls.__name__.endswith("Contract"):
        raise HollowedOut(f"{name} of {cls.__name__} is changed from outside: the suite says what is promised")


def _refuse_other(cls: type, name: str) -> None:
    for suite in _suites(cls):
        if name in vars(suite):
            raise HollowedOut(f"{cls.__name__} replaces {name} of {suite.__name__}: give your own tests other names")


def _refuse_ways_out(cls: type, marks: Any) -> None:
    for mark in marks if isinstance(marks, list | tuple) else [marks]:
        if getattr(mark, "name", None) in _WAYS_OUT:
            raise HollowedOut(f"{cls.__name__} is marked {mark.name}: what a suite asks for can't be left out")


def missing(fixture: str, *, gives: str) -> NoReturn:
    """Fail the test that asks for a fixture which the subclass doesn't provide."""
    pytest.fail(f"provide a fixture `{fixture}` in your subclass of the suite: {gives}", pytrace=False)
