"""Plugins of other packages, tried before anything starts."""

from __future__ import annotations

from consulting.entrypoints.plugins import OURS
from consulting.entrypoints.settings import Settings


def refuse_broken_plugins(settings: Settings) -> None:
    """Raise PluginError where an adapter of another package can't be opened; ours alone need no trial."""
    if any(chosen.offer.package != OURS for chosen in settings.plugins.values()):
        from consulting.entrypoints.container import (  # noqa: PLC0415 -- whoever only supervises stays small
            build_container,
            open_plugins,
        )

        open_plugins(build_container(settings))
