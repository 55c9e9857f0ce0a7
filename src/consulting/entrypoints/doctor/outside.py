"""Asking servers outside as an operator would: one request, a few seconds, and nothing told of what it carried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from consulting.entrypoints.settings import Mode, Settings

PATIENCE_SECONDS = 10.0


class Unanswered(Exception):
    """Nobody answered; the message says in a few words what happened."""


def ask(settings: Settings, method: str, url: str, **sent: Any) -> httpx.Response:
    """Send one request. Raises Unanswered. The sandbox is on this machine, and never behind a proxy."""
    try:
        return httpx.request(method, url, timeout=PATIENCE_SECONDS, trust_env=settings.mode is Mode.PRODUCTION, **sent)
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        raise Unanswered(type(failure).__name__) from None


def content(answer: httpx.Response) -> Mapping[str, Any]:
    """Read the answer's JSON object; an empty one where it is anything else."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
