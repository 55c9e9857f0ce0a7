"""docs/availability.md shows what the use cases really do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.application.illustrations import EXAMPLE, drawn

DOCUMENT = (Path(__file__).parents[3] / "docs" / "availability.md").read_text(encoding="utf-8")
EXAMPLES = EXAMPLE.findall(DOCUMENT)


@pytest.mark.parametrize(("view", "told", "picture"), EXAMPLES)
def test_every_picture_is_what_the_rules_above_it_give(view: str, told: str, picture: str) -> None:
    assert drawn(view, told) == picture


def test_no_example_goes_unread() -> None:
    assert len(EXAMPLES) == DOCUMENT.count("```week") + DOCUMENT.count("```day") == 12
