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
from consulting.adapters.contracts.strategies.money import amounts, currencies, policies, rates
from consulting.adapters.contracts.strategies.payments import intents, payments, refunds, reviews
from consulting.adapters.contracts.strategies.people import clients, emails, names, ratings, researchers, texts
from consulting.adapters.contracts.strategies.sessions import (
    claims,
    held_sessions,
    sessions,
    slot_periods,
    terms,
    time_slots,
)

__all__ = [
    "Situation",
    "amounts",
    "blocks",
    "claims",
    "clients",
    "clock_changes",
    "currencies",
    "emails",
    "every_timezone",
    "held_sessions",
    "ids",
    "instants",
    "intents",
    "local_windows",
    "names",
    "overrides",
    "patterns",
    "payments",
    "periods",
    "policies",
    "published_slots",
    "rates",
    "ratings",
    "refunds",
    "researchers",
    "reviews",
    "sessions",
    "situations",
    "slot_periods",
    "terms",
    "texts",
    "time_slots",
    "timezones",
]
