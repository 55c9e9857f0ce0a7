from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.entrypoints.http.frontend import Frontend, opened


@pytest.fixture
def frontend() -> Iterator[Frontend]:
    with opened() as front:
        yield front


@pytest.fixture(scope="module")
def anybody() -> Iterator[Frontend]:
    """An API that a module's tests share, since what they send changes nothing."""
    with opened() as front:
        yield front
