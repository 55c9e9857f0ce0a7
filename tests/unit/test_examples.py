"""The examples are packages of their own: what they know of consulting is public."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PUBLIC = {"consulting.contracts", "consulting.domain", "consulting.ports"}
PACKAGES = sorted(path.name for path in EXAMPLES.iterdir() if (path / "pyproject.toml").is_file())


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield str(node.module)


def test_there_are_two_examples() -> None:
    assert PACKAGES == ["acme_payments", "teams_meetings"]


@pytest.mark.parametrize("package", PACKAGES)
def test_an_example_imports_nothing_but_the_public_ports_the_values_and_the_kit(package: str) -> None:
    files = list((EXAMPLES / package).rglob("*.py"))
    ours = {name for path in files for name in imported(path) if name.partition(".")[0] == "consulting"}

    assert len(files) > 4
    assert ours <= PUBLIC


@pytest.mark.parametrize("package", PACKAGES)
def test_an_example_asks_for_what_it_imports(package: str) -> None:
    project = tomllib.loads((EXAMPLES / package / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert {name.partition(">")[0] for name in project["dependencies"]} == {"consulting", "httpx"}
    assert project["optional-dependencies"]["test"] == ["consulting[contracts]"]
