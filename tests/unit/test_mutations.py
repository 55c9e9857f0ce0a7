"""What `make mutations` will try can be tried: its guards and its tests are where it looks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutations.guards import GUARDS
from tests.mutations.trial import Mutation

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.guard)
def test_a_guard_is_where_its_mutation_takes_it_away(guard: Mutation) -> None:
    assert (CHECKOUT / guard.file).read_text(encoding="utf-8").count(guard.before) == 1


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.guard)
def test_a_guard_is_missed_by_tests_that_there_are(guard: Mutation) -> None:
    for test in guard.tests:
        file, *_, name = test.split("::")
        defined_in = [CHECKOUT / file, *(CHECKOUT / "src/consulting/adapters/contracts/storage").glob("*.py")]
        assert any(f"def {name}(" in path.read_text(encoding="utf-8") for path in defined_in), test
