"""What the database's refusals mean: a constraint's name, or an SQLSTATE, becomes the error that the ports promise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import errors
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from consulting.application.ports.retries import SentBefore
from consulting.application.ports.transactions import StorageUnavailable, TransactionConflict
from consulting.domain.errors import AccountLinked, ConsultingError, ReviewExists, SlotUnavailable, ValidationFailed

SENT_BEFORE: Final = "idempotency_keys_sent_before"
"""No constraint: what is asked first under a key refuses by this name."""

BY_CONSTRAINT: Final[dict[str, type[ConsultingError | SentBefore]]] = {
    "sessions_no_overlap": SlotUnavailable,
    "payments_one_alive": TransactionConflict,
    "payments_session_id_attempt_key": TransactionConflict,
    "reviews_one_a_session": ReviewExists,
    "researchers_one_an_account": AccountLinked,
    "idempotency_keys_pkey": TransactionConflict,
    SENT_BEFORE: SentBefore,
}
"""Constraints that somebody else's being quicker can violate; any other violation is a fault of this program."""

_CONFLICTS = (errors.DeadlockDetected, errors.SerializationFailure)
_AWAY = (
    "08",  # connection exceptions
    "25006",  # a server that only reads: the one that writes is elsewhere now
    "25P03",  # idle in a transaction for too long
    "53",  # insufficient resources: connections, memory, disk
    "55P03",  # the lock was not free in time
    "57",  # operator intervention: shut down, starting, canceled for taking too long
    "58",  # system errors
)
_UNSTORABLE = ("22021", "22P05")


@contextmanager
def refusals_named() -> Iterator[None]:
    """Raise what the ports promise in place of what the driver raises; a fault of this program passes as it is."""
    try:
        yield
    except (psycopg.Error, SQLAlchemyError, UnicodeEncodeError) as error:
        named = refusal(error)
        if named is None:
            raise
        raise named from error


def refusal(error: Exception) -> ConsultingError | SentBefore | None:
    """Name what went wrong in the ports' words; None for a fault of this program."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, UnicodeEncodeError) or _unstorable(cause):
        return ValidationFailed.of("text", "NUL and half surrogate pairs can't be kept")
    if isinstance(cause, _CONFLICTS):
        return TransactionConflict()
    if isinstance(cause, psycopg.IntegrityError):
        named = BY_CONSTRAINT.get(cause.diag.constraint_name or "")
        return named() if named is not None else None
    return StorageUnavailable() if _away(cause) else None


def _unstorable(cause: object) -> bool:
    """Tell whether a text has what no text here can have; NUL is found by the driver itself, without an SQLSTATE."""
    return isinstance(cause, psycopg.DataError) and (cause.sqlstate in _UNSTORABLE or "NUL" in str(cause))


def _away(cause: object) -> bool:
    if isinstance(cause, PoolTimeout):
        return True
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError | psycopg.InternalError):
        return False
    return cause.sqlstate is None or cause.sqlstate.startswith(_AWAY)
