"""The shapes of a researcher's own profile, and how it is read and shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from consulting.domain import researchers
from consulting.domain.cancellation import PRESETS, CancellationPolicy, preset_of
from consulting.domain.errors import ValidationFailed
from consulting.domain.money import parse_rate
from consulting.domain.profiles import LONGEST_ACHIEVEMENT, LONGEST_TOPIC, MOST_ACHIEVEMENTS, MOST_TOPICS
from consulting.domain.publishing import Publication
from consulting.entrypoints.http.calendar_shapes import ChangedSlots, given, slots_body
from consulting.entrypoints.http.validation import one_of
from consulting.entrypoints.http.wire import Answer, Body, Currency, Id, LongText, Rating, Text

Rate = Annotated[Decimal, Meta(description="The price of an hour, in whole units of the profile's currency.")]
Notice = Annotated[int, Meta(description="The least time between booking and start, in minutes.")]
Gap = Annotated[int, Meta(description="What new hours keep free between slots, in minutes.")]
Horizon = Annotated[int, Meta(description="How far ahead a slot can be booked, in days.")]
Topics = Annotated[
    list[Annotated[Text, Meta(extra_json_schema={"minLength": 1, "maxLength": LONGEST_TOPIC})]],
    Meta(extra_json_schema={"maxItems": MOST_TOPICS}),
]
Achievements = Annotated[
    list[Annotated[Text, Meta(extra_json_schema={"minLength": 1, "maxLength": LONGEST_ACHIEVEMENT})]],
    Meta(extra_json_schema={"maxItems": MOST_ACHIEVEMENTS}),
]
PolicyName = Annotated[Text, Meta(description=f"One of {', '.join(PRESETS)}.")]


class ProfileChanges(Body, kw_only=True):
    """What is to be other about one's profile; what is left out stays, null empties."""

    rate: Rate | UnsetType = UNSET
    bio: LongText | UnsetType | None = UNSET
    expertise: Topics | UnsetType = UNSET
    achievements: Achievements | UnsetType = UNSET
    affiliation: Annotated[Text, Meta(max_length=200)] | UnsetType | None = UNSET
    avatar_url: Text | UnsetType | None = UNSET
    timezone: Text | UnsetType = UNSET
    notice_minutes: Notice | UnsetType = UNSET
    gap_minutes: Gap | UnsetType = UNSET
    horizon_days: Horizon | UnsetType = UNSET
    cancellation_policy: PolicyName | UnsetType = UNSET


class PolicyTier(Answer):
    """With at least this notice before the start, so much of the price is given back."""

    notice_minutes: int
    percent: int


class Policy(Answer):
    """What a client's cancellation gives back; `name` is null for a policy that is none of the presets."""

    name: str | None
    tiers: list[PolicyTier]


class Profile(Answer, kw_only=True):
    """A researcher as they see themselves; `slots` is told by what changes them."""

    id: Id
    user_id: str | None
    name: str
    email: str
    bio: str | None
    expertise: list[str]
    achievements: list[str]
    affiliation: str | None
    avatar_url: str | None
    rate: Rate
    currency: Currency
    timezone: str
    verified: bool
    active: bool
    notice_minutes: Notice
    gap_minutes: Gap
    horizon_days: Horizon
    cancellation_policy: Policy
    rating: Rating
    slots: ChangedSlots | UnsetType = UNSET


def changed_profile(data: ProfileChanges, researcher: researchers.Researcher) -> researchers.Researcher:
    """Read what is to be other about a profile. Raises ValidationFailed."""
    told = given(data)
    if "rate" in told:
        told["rate"] = parse_rate(told["rate"], currency=researcher.rate.currency)
    if "cancellation_policy" in told:
        told["policy"] = _policy(told.pop("cancellation_policy"))
    if "notice_minutes" in told:
        told["notice"] = _length("notice_minutes", told.pop("notice_minutes"), timedelta(minutes=1))
    if "horizon_days" in told:
        told["horizon"] = _length("horizon_days", told.pop("horizon_days"), timedelta(days=1))
    for name in ("expertise", "achievements"):
        if name in told:
            told[name] = tuple(told[name])
    for name in ("bio", "affiliation"):
        if name in told:
            told[name] = told[name] or None
    return replace(researcher, **told)


def _length(field: str, count: int, unit: timedelta) -> timedelta:
    if abs(count) > 1_000_000:  # the bounds are narrower, and set elsewhere; this much can be multiplied out
        raise ValidationFailed.of(field, "give a smaller number")
    return count * unit


def _policy(name: str) -> CancellationPolicy:
    if name not in PRESETS:
        raise ValidationFailed.of("cancellation_policy", one_of(PRESETS))
    return PRESETS[name]


def profile_body(researcher: researchers.Researcher, publication: Publication | None = None) -> Profile:
    """Show a profile to its owner."""
    return Profile(
        id=researcher.id,
        user_id=researcher.user_id,
        name=researcher.name,
        email=researcher.email,
        bio=researcher.bio,
        expertise=list(researcher.expertise),
        achievements=list(researcher.achievements),
        affiliation=researcher.affiliation,
        avatar_url=researcher.avatar_url,
        rate=researcher.rate.in_major_units(),
        currency=researcher.rate.currency,
        timezone=researcher.timezone,
        verified=researcher.verified,
        active=researcher.active,
        notice_minutes=researcher.notice // timedelta(minutes=1),
        gap_minutes=researcher.gap_minutes,
        horizon_days=researcher.horizon // timedelta(days=1),
        cancellation_policy=policy_body(researcher.policy),
        rating=Rating(average=researcher.rating.average, count=researcher.rating.count),
        slots=slots_body(publication),
    )


def policy_body(policy: CancellationPolicy) -> Policy:
    """Show a cancellation policy."""
    return Policy(
        name=preset_of(policy),
        tiers=[
            PolicyTier(notice_minutes=tier.notice // timedelta(minutes=1), percent=tier.percent)
            for tier in policy.tiers
        ],
    )
