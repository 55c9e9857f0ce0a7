"""The command `consulting`. Every error is one line on stderr, or one line for each setting, and status 2."""

from __future__ import annotations

import sys

import click

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.commands import api_keys, database, examination, inbox, outbox, processes, trial, users
from consulting.entrypoints.console import complain

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


for command in (
    processes.run,
    processes.serve,
    processes.worker,
    processes.sandbox,
    database.migrate,
    database.seed,
    database.recount,
    trial.token,
    trial.demo,
    examination.show_settings,
    examination.audit,
    examination.reconcile,
    examination.doctor,
    outbox.outbox,
    inbox.inbox,
    api_keys.apikey,
    users.user,
):
    commands.add_command(command)


if __name__ == "__main__":
    sys.exit(main())
