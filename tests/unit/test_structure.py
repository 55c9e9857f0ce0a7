"""Rules of the structure that neither the linters nor the types can state."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SOURCE = CHECKOUT / "src" / "consulting"
OUTSIDE = {"gateway", "rooms", "mailer"}
CLOCKS = re.compile(
    r"\b(now\(\)|current_timestamp|clock_timestamp|statement_timestamp|localtimestamp|current_date)", re.IGNORECASE
)
LONGEST_FILE = 400
WRITTEN = ("bench", "examples", "scripts", "src", "tests")


def files_of(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((SOURCE / folder).rglob("*.py"))]


def transactions_in(tree: ast.Module) -> Iterator[ast.With]:
    for node in ast.walk(tree):
        if isinstance(node, ast.With):
            calls = [item.context_expr for item in node.items]
            if any(
                isinstance(c, ast.Call) and isinstance(c.func, ast.Attribute) and c.func.attr == "begin" for c in calls
            ):
                yield node


def calls_to_the_outside(block: ast.With) -> Iterator[str]:
    for node in ast.walk(block):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            port = node.func.value
            if isinstance(port, ast.Attribute) and port.attr in OUTSIDE and node.func.attr != "smallest_charge":
                yield f"line {node.lineno}: {port.attr}.{node.func.attr}"


@pytest.mark.parametrize("path", files_of("application"), ids=lambda path: path.name)
def test_nobody_outside_is_called_while_a_transaction_is_open(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert [call for block in transactions_in(tree) for call in calls_to_the_outside(block)] == []


def test_the_rule_about_transactions_can_see_a_breach() -> None:
    breach = ast.parse("with self.transactions.begin() as tx:\n    self.gateway.refund(key='k')\n")

    assert [call for block in transactions_in(breach) for call in calls_to_the_outside(block)] == [
        "line 2: gateway.refund"
    ]


def test_the_domain_is_loaded_without_any_third_party() -> None:
    modules = ", ".join(f"consulting.domain.{path.stem}" for path in files_of("domain") if path.stem != "__init__")
    program = (
        f"import sys, {modules}\n"
        "ours = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(sorted(name for name in ours if not name.startswith('_')))"
    )

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() in {"['consulting']", "['consulting', 'tzdata']"}


def test_sql_never_reads_the_clock() -> None:
    read = [
        f"{path.name}: {line.strip()}"
        for path in files_of("adapters/postgres")
        if path.name != "clock.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if CLOCKS.search(line)
    ]

    assert read == []


def test_no_file_is_longer_than_a_reader_likes() -> None:
    written = [path for folder in WRITTEN for path in (CHECKOUT / folder).rglob("*.py")]
    long = {str(path): size for path in written if (size := len(path.read_text().splitlines())) > LONGEST_FILE}

    assert len(written) > 400
    assert long == {}
