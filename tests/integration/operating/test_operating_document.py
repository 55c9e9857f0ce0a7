"""docs/operating.md and docs/scaling.md name only what there is, and the units that come with them are sound."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from consulting.entrypoints import cli
from consulting.entrypoints.http.measurements import Metrics
from consulting.entrypoints.http.problems import STATUSES
from consulting.entrypoints.settings import settings_table

ROOT = Path(__file__).parents[3]
DOCUMENTS = ("operating.md", "scaling.md", "outside.md")
UNITS = sorted(path.name for path in (ROOT / "docs" / "systemd").iterdir())
INSTALLED = "/opt/consulting/.venv/bin/consulting"


def read(document: str) -> str:
    return (ROOT / "docs" / document).read_text(encoding="utf-8")


def written(document: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, read(document)))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_setting_that_is_named_exists(document: str) -> None:
    known = set(re.findall(r"CONSULTING_[A-Z_]+", settings_table()))

    assert written(document, r"\b(CONSULTING_[A-Z]+(?:_[A-Z]+)*)\b") - known == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_and_option_that_is_named_exists(document: str) -> None:
    named = written(document, r"(?:^|`|\s/?)consulting ((?:[a-z]+ ?)+(?: ?--[a-z]+| [A-Z…a-z]+)*)")
    assert named or document == "scaling.md"
    for line in named:
        words = line.split()
        command: click.Command = cli.commands
        while words and isinstance(command, click.Group) and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        assert command is not cli.commands, line
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_metric_that_is_named_exists(document: str) -> None:
    metrics = Metrics()
    metrics.watch("database", places=1)
    source = (ROOT / "src/consulting/entrypoints/http/work_measurements.py").read_text(encoding="utf-8")
    known = metrics.exposition().decode() + source.replace("{box}_{things}", "outbox_errands inbox_messages")

    for name in written(document, r"`(consulting_[a-z_]+)"):
        shape = re.sub(r"(outbox|inbox)_(oldest_seconds)", r"{box}_\2", name)
        assert shape in known or name.removeprefix("consulting_") in known, name


def test_every_error_code_that_is_named_exists() -> None:
    codes = {error.code for error in STATUSES}

    assert written("operating.md", r"503 `([A-Z_]+)`") - codes == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_exists(document: str) -> None:
    links = written(document, r"\]\(([^)#:]+)\)")
    tests = written(document, r"`(tests/[a-z_/]+(?:\.py)?)`")

    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
    assert [test for test in tests if not (ROOT / test).exists()] == []


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_nothing_wrong_with_the_units(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze isn't installed here")
    program = tmp_path / "consulting"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for each in UNITS:
        text = (ROOT / "docs" / "systemd" / each).read_text(encoding="utf-8").replace(INSTALLED, str(program))
        (tmp_path / each.replace("@.", "@1.")).write_text(text, encoding="utf-8")

    verified = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / unit.replace("@.", "@1."))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (verified.returncode, verified.stderr) == (0, "")
