from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from consulting.entrypoints.database import migrate
from consulting.entrypoints.supervisor import file_locks
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres

TEMPLATE = "migrated"
FIRST = (
    "http/test_fuzzing.py",
    "test_first_light.py",
    "supervisor/test_run.py",
    "days",
    "kills",
    "test_typescript_client.py",
    "examples",
    "test_tour.py",
    "page/test_booking.py",
    "worker/test_worker.py",
    "adapters/test_provider_suites.py",
    "page/test_week.py",
    "operating",
    "payments",
)
"""What takes longest, the longest first: whoever of several workers is left with one of these would be waited for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: _place(item.path))


def _place(path: Path) -> int:
    here = Path(__file__).parent
    inside = path.relative_to(here) if path.is_relative_to(here) else path
    return next((place for place, first in enumerate(FIRST) if inside.is_relative_to(first)), len(FIRST))


@contextmanager
def reachable_home() -> Iterator[Path]:
    """A folder that every account may enter, unlike pytest's own, so that a database keeps its data in it."""
    path = Path(tempfile.mkdtemp(prefix="home of ", suffix="'s"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def home() -> Iterator[Path]:
    """A reachable folder of the test's own."""
    with reachable_home() as path:
        yield path


@pytest.fixture(scope="module")
def module_home() -> Iterator[Path]:
    """A reachable folder that the tests of one module share."""
    with reachable_home() as path:
        yield path


@pytest.fixture(scope="session")
def postgres_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "shared"
    home.mkdir(exist_ok=True)
    return home


@pytest.fixture(scope="session")
def postgres(postgres_home: Path) -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL, shared by all tests of a run and gone after it."""
    with running_postgres(postgres_home, throwaway=True) as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: EmbeddedPostgres, postgres_home: Path) -> str:
    """The name of a database that has all migrations, to be copied."""
    done = postgres.folder.data() / "migrated"  # gone with the data, which may be made anew for a late worker
    with file_locks.exclusive(postgres_home / "migrated.lock", wait_seconds=120):
        if not done.exists():
            migrate(database_url=postgres.url(TEMPLATE))
            done.touch()
    return TEMPLATE


@pytest.fixture
def database_url(postgres: EmbeddedPostgres, migrated: str) -> Iterator[str]:
    """A migrated, empty database of the test's own."""
    with copied(postgres, template=migrated) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(postgres: EmbeddedPostgres, migrated: str) -> Iterator[str]:
    """A migrated database that the tests of one module share."""
    with copied(postgres, template=migrated) as url:
        yield url


@pytest.fixture
def empty_database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database of the test's own with nothing in it, for tests of the migrations themselves."""
    with copied(postgres, template="template0") as url:
        yield url


@contextmanager
def copied(postgres: EmbeddedPostgres, *, template: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    _administer(postgres, create.format(sql.Identifier(name), sql.Identifier(template)))
    yield postgres.url(name)
    _administer(postgres, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _administer(postgres: EmbeddedPostgres, statement: sql.Composed) -> None:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(statement)
