from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg import sql

from consulting.entrypoints.database import migrate
from consulting.entrypoints.supervisor import file_locks
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from tests.integration.instance import PATIENCE, eventually

TEMPLATE = "migrated"
SHARED = "TESTS_SHARED_HOME"
"""The variable by which all workers of a run know the folder that they share."""

SEED = 20261123
"""What is drawn at random in a run that was given no seed, so that it is the same in each."""

MEMORY, ROOM = Path("/dev/shm"), 4 << 30
DISK = Path(tempfile.gettempdir())
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


def pytest_configure(config: pytest.Config) -> None:
    """Make one folder for all workers of a run, before any of them begins."""
    if not hasattr(config, "workerinput"):
        shared = Path(tempfile.mkdtemp(prefix="consulting-tests-", dir=quick_place()))
        shared.chmod(0o755)
        os.environ[SHARED] = str(shared)
        config.add_cleanup(lambda: shutil.rmtree(shared, ignore_errors=True))
    _load_certificates_once()


def seed_of(config: pytest.Config) -> int:
    """Give the seed of the run; `make proof` prints the one that it gives."""
    given = config.getoption("--hypothesis-seed", default=None)
    return SEED if given is None else int(given)


def _load_certificates_once() -> None:
    """Have all clients of this process share what each would load: it costs more than most of what they ask."""
    httpx.HTTPTransport.__init__.__globals__["create_ssl_context"] = cache(httpx.create_ssl_context)


def quick_place() -> Path:
    """Say where files cost least: in memory where there is much of it, for making a database is mostly making files."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if roomy else DISK


@contextmanager
def reachable_home(*, place: Path | None = None) -> Iterator[Path]:
    """A folder that every account may enter, unlike pytest's own, so that a database keeps its data in it."""
    path = Path(tempfile.mkdtemp(prefix="home of ", suffix="'s", dir=place or quick_place()))
    path.chmod(0o755)
    yield path
    eventually(lambda: _removed(path))


def _removed(path: Path) -> bool:
    """Remove the folder; tell whether that is done: a process that just ends may still write to it."""
    shutil.rmtree(path, ignore_errors=True)
    return not path.exists()


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
def postgres_home() -> Path:
    """One folder for all workers of a run."""
    return Path(os.environ[SHARED])


@pytest.fixture(scope="session")
def postgres(postgres_home: Path) -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL, shared by all tests of a run and gone after it."""
    with running_postgres(postgres_home, throwaway=True) as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: EmbeddedPostgres, postgres_home: Path) -> str:
    """The name of a database that has all migrations, to be copied."""
    done = postgres.folder.data() / "migrated"  # gone with the data, which may be made anew for a late worker
    with file_locks.exclusive(postgres_home / "migrated.lock", wait_seconds=2 * PATIENCE):
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
