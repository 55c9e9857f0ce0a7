"""What commands need before they begin: settings, a container, and a tie to the process that started them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.settings import Mode, Settings, SettingsError, load_settings, process_environment

Command = TypeVar("Command", bound=Callable[..., Any])


def tied_to_parent(command: Command) -> Command:
    """Give the command the hidden option by which its supervisor keeps it from outliving it."""
    return click.option("--lifeline", type=int, hidden=True, callback=_follow, expose_value=False)(command)


def _follow(_context: click.Context, _option: click.Parameter, read_end: int | None) -> None:
    if read_end is not None:
        from consulting.entrypoints.supervisor.lifeline import follow_parent

        follow_parent(read_end)


def settings_of(mode: Mode) -> Settings:
    """Load the settings; `mode` holds where the environment names none. Raises SettingsError."""
    return load_settings(process_environment(), mode=mode)


def settings_of_product() -> Settings:
    """Load the settings of a process of the product, and begin its log."""
    from consulting.entrypoints.logs import begin_logging
    from consulting.entrypoints.supervisor.presence import SANDBOX_PORTS, load_beside

    settings = load_beside(process_environment(), ports=SANDBOX_PORTS)  # an API has a port of its own
    begin_logging(settings)
    return settings


def settings_for_trying_out() -> Settings:
    """Load the sandbox's settings, unless the environment says production, be it by all that production needs."""
    from consulting.entrypoints.supervisor.presence import load_beside

    environ = process_environment()
    try:
        return load_beside(environ)
    except SettingsError:
        return load_beside(environ, mode=Mode.SANDBOX)


@contextmanager
def container_for_hand_work() -> Iterator[Any]:
    """Give the container to a command for operators; one that can't go on is ended by a line that says why."""
    from consulting.domain.errors import ConsultingError
    from consulting.entrypoints.container import build_container
    from consulting.entrypoints.supervisor.databases import with_database

    with with_database(settings_for_trying_out()) as settings:
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
