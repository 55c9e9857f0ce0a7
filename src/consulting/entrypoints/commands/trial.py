"""The commands for trying an instance out; production has its own ways to both."""

from __future__ import annotations

import click

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.commands.preparing import settings_for_trying_out
from consulting.entrypoints.settings import Mode


@click.command()
@click.option("--user", required=True, metavar="ID", help="The user's id (`sub`).")
@click.option("--email", metavar="ADDRESS", help="The user's mail address; booking needs one.")
@click.option("--name", metavar="NAME", help="The user's name.")
@click.option("--zone", metavar="ZONE", help="The user's time zone, such as Europe/Berlin.")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role, such as admin; may be repeated.")
def token(*, user: str, email: str | None, name: str | None, zone: str | None, roles: tuple[str, ...]) -> None:
    """Print a token for this instance, and nothing else. Production has its own issuer and refuses."""
    from consulting.entrypoints.tokens import issue_token

    settings = settings_for_trying_out()
    click.echo(issue_token(settings, user=user, email=email, name=name, zone=zone, roles=roles))


@click.command()
@click.option("--url", metavar="URL", help="Where the API is, if not where the settings say.")
@click.option("--sandbox-url", metavar="URL", help="Where its sandbox is, if not where the settings say.")
def demo(*, url: str | None, sandbox_url: str | None) -> int:
    """Play the whole flow against a running instance, as a frontend would. Status 1 where a step is not as promised."""
    from consulting.entrypoints.supervisor.readiness import reachable

    settings = settings_for_trying_out()
    if settings.mode is Mode.PRODUCTION:
        raise CannotStart("the demo books, pays and cancels: it is for the sandbox only")
    from consulting.entrypoints.demo import run_demo

    url = url or f"http://{reachable(settings.host)}:{settings.port}"
    sandbox_url = sandbox_url or f"http://127.0.0.1:{settings.sandbox_port}"
    return 0 if run_demo(settings, url=url, sandbox_url=sandbox_url) else 1
