"""What tracing is to the rest of the program, and what it is where nobody asked for it: nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from consulting.application.errands import ErrandRunner
from consulting.application.ports.outbox import Errand
from consulting.entrypoints.plugin_declaration import Opened

Kept = TypeVar("Kept", bound=Opened)


class Tracing(Protocol):
    """Tells a collector what this process does and how long it takes, never for whom."""

    def of_requests(self) -> Sequence[Any]:
        """Give the plugins of the web framework that trace each request."""

    def of_errands(self, runners: Mapping[Errand, ErrandRunner]) -> Mapping[Errand, ErrandRunner]:
        """Give the same runners, each try traced."""

    def of_provider(self, opened: Kept, *, name: str) -> Kept:
        """Give the same adapters, each call to the provider of this name traced."""

    def flush(self) -> None:
        """Hand over what isn't handed over yet, within a second or so; more may follow."""


class Untraced:
    """Traces nothing and costs nothing."""

    def of_requests(self) -> Sequence[Any]:
        """Give none."""
        return ()

    def of_errands(self, runners: Mapping[Errand, ErrandRunner]) -> Mapping[Errand, ErrandRunner]:
        """Give them as they are."""
        return runners

    def of_provider(self, opened: Kept, *, name: str) -> Kept:  # noqa: ARG002 -- as tracing has it
        """Give it as it is."""
        return opened

    def flush(self) -> None:
        """Do nothing: there is nothing."""


UNTRACED: Final = Untraced()
