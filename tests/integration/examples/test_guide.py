"""docs/writing-an-adapter.md, typed word by word in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.integration.examples.conftest import LONGEST_BUILD, ROOT, lend

GUIDE = ROOT / "docs" / "writing-an-adapter.md"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
NAMED = re.compile(r"The file\s+`([^`]+)`(?: again)?:")


class Step(NamedTuple):
    """A file to write (`name` says which), or commands with what they are said to print."""

    name: str | None
    content: str


def steps() -> Iterator[Step]:
    text = GUIDE.read_text(encoding="utf-8")
    before = 0
    for block in BLOCK.finditer(text):
        named = NAMED.findall(text[before : block.start()])
        before = block.end()
        if block[1] == "console":
            yield Step(None, block[2])
        else:
            (name,) = named
            yield Step(name, block[2])


class Reader:
    """Somebody who types what the guide says. Their package index has consulting; the rest is lent by the tests."""

    def __init__(self, folder: Path, *, wheels: Path) -> None:
        self.folder = folder
        given = {name: value for name, value in os.environ.items() if not name.startswith(("CONSULTING_", "PYTEST_"))}
        offline = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(wheels),
            "PIP_NO_BUILD_ISOLATION": "0",
            "LC_ALL": "C.UTF-8",
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{given.get('PATH', '')}"
        self._environ = {**given, **offline, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def writes(self, step: Step) -> None:
        path = self.folder / str(step.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.content, encoding="utf-8")

    def types(self, step: Step) -> str:
        """Type the commands; give the block as it ought to be printed."""
        shown = []
        for command in re.findall(r"^\$ (.*)$", step.content, re.MULTILINE):
            shown += [f"$ {command}", *self._run(command).splitlines()]
        return "\n".join(shown) + "\n"

    def _run(self, command: str) -> str:
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return ""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST_BUILD,
            check=False,
        )
        if command.endswith("-m venv .venv"):
            lend(self.folder / ".venv")
        return done.stdout


def test_whoever_follows_the_guide_ends_with_a_passing_suite(tmp_path: Path, wheels: Path) -> None:
    reader = Reader(tmp_path, wheels=wheels)
    typed = list(steps())
    for step in typed:
        if step.name is None:
            assert reader.types(step) == step.content
        else:
            reader.writes(step)

    assert "keeps all" in typed[-1].content
