from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from consulting.entrypoints.http.app import create_app
from tests.unit.entrypoints.http.frontend import Frontend, Stage, opened


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage()


@pytest.fixture(scope="session")
def http(stage: Stage) -> Iterator[TestClient[Any]]:
    """The one API of a run."""
    with TestClient(create_app(stage.container()), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def frontend(stage: Stage, http: TestClient[Any]) -> Frontend:
    """That API over a marketplace of the test's own."""
    return stage.play(http)


@pytest.fixture(scope="module")
def anybody() -> Iterator[Frontend]:
    """An API that a module's tests share, since what they send changes nothing."""
    with opened() as front:
        yield front
