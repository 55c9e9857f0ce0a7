from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg import sql

from consulting.entrypoints.sandbox import SandboxOptions, running_sandbox
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from tests.integration.conftest import seed_of
from tests.integration.races.arena import Arena, Round
from tests.integration.races.crowd import gathered
from tests.integration.races.premises import Premises, open_market

Rounds = Callable[[], Iterator[Round]]


@pytest.fixture(scope="session")
def races_database_url(postgres: EmbeddedPostgres, migrated: str, worker_id: str) -> str:
    """A migrated database that all races of a run share; it goes with its server."""
    name = f"races_{worker_id}"
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(migrated)))
    return postgres.url(name)


@pytest.fixture(scope="session")
def arena(races_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    folder = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(SandboxOptions(folder=folder)) as sandbox:
        premises = Premises(database_url=races_database_url, stripe_url=f"{sandbox.url}/stripe")
        with (
            gathered(premises) as crowd,
            open_market(premises, connections=2) as market,
            closing(Arena(market=market, crowd=crowd, premises=premises)) as arena,
        ):
            yield arena


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of the run."""
    return seed_of(pytestconfig)


@pytest.fixture(
    params=[
        pytest.param(20, id="20 rounds"),
        pytest.param(300, id="300 rounds", marks=pytest.mark.proof),
    ]
)
def rounds(
    request: pytest.FixtureRequest, arena: Arena, seed: int, capsys: pytest.CaptureFixture[str]
) -> Iterator[Rounds]:
    """So many rounds for each race; a proof says what it saw."""
    number: int = request.param
    yield lambda: arena.rounds(number, seed=seed)
    ends = ", ".join(f"{each} {times}" for each, times in sorted(arena.seen.items()))
    if request.node.get_closest_marker("proof") is not None:
        with capsys.disabled():
            print(f"\n{request.node.originalname}: {number} rounds, seed {seed}: {ends or 'one end only'}")  # noqa: T201
