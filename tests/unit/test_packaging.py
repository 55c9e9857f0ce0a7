from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from consulting.entrypoints.settings_refusals import TRACING_PACKAGES

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = {
    name: (ROOT / name).read_text()
    for name in ("requirements.lock", "requirements-tracing.lock", "requirements-dev.lock")
}


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCKS[lock], re.MULTILINE))


def named(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(requirement).name) for requirement in requirements}


def test_the_locks_name_no_address_and_hash_everything() -> None:
    for lock, text in LOCKS.items():
        assert "://" not in text
        assert not re.search(r"^-", text, re.MULTILINE)
        assert text.count("==") >= len(pins(lock)) == len(re.findall(r"^[a-z].*\\\n    --hash", text, re.MULTILINE))


def test_the_locks_have_what_the_project_asks_for() -> None:
    groups, extras = PROJECT["dependency-groups"], PROJECT["project"]["optional-dependencies"]
    runtime = named([*PROJECT["project"]["dependencies"], *groups["build"]])
    developers, tracing = named([*groups["dev"], *extras["contracts"]]), named(extras["tracing"])

    assert runtime <= set(pins("requirements.lock"))
    assert runtime | tracing <= set(pins("requirements-tracing.lock"))
    assert runtime | tracing | developers <= set(pins("requirements-dev.lock"))


def test_tracing_is_named_by_the_packages_of_its_extra_and_isnt_locked_for_those_without_it() -> None:
    extra = named(PROJECT["project"]["optional-dependencies"]["tracing"])

    assert extra == set(TRACING_PACKAGES)
    assert not extra & set(pins("requirements.lock"))


def test_developers_run_what_users_run() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-tracing.lock").items()
    assert pins("requirements-tracing.lock").items() <= pins("requirements-dev.lock").items()


def test_every_rule_that_is_left_out_has_its_reason_beside_it() -> None:
    lint = (ROOT / "pyproject.toml").read_text().partition("[tool.ruff.lint]")[2].partition("[tool.mypy]")[0]
    left_out = [line for line in lint.splitlines() if re.match(r'\s*"(?:[A-Z]+\d*",|\S+" = \["[A-Z])', line)]

    assert len(left_out) > 20
    assert [line for line in left_out if "#" not in line] == []
