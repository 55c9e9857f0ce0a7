"""The command `consulting`. Every error is one line on stderr, or one line for each setting, and status 2."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import click

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.console import complain
from consulting.entrypoints.mail_templates import refuse_broken_templates
from consulting.entrypoints.plugin_trial import refuse_broken_plugins
from consulting.entrypoints.settings import Mode, Settings, SettingsError, load_settings, process_environment

Command = TypeVar("Command", bound=Callable[..., Any])
CANNOT_START = 2
INTERRUPTED = 130


def main() -> int:
    """Run the command that the arguments name and return the status to exit with."""
    try:
        return int(commands(standalone_mode=False) or 0)
    except click.exceptions.Abort:
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as question:
        click.echo(question.format_message())
    except click.ClickException as problem:
        complain(" ".join(problem.format_message().split()))
    except CannotStart as problem:
        for line in str(problem).splitlines():
            complain(line)
    except ModuleNotFoundError as problem:
        if str(problem.name).startswith("consulting"):
            raise
        complain(f"the package {problem.name} is missing: run `make setup`")
    return CANNOT_START


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="consulting")
def commands() -> None:
    """Booking backend for paid one-to-one sessions with researchers.

    Settings are environment variables, CONSULTING_*; the README has the table.
    """


def tied_to_parent(command: Command) -> Command:
    """Give the command the hidden option by which its supervisor keeps it from outliving it."""
    return click.option("--lifeline", type=int, hidden=True, callback=_follow, expose_value=False)(command)


def _follow(_context: click.Context, _option: click.Parameter, read_end: int | None) -> None:
    if read_end is not None:
        from consulting.entrypoints.supervisor.lifeline import follow_parent

        follow_parent(read_end)


@commands.command()
@click.option("--end-with-caller", is_flag=True, hidden=True, help="Stop when the process that called this one ends.")
def run(*, end_with_caller: bool) -> None:
    """Start everything on this machine: database, API, worker and sandbox providers."""
    from consulting.entrypoints.supervisor.lifeline import follow_caller
    from consulting.entrypoints.supervisor.running import run as run_instance

    if end_with_caller:
        follow_caller()
    run_instance(process_environment())


@commands.command()
@click.option("--socket", "socket_number", type=int, hidden=True)
@click.option("--announce", type=int, hidden=True)
@tied_to_parent
def serve(*, socket_number: int | None, announce: int | None) -> None:
    """Serve the API in CONSULTING_PROCESSES processes until told to stop."""
    import socket

    from consulting.entrypoints.supervisor import api
    from consulting.entrypoints.supervisor.databases import with_database

    settings = _settings_of_product()
    if socket_number is not None:
        api.serve_on(settings, listener=socket.socket(fileno=socket_number), announce=announce)
        return
    refuse_broken_templates(settings)
    with with_database(settings) as complete:
        refuse_broken_plugins(complete)
        api.serve(complete)


@commands.command()
@tied_to_parent
def worker() -> None:
    """Do what must be done outside (mails, meetings, refunds) and what time asks for, until told to stop."""
    from consulting.entrypoints.supervisor.databases import with_database

    product = _settings_of_product()
    refuse_broken_templates(product)
    with with_database(product) as settings:
        from consulting.entrypoints.container import build_container, open_plugins
        from consulting.entrypoints.worker import run_worker

        container = build_container(settings)
        open_plugins(container)
        run_worker(container)


@commands.command()
@tied_to_parent
def sandbox() -> None:
    """Serve a Stripe-shaped and a Zoom-shaped server and a mail inbox, on 127.0.0.1 only, until told to stop."""
    from consulting.entrypoints.supervisor.sandbox import run_sandbox

    run_sandbox(_settings(Mode.SANDBOX))


@commands.command("settings")
def show_settings() -> None:
    """Print the table of all settings, those of the plugins that the environment chooses included."""
    from consulting.entrypoints.settings import settings_table

    click.echo(settings_table(process_environment()))


@commands.command()
def migrate() -> None:
    """Bring the database that CONSULTING_DATABASE_URL names, or the embedded one, up to date."""
    from consulting.entrypoints.supervisor.databases import with_database

    environ = {name: value for name, value in process_environment().items() if name != "CONSULTING_MODE"}
    with with_database(load_settings(environ, mode=Mode.SANDBOX)) as settings:
        _migrate(settings)


@commands.command()
@tied_to_parent
def seed() -> None:
    """Bring the database up to date and add the sample researchers that are missing."""
    from consulting.entrypoints.supervisor.databases import with_database

    settings = _settings_for_trying_out()
    if settings.mode is Mode.PRODUCTION:
        raise CannotStart("sample researchers are for the sandbox only")
    with with_database(settings) as complete:
        _migrate(complete)
        _add_sample_data(complete)


@commands.command()
@click.option("--user", required=True, metavar="ID", help="The user's id (`sub`).")
@click.option("--email", metavar="ADDRESS", help="The user's mail address; booking needs one.")
@click.option("--name", metavar="NAME", help="The user's name.")
@click.option("--zone", metavar="ZONE", help="The user's time zone, such as Europe/Berlin.")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role, such as admin; may be repeated.")
def token(*, user: str, email: str | None, name: str | None, zone: str | None, roles: tuple[str, ...]) -> None:
    """Print a token for this instance, and nothing else. Production has its own issuer and refuses."""
    from consulting.entrypoints.tokens import issue_token

    settings = _settings_for_trying_out()
    click.echo(issue_token(settings, user=user, email=email, name=name, zone=zone, roles=roles))


@commands.command()
@click.option("--url", metavar="URL", help="Where the API is, if not where the settings say.")
@click.option("--sandbox-url", metavar="URL", help="Where its sandbox is, if not where the settings say.")
def demo(*, url: str | None, sandbox_url: str | None) -> int:
    """Play the whole flow against a running instance, as a frontend would. Status 1 where a step is not as promised."""
    from consulting.entrypoints.supervisor.readiness import reachable

    settings = _settings_for_trying_out()
    if settings.mode is Mode.PRODUCTION:
        raise CannotStart("the demo books, pays and cancels: it is for the sandbox only")
    from consulting.entrypoints.demo import run_demo

    url = url or f"http://{reachable(settings.host)}:{settings.port}"
    sandbox_url = sandbox_url or f"http://127.0.0.1:{settings.sandbox_port}"
    return 0 if run_demo(settings, url=url, sandbox_url=sandbox_url) else 1


@commands.command()
@click.option("--provider", is_flag=True, help="Compare with the payment provider's own books too.")
def audit(*, provider: bool) -> int:
    """Recompute from the whole database what is promised. Status 1 where something isn't so."""
    from consulting.entrypoints import bookkeeping

    with _container_for_hand_work() as container:
        return 0 if bookkeeping.audit(container, provider=provider) else 1


@commands.command()
def reconcile() -> int:
    """Compare once with the payment provider what isn't settled, and settle it. Status 1 where that failed."""
    from consulting.entrypoints import bookkeeping

    with _container_for_hand_work() as container:
        return 0 if bookkeeping.reconcile(container) else 1


@commands.command()
@click.option("--json", "as_json", is_flag=True, help="Tell it as one JSON object.")
def doctor(*, as_json: bool) -> int:
    """Look whether all that this instance needs is there and answers. Status 1 where something is wrong."""
    from consulting.entrypoints.doctor import examine_instance

    return 0 if examine_instance(process_environment(), as_json=as_json) else 1


@commands.group()
def outbox() -> None:
    """See what must still be done outside (mails, meetings, refunds), retry what was given up, or drop it."""


@outbox.command("list")
@click.option("--state", type=click.Choice(["due", "later", "behind", "leased", "dead", "done"]), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
def list_errands(*, state: str | None, limit: int) -> None:
    """List open errands, the oldest first, and count them by state."""
    from consulting.application.ports.backlog import WorkState
    from consulting.entrypoints import outbox as errands

    with _container_for_hand_work() as container:
        errands.show_list(container, state=None if state is None else WorkState(state), limit=limit)


@outbox.command("show")
@click.argument("id", type=click.UUID)
def show_errand(*, id: UUID) -> int:
    """Show all that is known of one errand."""
    from consulting.entrypoints import outbox as errands

    with _container_for_hand_work() as container:
        return 0 if errands.show_one(container, id) else 1


@outbox.command("retry")
@click.argument("id", type=click.UUID)
def retry_errand(*, id: UUID) -> int:
    """Have an errand that was given up carried out again."""
    from consulting.entrypoints import outbox as errands

    with _container_for_hand_work() as container:
        return 0 if errands.retry(container, id) else 1


@outbox.command("drop")
@click.argument("id", type=click.UUID)
def drop_errand(*, id: UUID) -> int:
    """Forget an errand that nobody has in hand; it will never be carried out."""
    from consulting.entrypoints import outbox as errands

    with _container_for_hand_work() as container:
        return 0 if errands.drop(container, id) else 1


@commands.group()
def apikey() -> None:
    """Hand out API keys for partners' backends, and take them back."""


@apikey.command("create")
@click.option("--name", required=True, help="Whose key it is.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(["read", "book", "calendar", "act:users", "admin"]),
    help="What it is for; may be repeated.",
)
@click.option("--days", type=click.IntRange(1, 36_500), help="How long it opens; without it, until it is revoked.")
def create_key(*, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Print a new key, which nobody can see again."""
    from consulting.entrypoints import apikeys

    with _container_for_hand_work() as container:
        apikeys.create(container, name=name, scopes=scopes, days=days)


@apikey.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
def list_keys(*, limit: int) -> None:
    """List the keys, the newest first: their beginnings, what they are for, and when they were used last."""
    from consulting.entrypoints import apikeys

    with _container_for_hand_work() as container:
        apikeys.show_list(container, limit=limit)


@apikey.command("revoke")
@click.argument("id", type=click.UUID)
def revoke_key(*, id: UUID) -> None:
    """Revoke a key for good, everywhere within seconds."""
    from consulting.entrypoints import apikeys

    with _container_for_hand_work() as container:
        apikeys.revoke(container, id)


@commands.group()
def user() -> None:
    """Show what is kept of a user, or forget it."""


@user.command("export")
@click.argument("user_id")
def export_user(*, user_id: str) -> None:
    """Print all that is kept of a user, as JSON."""
    from consulting.entrypoints import users

    with _container_for_hand_work() as container:
        users.export(container, user_id)


@user.command("erase")
@click.argument("user_id")
def erase_user(*, user_id: str) -> None:
    """Forget a user for good; what is about money stays, without the person."""
    from consulting.entrypoints import users

    with _container_for_hand_work() as container:
        users.erase(container, user_id)


def _settings(mode: Mode) -> Settings:
    return load_settings(process_environment(), mode=mode)


def _settings_of_product() -> Settings:
    """Load the settings of a process of the product, and begin its log."""
    from consulting.entrypoints.logs import begin_logging

    settings = _settings(Mode.PRODUCTION)
    begin_logging(settings)
    return settings


def _settings_for_trying_out() -> Settings:
    """Load the sandbox's settings, unless the environment says production, be it by all that production needs."""
    try:
        return _settings(Mode.PRODUCTION)
    except SettingsError:
        return _settings(Mode.SANDBOX)


@contextmanager
def _container_for_hand_work() -> Iterator[Any]:
    """Give the container to a command for operators; one that can't go on is ended by a line that says why."""
    from consulting.domain.errors import ConsultingError
    from consulting.entrypoints.container import build_container
    from consulting.entrypoints.supervisor.databases import with_database

    with with_database(_settings_for_trying_out()) as settings:
        container = build_container(settings)
        try:
            yield container
        except ConsultingError as problem:
            raise CannotStart(f"{problem.code}: {problem}{_particulars(problem.details)}") from problem
        finally:
            container.engine().dispose()


def _particulars(details: Mapping[str, Any]) -> str:
    """Write what a message points to, where there is no answer that could carry it."""
    import json

    return f" {json.dumps(dict(details), default=str, ensure_ascii=False)}" if details else ""


def _migrate(settings: Settings) -> None:
    import psycopg

    from consulting.entrypoints.database import migrate as migrate_database

    if not settings.wake_up_url:
        raise CannotStart("migrations can't pass a pooler: name the way past it in CONSULTING_DATABASE_LISTEN_URL")
    try:
        migrate_database(database_url=settings.wake_up_url)
    except psycopg.OperationalError as problem:
        raise CannotStart(f"the database does not answer: {' '.join(str(problem).split())}") from problem


def _add_sample_data(settings: Settings) -> None:
    from consulting.entrypoints.container import build_container
    from consulting.entrypoints.sample_data import seed as add

    add(build_container(settings))


if __name__ == "__main__":
    sys.exit(main())
