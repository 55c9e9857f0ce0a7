"""Frontends whose types come from docs/openapi.json: a client in TypeScript, which plays the flow, and our page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import reachable_home
from tests.integration.instance import Instance, running_instance

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "tests" / "typescript"
PAGE = ROOT / "src" / "consulting" / "entrypoints" / "page"
NODE = 20
SECONDS = 300.0
TSC = "node_modules/.bin/tsc"


def run(folder: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated client; skips where Node or its packages can't be had."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no Node on this machine: the TypeScript client is not tried")
    folder = tmp_path_factory.mktemp("typescript") / "project"
    shutil.copytree(PROJECT, folder)
    version = run(folder, "node", "--version").stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < NODE:
        pytest.skip(f"Node {version} is too old for the TypeScript client: it takes {NODE}")
    try:
        installed = run(folder, "npm", "ci", "--no-progress")
    except subprocess.TimeoutExpired:
        pytest.skip("npm can't fetch the packages of the TypeScript client: its registry doesn't answer")
    if installed.returncode:
        pytest.skip(f"npm can't fetch the packages of the TypeScript client: {installed.stderr[-300:]}")
    document = str(ROOT / "docs" / "openapi.json")
    generated = run(folder, "node_modules/.bin/openapi-typescript", document, "-o", "contract.d.ts")
    assert generated.returncode == 0, generated.stdout + generated.stderr
    return folder


@pytest.fixture(scope="module")
def compiled(workspace: Path) -> subprocess.CompletedProcess[str]:
    """What became of checking the client's types and of writing it as JavaScript, which tsc does at once."""
    return run(workspace, TSC, "-p", ".")


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with reachable_home() as home, running_instance(home, CONSULTING_PROCESSES="1") as running:
        yield running


def test_the_generated_client_type_checks_and_a_slip_does_not(
    workspace: Path, compiled: subprocess.CompletedProcess[str]
) -> None:
    flow = (workspace / "flow.ts").read_text()
    slip = workspace / "slip.ts"
    slip.write_text(flow.replace("time_slot_id: slot.id", "time_slot: slot.id"))
    options = ("--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--skipLibCheck")
    refused = run(workspace, TSC, *options, "slip.ts")

    assert compiled.returncode == 0, compiled.stdout
    assert refused.returncode != 0
    assert "time_slot" in refused.stdout


def test_the_pages_scripts_type_check_against_the_contract_and_a_slip_does_not(workspace: Path) -> None:
    copy = workspace / "page"
    shutil.copytree(PAGE, copy)
    shutil.copy(workspace / "contract.d.ts", copy)
    for script in (copy / "vendor" / "lit-html").rglob("*.js"):
        shutil.copy(published(workspace, script.relative_to(copy / "vendor")).with_suffix(".d.ts"), script.parent)
    checked = run(workspace, TSC, "-p", "tsconfig.page.json")
    slipped = copy / "client" / "book.js"
    slipped.write_text(slipped.read_text().replace("slot.price.amount", "slot.price.sum"))
    refused = run(workspace, TSC, "-p", "tsconfig.page.json")

    assert checked.returncode == 0, checked.stdout
    assert refused.returncode != 0
    assert "'sum' does not exist" in refused.stdout


def test_the_pages_library_is_shipped_as_it_was_published(workspace: Path) -> None:
    vendor = PAGE / "vendor"
    shipped = [path for path in (vendor / "lit-html").rglob("*") if path.suffix == ".js" or path.name == "LICENSE"]

    assert len(shipped) > 3
    assert [
        path for path in shipped if path.read_bytes() != published(workspace, path.relative_to(vendor)).read_bytes()
    ] == []


def published(workspace: Path, path: Path) -> Path:
    return workspace / "node_modules" / path


def test_the_generated_client_plays_the_whole_flow(
    workspace: Path, compiled: subprocess.CompletedProcess[str], instance: Instance
) -> None:
    assert compiled.returncode == 0, compiled.stdout
    addresses = {"API_URL": instance.url, "SANDBOX_URL": instance.sandbox_url, "TOKEN": instance.token("typed")}

    played = run(workspace, "node", "built/flow.js", **addresses)

    assert played.returncode == 0, played.stdout + played.stderr
    assert json.loads(played.stdout) == {
        "refused": "SLOT_UNAVAILABLE",
        "paid": "completed",
        "percent": 100,
        "status": "canceled",
        "listed": [True],
    }
