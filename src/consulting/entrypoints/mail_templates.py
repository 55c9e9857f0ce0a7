"""The partner's own templates, looked at before anything starts."""

from __future__ import annotations

from consulting.entrypoints.settings import Settings


def refuse_broken_templates(settings: Settings) -> None:
    """Raise CannotStart, naming file and fault, where one can't be used; without any, nothing is loaded for it."""
    if settings.templates:
        from consulting.entrypoints.container import open_letters  # noqa: PLC0415 -- whoever only supervises stays small

        open_letters(settings)
