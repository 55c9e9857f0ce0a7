"""What can be told of the Containerfile where nobody can build it: all that it names is there, and does its work."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from consulting.entrypoints import cli
from consulting.entrypoints.settings import settings_table
from consulting.entrypoints.supervisor.ports import free_port
from tests.integration.instance import PATIENCE

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")
LINES = [line for line in re.sub(r"\\\n\s*", "", TEXT).splitlines() if line and not line.startswith("#")]
STEPS = [tuple(line.split(" ", 1)) for line in LINES]


def said(keyword: str) -> list[str]:
    return [rest for step, rest in STEPS if step == keyword]


def copied() -> list[Path]:
    """List what is copied from the checkout."""
    patterns = [word for line in said("COPY") if "--from=" not in line for word in line.split()[:-1]]
    found = {pattern: sorted(ROOT.glob(pattern)) for pattern in patterns}
    assert all(found.values()), found
    return [path for paths in found.values() for path in paths]


def test_everything_that_is_copied_is_there_and_sent_to_the_builder() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]

    assert [path.name for path in copied() if not any(fnmatch(path.name, pattern) for pattern in kept)] == []
    assert set(re.findall(r"[\w-]+\.lock", TEXT)) <= {path.name for path in copied()}


def test_what_is_copied_is_enough_for_the_whole_package(tmp_path: Path) -> None:
    for path in copied():
        if path.is_dir():
            shutil.copytree(path, tmp_path / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, tmp_path)

    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index"]
    wheel = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(tmp_path / "made"), str(tmp_path)]
    subprocess.run(wheel, check=True, capture_output=True, timeout=600)

    [made] = (tmp_path / "made").iterdir()
    package = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / "consulting").rglob("*.*")}
    assert {name for name in package if "__pycache__" not in name} <= set(zipfile.ZipFile(made).namelist())


def test_nothing_runs_as_root() -> None:
    last = STEPS[[step for step, _ in STEPS].index("FROM", 1) :]
    [user] = [rest for step, rest in last if step == "USER"]

    assert int(user) > 0
    assert any(f"--uid {user} " in rest for step, rest in last if step == "RUN")
    assert [step for step, _ in last].index("USER") < [step for step, _ in last].index("ENTRYPOINT")
    assert not any(step == "RUN" for step, _ in last[[step for step, _ in last].index("USER") :])


def test_what_it_runs_is_a_command_and_what_it_sets_is_a_setting() -> None:
    [program], [arguments] = json.loads(said("ENTRYPOINT")[0]), json.loads(said("CMD")[0])
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]

    assert program in scripts
    assert arguments in cli.commands.commands
    assert set(re.findall(r"CONSULTING_[A-Z_]+", TEXT)) <= set(re.findall(r"CONSULTING_[A-Z_]+", settings_table()))


def test_its_python_is_one_that_the_project_runs_on() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    images = {re.sub(r" AS .*", "", rest) for rest in said("FROM")}

    assert len(images) == 1
    [version] = re.findall(r"^python:([\d.]+)-slim$", images.pop())
    assert version in SpecifierSet(wanted)


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Run a server that answers /health/live, and give its port."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/live" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Health)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()


def healthy(port: int) -> bool:
    program, *arguments = json.loads(said("HEALTHCHECK")[0].partition("CMD ")[2])
    assert program == "python"
    environ = {**os.environ, "CONSULTING_PORT": str(port)}
    done = subprocess.run([sys.executable, *arguments], env=environ, capture_output=True, timeout=PATIENCE, check=False)
    return done.returncode == 0


@pytest.mark.parametrize(("status", "expected"), [(200, True), (503, False)])
def test_the_health_check_asks_the_api(status: int, expected: bool) -> None:
    with answering(status) as port:
        assert healthy(port) is expected


def test_the_health_check_fails_where_nobody_listens() -> None:
    assert healthy(free_port(host="127.0.0.1")) is False
