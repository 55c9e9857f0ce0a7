"""Answers to requests under a key, in PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any, Final

from psycopg.types.json import Jsonb
from sqlalchemy import BigInteger, Engine, Text, and_, bindparam, delete, func, select, update

from consulting.adapters.postgres.link import Link, Step
from consulting.adapters.postgres.prepared import insert_into, prepare
from consulting.adapters.postgres.refusals import SENT_BEFORE
from consulting.adapters.postgres.tables import fixed
from consulting.adapters.postgres.tables.metadata import Instant
from consulting.adapters.postgres.tables.work import idempotency_keys
from consulting.adapters.postgres.transactions import PostgresTransactions, joining
from consulting.application.ports.retries import (
    KeptAnswer,
    KeyedRequest,
    KnownRequest,
    RequestInProgress,
    SentBefore,
    judge,
)
from consulting.application.ports.transactions import StorageUnavailable, TransactionConflict
from consulting.domain.errors import ConsultingError

_COLUMNS = idempotency_keys.c
_KEYED = and_(_COLUMNS.caller == bindparam("caller", type_=Text), _COLUMNS.key == bindparam("key", type_=Text))
_OWN = and_(_KEYED, _COLUMNS.leased_until == bindparam("own_lease", type_=Instant))

_TURN = func.pg_try_advisory_xact_lock(bindparam("turn", type_=BigInteger))
TAKE_TURN = prepare(select(_TURN.label("taken")))
"""Whoever repeats a request that runs is told so at once, where waiting for its row would hold a worker."""

KNOWN = prepare(select(idempotency_keys).where(_KEYED))
_REFUSED = func.refuse(fixed(SENT_BEFORE))
REFUSE_RUNNING = prepare(select(_REFUSED).where(~_TURN))
REFUSE_KNOWN = prepare(select(_REFUSED).select_from(idempotency_keys).where(_KEYED))
KEEP = prepare(insert_into(idempotency_keys))
_OUTCOME: Final = ("state", "leased_until", "status_code", "headers", "body")
_CHANGES = {name: bindparam(name, type_=_COLUMNS[name].type) for name in _OUTCOME}
RENEW = prepare(update(idempotency_keys).where(_OWN).values(_CHANGES).returning(_COLUMNS.key))
FORGET = prepare(delete(idempotency_keys).where(_OWN))

STARTED, FINISHED = "started", "finished"


class PostgresRetries:
    """Where answers are kept; safe to share between threads."""

    def __init__(self, transactions: PostgresTransactions) -> None:
        """Keep answers beside what these transactions keep."""
        self._engine = transactions.engine

    def begin(self, request: KeyedRequest, *, at: datetime) -> PostgresAttempt | KeptAnswer:
        """Open one transaction for all that the request does, or give the answer that is kept.

        Raises IdempotencyKeyReused, RequestInProgress and StorageUnavailable.
        """
        link = Link(self._engine)
        try:
            known = _taken(link, request)
            answer = judge(known, request, at=at)
            if answer is not None:
                link.commit()  # an undoing would cost the connection its prepared statements
        except BaseException:
            link.close()
            raise
        if answer is not None:
            link.close()
            return answer
        return PostgresAttempt(link, request, own_lease=known.leased_until if known else None)

    def presume(self, request: KeyedRequest) -> PostgresAttempt:
        """Open one transaction as `begin` does, presuming that the request is new.

        That is looked at with the work's first statements, on one way to the server and back: what is behind a refusal
        isn't run. Raised there, or at the end of what joins first, is SentBefore if the request isn't new.
        """
        return PostgresAttempt(Link(self._engine, opening=_as_new(request)), request, own_lease=None)

    def lease(self, request: KeyedRequest, *, until: datetime, at: datetime) -> PostgresLease | KeptAnswer:
        """Record, for good, that the request runs until then at most; or give the answer that is kept.

        Raises as `begin`.
        """
        link = Link(self._engine)
        try:
            known = _taken(link, request)
            answer = judge(known, request, at=at)
            if answer is not None:
                link.commit()
                return answer
            _write(link, request, _lease(until), own_lease=known.leased_until if known else None, at=at)
        finally:
            link.close()
        return PostgresLease(self._engine, request, until=until)


class PostgresAttempt:
    """A request whose whole work is one transaction, in which its answer is kept, too."""

    def __init__(self, link: Link, request: KeyedRequest, *, own_lease: datetime | None) -> None:
        """Go on over this connection; `own_lease` is that of an older attempt whose place this one takes."""
        self._link, self._request, self._own_lease = link, request, own_lease
        self._busy = Lock()  # a request that is given up doesn't take the connection from under its own thread

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Make the transactions that this thread begins within the block a part of this one."""
        with self._busy, joining(self._link):
            try:
                yield
            finally:
                self._link.open()
            self._link.hasten()  # the server works while the answer is made

    def keep(self, answer: KeptAnswer, *, at: datetime) -> None:
        """Keep the answer and commit it together with the work: neither is ever without the other.

        What a constraint refuses of the work is undone; then this attempt goes on, to keep what that leads to.
        """
        with self._busy:
            try:
                _write(self._link, self._request, _finished(answer), own_lease=self._own_lease, at=at)
            except (StorageUnavailable, TransactionConflict, SentBefore):
                self._link.close()
                raise
            except ConsultingError:
                self._link.undo_part()
                raise
            except BaseException:
                self._link.close()
                raise
            self._link.close()

    def drop(self) -> None:
        """Undo everything."""
        with self._busy:
            self._link.close()


class PostgresLease:
    """A request that may take a while, and whose own transactions are committed as they end."""

    def __init__(self, engine: Engine, request: KeyedRequest, *, until: datetime) -> None:
        """Know the record by the end of its lease: if that passes, somebody else's record it is."""
        self._engine, self._request, self._until = engine, request, until

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Join nothing: the work's transactions are its own."""
        yield

    def keep(self, answer: KeptAnswer, *, at: datetime) -> None:  # noqa: ARG002 -- its age counts from the lease
        """Keep the answer, unless the lease has passed to somebody else, who keeps theirs."""
        with _linked(self._engine) as link:
            link.commit((RENEW, _own(self._request, self._until) | _finished(answer)))

    def drop(self) -> None:
        """Give the lease back, so that the request can run again at once."""
        with _linked(self._engine) as link:
            link.commit((FORGET, _own(self._request, self._until)))


@contextmanager
def _linked(engine: Engine) -> Iterator[Link]:
    link = Link(engine)
    try:
        yield link
    finally:
        link.close()


def _taken(link: Link, request: KeyedRequest) -> KnownRequest | None:
    """Begin, take the request's turn, and only then look what is known: whoever had it before has committed."""
    turns, found = link.together((TAKE_TURN, {"turn": turn_of(request)}), (KNOWN, _names(request)))
    known = _known(found[0]) if found else None
    if not turns[0].taken and (known is None or known.answer is None):
        raise RequestInProgress
    return known


def _as_new(request: KeyedRequest) -> Sequence[Step]:
    """Take the request's turn, and then refuse if something is known, as `_taken` does for one that may be repeated."""
    return (REFUSE_RUNNING, {"turn": turn_of(request)}), (REFUSE_KNOWN, _names(request))


def _write(
    link: Link, request: KeyedRequest, outcome: dict[str, Any], *, own_lease: datetime | None, at: datetime
) -> None:
    """Write the record and commit, on one way to the server and back."""
    if own_lease is None:
        link.commit((KEEP, {**_names(request), "fingerprint": request.fingerprint, "created_at": at, **outcome}))
    else:
        link.commit((RENEW, _own(request, own_lease) | outcome))


def turn_of(request: KeyedRequest) -> int:
    """Give the number of the request's turn: the same for two requests if caller and key are, and hardly ever else."""
    text = f"{len(request.caller)} {request.caller} {request.key}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True)


def _names(request: KeyedRequest) -> dict[str, Any]:
    return {"caller": request.caller, "key": request.key}


def _own(request: KeyedRequest, until: datetime) -> dict[str, Any]:
    return {**_names(request), "own_lease": until}


def _lease(until: datetime) -> dict[str, Any]:
    return {"state": STARTED, "leased_until": until, "status_code": None, "headers": None, "body": None}


def _finished(answer: KeptAnswer) -> dict[str, Any]:
    return {
        "state": FINISHED,
        "leased_until": None,
        "status_code": answer.status,
        "headers": Jsonb(dict(answer.headers)),
        "body": answer.body,
    }


def _known(row: Any) -> KnownRequest:
    answer = None
    if row.state == FINISHED:
        answer = KeptAnswer(status=row.status_code, headers=row.headers, body=bytes(row.body))
    return KnownRequest(fingerprint=bytes(row.fingerprint), leased_until=row.leased_until, answer=answer)
