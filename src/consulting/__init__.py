"""Booking backend for paid one-to-one sessions with researchers.

Public are the names below, what is in `consulting.ports` and `consulting.domain`, and the kit `consulting.contracts`;
everything else may change with any release. Nothing is loaded before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Caller": "consulting.application.callers",
    "CannotStart": "consulting.entrypoints.cannot_start",
    "Mode": "consulting.entrypoints.settings",
    "Settings": "consulting.entrypoints.settings",
    "build_container": "consulting.entrypoints.container",
    "create_app": "consulting.entrypoints.embedding",
    "load_settings": "consulting.entrypoints.settings",
    "run_worker": "consulting.entrypoints.worker",
}
_MODULES = frozenset({"domain", "ports"})

__all__ = [
    "Caller",
    "CannotStart",
    "Mode",
    "Settings",
    "build_container",
    "create_app",
    "domain",
    "load_settings",
    "ports",
    "run_worker",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is asked for."""
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
