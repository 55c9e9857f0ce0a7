"""docs/security.md names attacks and their tests; each of those is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| (\d+) \| .* \| `([^`:]+)::([^`:]+)` \|$", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE
)


def test_forty_attacks_and_more_are_numbered_one_after_the_other() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, len(ROWS) + 1))
    assert len(ROWS) >= 40


@pytest.mark.parametrize(("number", "file", "name"), ROWS)
def test_every_attack_has_its_test(number: str, file: str, name: str) -> None:
    assert re.search(rf"^ *def {name}\(", (ROOT / file).read_text(), re.MULTILINE), (number, file, name)
