"""The commands that look at an instance, its settings and its books."""

from __future__ import annotations

import click

from consulting.entrypoints.commands.preparing import container_for_hand_work
from consulting.entrypoints.settings import process_environment, settings_table


@click.command("settings")
def show_settings() -> None:
    """Print the table of all settings, those of the plugins that the environment chooses included."""
    click.echo(settings_table(process_environment()))


@click.command()
@click.option("--provider", is_flag=True, help="Compare with the payment provider's own books too.")
def audit(*, provider: bool) -> int:
    """Recompute from the whole database what is promised. Status 1 where something isn't so."""
    from consulting.entrypoints import bookkeeping

    with container_for_hand_work() as container:
        return 0 if bookkeeping.audit(container, provider=provider) else 1


@click.command()
def reconcile() -> int:
    """Compare once with the payment provider what isn't settled, and settle it. Status 1 where that failed."""
    from consulting.entrypoints import bookkeeping

    with container_for_hand_work() as container:
        return 0 if bookkeeping.reconcile(container) else 1


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Tell it as one JSON object.")
def doctor(*, as_json: bool) -> int:
    """Look whether all that this instance needs is there and answers. Status 1 where something is wrong."""
    from consulting.entrypoints.doctor import examine_instance

    return 0 if examine_instance(process_environment(), as_json=as_json) else 1
