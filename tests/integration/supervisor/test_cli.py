from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from tests.integration.instance import PATIENCE
from tests.unit.entrypoints.test_settings import PRODUCTION


def consulting(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSULTING_")}
    return subprocess.run(
        [sys.executable, "-m", "consulting.entrypoints.cli", *arguments],
        env={**clean, **environ},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    ["", "run", "serve", "worker", "sandbox", "migrate", "seed", "token", "demo", "audit", "reconcile", "outbox"],
)
def test_every_command_explains_itself(command: str) -> None:
    done = consulting(*filter(None, [command]), "--help")

    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ")
    assert "lifeline" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["token"], "Missing option '--user'"),
        (["run", "--nonsense"], "No such option"),
    ],
)
def test_a_mistyped_command_ends_with_one_line_and_status_2(arguments: list[str], said: str) -> None:
    done = consulting(*arguments)

    [line] = done.stderr.splitlines()
    assert said in line
    assert (done.returncode, done.stdout) == (2, "")


def test_a_token_is_printed_alone_and_another_call_uses_the_same_secret(tmp_path: Path) -> None:
    home = str(tmp_path)
    done = consulting("token", "--user", "u1", "--role", "admin", "--role", "staff", CONSULTING_HOME=home)

    [token] = done.stdout.splitlines()
    secret = (tmp_path / "jwt-secret").read_text()
    claims = jwt.decode(token, secret, ["HS256"], audience="consulting", issuer="consulting-sandbox")
    assert (claims["sub"], claims["roles"]) == ("u1", ["admin", "staff"])
    assert (done.returncode, done.stderr) == (0, "")
    assert consulting("token", "--user", "u1", CONSULTING_HOME=home).returncode == 0
    assert (tmp_path / "jwt-secret").read_text() == secret


@pytest.mark.parametrize("mode", [{}, {"CONSULTING_MODE": "production"}])
def test_production_gives_no_token_and_no_sample_data_whether_it_names_itself_or_not(mode: dict[str, str]) -> None:
    for arguments in (["token", "--user", "u1"], ["seed"], ["demo"]):
        done = consulting(*arguments, **PRODUCTION, **mode)

        [line] = done.stderr.splitlines()
        assert "sandbox only" in line
        assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_production_does_not_start_on_nothing_and_says_all_it_needs(command: str) -> None:
    done = consulting(command)

    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert len(lines) > 5
    assert all(line.startswith("consulting: CONSULTING_") for line in lines)


def test_run_refuses_to_be_production() -> None:
    done = consulting("run", **PRODUCTION, CONSULTING_MODE="production")

    [line] = done.stderr.splitlines()
    assert "consulting serve" in line
    assert done.returncode == 2


@pytest.mark.parametrize("variable", ["CONSULTING_PORT", "CONSULTING_SANDBOX_PORT", "CONSULTING_SANDBOX_SMTP_PORT"])
def test_a_port_in_use_is_named_with_its_variable_before_anything_starts(variable: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"CONSULTING_PORT": "0", "CONSULTING_SANDBOX_PORT": "0", variable: str(port)}

        done = consulting("run", CONSULTING_HOME=str(tmp_path), **ports)

    [line] = done.stderr.splitlines()
    assert f"cannot listen on 127.0.0.1:{port}" in line
    assert variable in line
    assert done.returncode == 2
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize("command", ["run", "serve", "worker"])
def test_a_mail_template_that_cannot_be_used_is_named_before_anything_starts(command: str, tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "receipt.jinja").write_text("{% extends layout %}\n{{ oh }}{% block subject %}{{ oh }}{% endblock %}")
    home = {"CONSULTING_HOME": str(tmp_path / "home"), "CONSULTING_MODE": "sandbox"}

    done = consulting(command, **home, CONSULTING_TEMPLATES=str(templates))

    *_, line = done.stderr.splitlines()
    assert f"CONSULTING_TEMPLATES: {templates / 'receipt.jinja'}, line 2: 'oh' is undefined" in line
    assert done.returncode == 2
    assert not (tmp_path / "home" / "postgres").exists()


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = consulting("run", CONSULTING_HOME=str(tmp_path / "file"))

    [line] = done.stderr.splitlines()
    assert "CONSULTING_HOME" in line
    assert done.returncode == 2


def test_a_database_that_does_not_answer_is_one_line() -> None:
    done = consulting("migrate", CONSULTING_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")

    [line] = done.stderr.splitlines()
    assert "the database does not answer" in line
    assert done.returncode == 2
