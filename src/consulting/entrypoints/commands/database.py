"""The commands that bring a database to its shape, and fill it for a trial."""

from __future__ import annotations

import click

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.commands.preparing import container_for_hand_work, settings_for_trying_out, tied_to_parent
from consulting.entrypoints.settings import Mode, Settings, load_settings, process_environment


@click.command()
def migrate() -> None:
    """Bring the database that CONSULTING_DATABASE_URL names, or the embedded one, up to date."""
    from consulting.entrypoints.supervisor.databases import with_database

    environ = {name: value for name, value in process_environment().items() if name != "CONSULTING_MODE"}
    with with_database(load_settings(environ, mode=Mode.SANDBOX)) as settings:
        _migrate(settings)


@click.command()
@tied_to_parent
def seed() -> None:
    """Bring the database up to date and add the sample researchers that are missing."""
    from consulting.entrypoints.supervisor.databases import with_database

    settings = settings_for_trying_out()
    if settings.mode is Mode.PRODUCTION:
        raise CannotStart("sample researchers are for the sandbox only")
    with with_database(settings) as complete:
        _migrate(complete)
        _add_sample_data(complete)


@click.command()
def recount() -> None:
    """Work out anew what lists and searches of researchers go by, where `audit` finds it wrong."""
    from consulting.adapters.postgres.recounting import Recounting

    with container_for_hand_work() as container:
        Recounting(container.engine())()


def _migrate(settings: Settings) -> None:
    import psycopg

    from consulting.entrypoints.database import migrate as migrate_database

    if not settings.wake_up_url:
        raise CannotStart("migrations can't pass a pooler: name the way past it in CONSULTING_DATABASE_LISTEN_URL")
    try:
        migrate_database(database_url=settings.wake_up_url)
    except psycopg.errors.LockNotAvailable as problem:
        raise CannotStart(
            "a table that must change was held all the time, by a dump or a transaction that doesn't end: try again"
        ) from problem
    except psycopg.OperationalError as problem:
        raise CannotStart(f"the database does not answer: {' '.join(str(problem).split())}") from problem


def _add_sample_data(settings: Settings) -> None:
    from consulting.entrypoints.container import build_container
    from consulting.entrypoints.sample_data import seed as add

    add(build_container(settings))
