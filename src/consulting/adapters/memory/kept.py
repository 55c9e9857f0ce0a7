"""Everything that is kept, as plain tables; and the refusals of what a database's constraints refuse."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

from consulting.application.ports.backlog import WorkState
from consulting.application.ports.inbox import InboxEntry, ProviderEvent
from consulting.application.ports.outbox import LeasedEntry, OutboxEntry
from consulting.application.ports.records import Notification
from consulting.application.ports.retries import KnownRequest
from consulting.domain.admin_acts import AdminAct
from consulting.domain.api_keys import ApiKey
from consulting.domain.availability import Block, OneOffSlot, Override, Pattern
from consulting.domain.ledger import Entry
from consulting.domain.payments import Payment
from consulting.domain.refunds import Refund
from consulting.domain.researchers import Researcher
from consulting.domain.reviews import Review
from consulting.domain.sessions import Session
from consulting.domain.time_slots import TimeSlot

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class UnknownRecord(LookupError):
    """A fault of the caller: what was named isn't kept here."""


class ForbiddenRecord(ValueError):
    """A fault of the caller: this can't be kept, since it contradicts itself or something that is kept."""


class Standing(StrEnum):
    """How far an errand or a message has come."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptErrand:
    """An errand of the outbox with its history; `leased` is the last lease while it waits, and None once given back."""

    entry: OutboxEntry
    due_at: datetime
    standing: Standing = Standing.WAITING
    attempts: int = 0
    leased: LeasedEntry | None = None
    error: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message of the inbox with its history; `leased` and `leased_until` as in an errand."""

    id: UUID
    event: ProviderEvent
    received_at: datetime
    due_at: datetime
    standing: Standing = Standing.WAITING
    attempts: int = 0
    leased: InboxEntry | None = None
    leased_until: datetime | None = None
    error: str | None = None
    ended_at: datetime | None = None


Telling = tuple[UUID, str, str, str]
"""What is unique in a notification: session, kind, recipient, about."""


@dataclass(slots=True)
class Kept:
    """One state of everything; values are immutable, so copying the tables copies the state."""

    researchers: dict[UUID, Researcher] = field(default_factory=dict)
    patterns: dict[UUID, Pattern] = field(default_factory=dict)
    overrides: dict[UUID, Override] = field(default_factory=dict)
    one_offs: dict[UUID, OneOffSlot] = field(default_factory=dict)
    blocks: dict[UUID, Block] = field(default_factory=dict)
    time_slots: dict[UUID, TimeSlot] = field(default_factory=dict)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    notes: dict[UUID, str] = field(default_factory=dict)
    payments: dict[UUID, Payment] = field(default_factory=dict)
    refunds: dict[UUID, Refund] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    reviews: dict[UUID, Review] = field(default_factory=dict)
    notifications: dict[Telling, Notification] = field(default_factory=dict)
    calendar_tokens: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    errands: dict[UUID, KeptErrand] = field(default_factory=dict)
    messages: dict[UUID, KeptMessage] = field(default_factory=dict)
    admin_acts: dict[UUID, AdminAct] = field(default_factory=dict)
    api_keys: dict[UUID, ApiKey] = field(default_factory=dict)
    requests: dict[tuple[str, str], KnownRequest] = field(default_factory=dict)

    def copy(self) -> Kept:
        """Give a state of its own with the same content."""
        return Kept(*map(dict, _tables_of(self)))


_tables_of = attrgetter(*(each.name for each in fields(Kept)))


def put_new(table: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Keep something new; ForbiddenRecord if its id is taken."""
    if key in table:
        raise ForbiddenRecord(f"{key} is kept already")
    table[key] = value


def put_again(table: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Keep new values of something known; UnknownRecord if it isn't."""
    require(table, key)
    table[key] = value


def require(table: dict[_Key, _Value], key: _Key) -> _Value:
    """Give what is kept under this key; UnknownRecord if nothing is."""
    if key not in table:
        raise UnknownRecord(f"{key} is not kept")
    return table[key]


def require_unique(*, taken: bool, what: str) -> None:
    """Raise ForbiddenRecord if something that may exist once exists already."""
    if taken:
        raise ForbiddenRecord(f"{what} exists already")


def state_of(standing: Standing, *, due_at: datetime, taken: bool, behind: bool = False, at: datetime) -> WorkState:
    """Say how something that waits to be done stands at this instant."""
    if standing is not Standing.WAITING:
        return WorkState(standing.value)
    if taken:
        return WorkState.LEASED
    if behind:
        return WorkState.BEHIND
    return WorkState.DUE if due_at <= at else WorkState.LATER
