"""The pages in docs/ports say what the code says. After a change of a port or a suite: `make ports`."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("port_pages", ROOT / "scripts" / "port_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


port_pages = script()


@pytest.mark.parametrize("page", port_pages.PAGES, ids=lambda page: page.name)
def test_a_ports_page_says_what_the_code_says(page: Any) -> None:
    written = (ROOT / "docs" / "ports" / f"{page.name}.md").read_text(encoding="utf-8")

    assert written == port_pages.text_of(page), "write it anew: make ports"


def test_no_page_is_left_from_a_port_that_is_gone() -> None:
    assert {path.stem for path in (ROOT / "docs" / "ports").iterdir()} == {page.name for page in port_pages.PAGES}


@pytest.mark.parametrize("page", port_pages.PAGES, ids=lambda page: page.name)
def test_everything_on_a_ports_page_says_what_it_is(page: Any) -> None:
    told = [line for line in port_pages.text_of(page).splitlines() if line]
    ends = [(line, after) for line, after in pairwise(told) if line == "```"]

    assert [after for _, after in ends if after.startswith(("```", "#"))] == []
