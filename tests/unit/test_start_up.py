"""What each command loads before it does anything: whatever is heavy waits for the one command that needs it."""

from __future__ import annotations

import pytest

from tests.unit.test_public_surface import loaded_by

FRAMEWORKS = {"alembic", "apscheduler", "dependency_injector", "litestar", "sqlalchemy", "uvicorn"}
PROVIDERS = {"requests", "stripe", "zoomus"}
LETTERS = {"icalendar", "jinja2"}
REST = {"aiosmtpd", "cryptography", "httpx", "jwt", "msgspec", "prometheus_client", "psycopg"}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("cli", FRAMEWORKS | PROVIDERS | LETTERS | REST),
        ("supervisor.running", FRAMEWORKS | PROVIDERS | LETTERS | {"httpx", "msgspec"}),
        ("supervisor.sandbox", {"alembic", "cryptography", "dependency_injector", "psycopg", "sqlalchemy"} | PROVIDERS),
        ("doctor", (FRAMEWORKS - {"sqlalchemy"}) | PROVIDERS | LETTERS | {"cryptography", "msgspec"}),
        ("container", (FRAMEWORKS - {"dependency_injector", "sqlalchemy"}) | PROVIDERS | LETTERS | {"httpx"}),
        ("worker", {"alembic", "httpx", "litestar", "uvicorn"} | PROVIDERS | LETTERS),
        ("http.app", {"alembic", "apscheduler"} | PROVIDERS),
    ],
)
def test_a_command_loads_only_what_it_needs(module: str, unwanted: set[str]) -> None:
    assert loaded_by(f"import consulting.entrypoints.{module}") & unwanted == set()


def test_the_doctor_loads_no_statements_but_those_it_asks() -> None:
    program = "import consulting.entrypoints.doctor, sys\n"
    program += "assert 'consulting.adapters.postgres.sessions' not in sys.modules"

    assert "consulting.adapters" in loaded_by(program)
