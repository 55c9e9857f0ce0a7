"""People whom the booking page of a sandbox can be tried as: sample clients, and the sample researchers."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

from consulting.entrypoints.sample_data.people import people
from consulting.entrypoints.settings import Settings
from consulting.entrypoints.tokens import issue_token


def sample_people(settings: Settings) -> list[dict[str, Any]]:
    """Give each with a token, clients first. Raises CannotStart in production, and where a token can't be made."""
    return [_signed_in(settings, person) for person in [*_clients(), *_researchers()]]


def _clients() -> list[dict[str, Any]]:
    text = files(__package__).joinpath("clients.toml").read_text(encoding="utf-8")
    return [{**client, "researcher_id": None} for client in tomllib.loads(text)["clients"]]


def _researchers() -> list[dict[str, Any]]:
    known = ("user_id", "name", "email", "timezone")
    return [{**{name: each.fields[name] for name in known}, "researcher_id": str(each.id)} for each in people()]


def _signed_in(settings: Settings, person: dict[str, Any]) -> dict[str, Any]:
    token = issue_token(
        settings, user=person["user_id"], email=person["email"], name=person["name"], zone=person["timezone"]
    )
    return {**person, "token": token}
