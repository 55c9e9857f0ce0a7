"""The commands that start what runs until it is told to stop."""

from __future__ import annotations

import click

from consulting.entrypoints.commands.preparing import settings_of, settings_of_product, tied_to_parent
from consulting.entrypoints.mail_templates import refuse_broken_templates
from consulting.entrypoints.plugin_trial import refuse_broken_plugins
from consulting.entrypoints.settings import Mode, process_environment


@click.command()
@click.option("--end-with-caller", is_flag=True, hidden=True, help="Stop when the process that called this one ends.")
def run(*, end_with_caller: bool) -> None:
    """Start everything on this machine: database, API, worker and sandbox providers."""
    from consulting.entrypoints.supervisor.lifeline import follow_caller
    from consulting.entrypoints.supervisor.running import run as run_instance

    if end_with_caller:
        follow_caller()
    run_instance(process_environment())


@click.command()
@click.option("--socket", "socket_number", type=int, hidden=True)
@click.option("--announce", type=int, hidden=True)
@tied_to_parent
def serve(*, socket_number: int | None, announce: int | None) -> None:
    """Serve the API in CONSULTING_PROCESSES processes until told to stop."""
    import socket

    from consulting.entrypoints.supervisor import api
    from consulting.entrypoints.supervisor.databases import with_database

    settings = settings_of_product()
    if socket_number is not None:
        api.serve_on(settings, listener=socket.socket(fileno=socket_number), announce=announce)
        return
    refuse_broken_templates(settings)
    with with_database(settings) as complete:
        refuse_broken_plugins(complete)
        api.serve(complete)


@click.command()
@tied_to_parent
def worker() -> None:
    """Do what must be done outside (mails, meetings, refunds) and what time asks for, until told to stop."""
    from consulting.entrypoints.supervisor.databases import with_database

    product = settings_of_product()
    refuse_broken_templates(product)
    with with_database(product) as settings:
        from consulting.entrypoints.container import build_container, open_plugins
        from consulting.entrypoints.worker import run_worker

        container = build_container(settings)
        open_plugins(container)
        run_worker(container)


@click.command()
@tied_to_parent
def sandbox() -> None:
    """Serve a Stripe-shaped and a Zoom-shaped server and a mail inbox, on 127.0.0.1 only, until told to stop."""
    from consulting.entrypoints.supervisor.sandbox import run_sandbox

    run_sandbox(settings_of(Mode.SANDBOX))
