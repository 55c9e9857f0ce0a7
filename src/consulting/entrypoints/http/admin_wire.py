"""The shapes of what admins send and see."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from consulting.application.ports.backlog import WorkState
from consulting.application.ports.outbox import Errand, Lane, ListedEntry
from consulting.domain import admin_acts, api_keys, researchers
from consulting.domain.admin_acts import Act
from consulting.domain.api_keys import Scope
from consulting.domain.profiles import LONGEST_TOPIC, MOST_ACHIEVEMENTS, MOST_TOPICS
from consulting.entrypoints.http.wire import Answer, Body, Currency, Id, LongText, Rating, ShortText, StatedReason, Text

Name = Annotated[Text, Meta(max_length=200)]
Topic = Annotated[Text, Meta(min_length=1, max_length=LONGEST_TOPIC)]
Achievement = Annotated[ShortText, Meta(min_length=1)]


class NewResearcher(Body, kw_only=True):
    """An expert who joins; `rate` is the price of an hour in whole units of the currency."""

    name: Name
    email: Annotated[ShortText, Meta(min_length=3)]
    rate: Decimal
    currency: Annotated[ShortText, Meta(description="A lower-case ISO 4217 code.")] = "usd"
    timezone: Annotated[ShortText, Meta(description="An IANA time zone.")]
    user_id: Annotated[ShortText, Meta(min_length=1)] | None = None
    bio: LongText | None = None
    expertise: Annotated[tuple[Topic, ...], Meta(max_length=MOST_TOPICS)] = ()
    achievements: Annotated[tuple[Achievement, ...], Meta(max_length=MOST_ACHIEVEMENTS)] = ()
    affiliation: Name | None = None
    avatar_url: Annotated[ShortText, Meta(description="An https address.")] | None = None
    papers: Annotated[tuple[ShortText, ...], Meta(max_length=1000)] = ()
    verified: bool = False


class ResearcherChange(Body):
    """What admins decide about a researcher; what is left out stays. `user_id` null unlinks the account."""

    verified: bool | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    user_id: Annotated[ShortText, Meta(min_length=1)] | UnsetType | None = UNSET


class AdminCancellation(Body, kw_only=True):
    """Why a session is canceled, which client and researcher read, and whether its slot is offered again."""

    reason: StatedReason
    reopen_slot: bool = False


class GoodwillRefund(Body, kw_only=True):
    """What to give back, in minor units; all that is left where it is left out. `reason` is kept with the refund."""

    reason: StatedReason
    amount: Annotated[int, Meta(ge=1, le=(1 << 53) - 1)] | None = None


class RegisteredResearcher(Answer, kw_only=True):
    """A researcher as admins see them, deactivated ones too."""

    id: Id
    user_id: str | None
    name: str
    email: str
    bio: str | None
    expertise: list[str]
    achievements: list[str]
    rate: Annotated[Decimal, Meta(description="The price of an hour, in whole units of the currency.")]
    currency: Currency
    timezone: str
    verified: bool
    active: bool
    avatar_url: str | None
    affiliation: str | None
    papers: list[str]
    rating: Rating
    created_at: datetime
    updated_at: datetime


class RegisterPage(Answer):
    """Researchers in the order in which they were added, and the cursor of the next page; null on the last."""

    researchers: list[RegisteredResearcher]
    next_cursor: str | None


class ErrandOutside(Answer):
    """Something that must be done outside: how it stands, how often it was tried, and what went wrong last."""

    id: Id
    errand: Errand
    lane: Lane
    session_id: Id
    state: WorkState
    data: dict[str, str]
    tries: int
    recorded_at: datetime
    next_try_at: datetime
    error: str | None


class ErrandPage(Answer):
    """Errands, the oldest first, and the cursor of the next page; null on the last."""

    errands: list[ErrandOutside]
    next_cursor: str | None


class AdminAct(Answer):
    """What an admin did: who, when, what, to what, and the values that it changed."""

    id: Id
    at: datetime
    by: Annotated[str, Meta(description="The admin's user id; `key:…` for an API key, `command` for the terminal.")]
    act: Act
    subject: Annotated[str, Meta(description="The id of what was acted on; of users a trace of their id.")]
    before: dict[str, Any]
    after: dict[str, Any]


class AdminActPage(Answer):
    """Acts, the newest first, and the cursor of the next page; null on the last."""

    acts: list[AdminAct]
    next_cursor: str | None


class NewApiKey(Body, kw_only=True):
    """What a key is for; without `expires_at` it opens until it is revoked."""

    name: Annotated[Text, Meta(max_length=api_keys.LONGEST_NAME)]
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1)]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class ApiKey(Answer, kw_only=True):
    """What is kept of a key: never itself; `prefix` is its beginning, `last_used_at` is right to the minute."""

    id: Id
    name: str
    prefix: str
    scopes: list[Scope]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class IssuedApiKey(ApiKey, kw_only=True):
    """A new key, with the key itself, which is shown this once."""

    key: str


class ApiKeyPage(Answer):
    """Keys, the newest first, and the cursor of the next page; null on the last."""

    api_keys: list[ApiKey]
    next_cursor: str | None


def key_fields(key: api_keys.ApiKey) -> dict[str, Any]:
    """Give what both shapes of a key show."""
    shown = ("name", "prefix", "created_by", "created_at", "expires_at", "revoked_at", "last_used_at")
    return {"id": str(key.id), "scopes": sorted(key.scopes), **{name: getattr(key, name) for name in shown}}


def registered_body(researcher: researchers.Researcher) -> RegisteredResearcher:
    """Show a researcher to an admin."""
    return RegisteredResearcher(
        id=researcher.id,
        user_id=researcher.user_id,
        name=researcher.name,
        email=researcher.email,
        bio=researcher.bio,
        expertise=list(researcher.expertise),
        achievements=list(researcher.achievements),
        rate=researcher.rate.in_major_units(),
        currency=researcher.rate.currency,
        timezone=researcher.timezone,
        verified=researcher.verified,
        active=researcher.active,
        avatar_url=researcher.avatar_url,
        affiliation=researcher.affiliation,
        papers=list(researcher.papers),
        rating=Rating(average=researcher.rating.average, count=researcher.rating.count),
        created_at=researcher.created_at,
        updated_at=researcher.updated_at,
    )


def errand_body(listed: ListedEntry) -> ErrandOutside:
    """Show an errand."""
    entry = listed.entry
    return ErrandOutside(
        id=entry.id,
        errand=entry.errand,
        lane=entry.lane,
        session_id=entry.session_id,
        state=listed.state,
        data=dict(entry.data),
        tries=listed.attempts,
        recorded_at=entry.recorded_at,
        next_try_at=listed.next_try,
        error=listed.error,
    )


def act_body(act: admin_acts.AdminAct) -> AdminAct:
    """Show an act."""
    return AdminAct(
        id=act.id,
        at=act.at,
        by=act.by,
        act=act.act,
        subject=act.subject,
        before=dict(act.before),
        after=dict(act.after),
    )
