"""Reading the sample researchers from their file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

from consulting.application.ports.clock import Identities
from consulting.domain.availability import Pattern
from consulting.domain.cancellation import PRESETS
from consulting.domain.local_time import LocalWindow
from consulting.domain.money import parse_rate
from consulting.domain.researchers import Researcher

HOLDS_FROM = date(2024, 1, 1)
"""A day before any instance was started, so that the hours hold from its first moment on."""


@dataclass(frozen=True, slots=True)
class Person:
    """One sample researcher, as the file describes them."""

    fields: Mapping[str, Any]

    @property
    def id(self) -> UUID:
        """The id that this person has in every instance."""
        return UUID(self.fields["id"])

    def researcher(self, *, at: datetime) -> Researcher:
        """Give the researcher, as registered at this instant."""
        fields = self.fields
        return Researcher(
            id=self.id,
            user_id=fields["user_id"],
            name=fields["name"],
            email=fields["email"],
            bio=fields["bio"].strip(),
            expertise=tuple(fields["expertise"]),
            achievements=tuple(fields["achievements"]),
            rate=parse_rate(fields["rate"], currency=fields["currency"]),
            timezone=fields["timezone"],
            verified=fields["verified"],
            active=True,
            avatar_url=None,
            affiliation=fields["affiliation"],
            papers=tuple(fields.get("papers", ())),
            zoom_user=None,
            policy=PRESETS[fields["policy"]],
            created_at=at,
            updated_at=at,
        )

    def patterns(self, *, ids: Identities) -> Iterator[Pattern]:
        """Give their weekly hours, one pattern for each weekday and window."""
        for hours in self.fields["hours"]:
            window = LocalWindow.parse(start=hours["start"], end=hours["end"])
            for weekday in hours["weekdays"]:
                yield Pattern(
                    id=ids.new(),
                    researcher_id=self.id,
                    weekday=weekday,
                    window=window,
                    timezone=self.fields["timezone"],
                    slot_minutes=hours["slot_minutes"],
                    gap_minutes=hours.get("gap_minutes", 0),
                    valid_from=HOLDS_FROM,
                )


def people() -> list[Person]:
    """Read the file that is part of this package."""
    text = files(__package__).joinpath("researchers.toml").read_text(encoding="utf-8")
    return [Person(fields) for fields in tomllib.loads(text)["researchers"]]
