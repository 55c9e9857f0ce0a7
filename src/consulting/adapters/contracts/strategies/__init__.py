"""Hypothesis strategies for the values of the domain, for this project's tests and for partners' alike."""

from consulting.adapters.contracts.strategies.availability import (
    Situation,
    blocks,
    clock_changes,
    every_timezone,
    ids,
    instants,
    local_windows,
    overrides,
    patterns,
    periods,
    published_slots,
    situations,
    timezones,
)

__all__ = [
    "Situation",
    "blocks",
    "clock_changes",
    "every_timezone",
    "ids",
    "instants",
    "local_windows",
    "overrides",
    "patterns",
    "periods",
    "published_slots",
    "situations",
    "timezones",
]
