"""An example of each query parameter, as the OpenAPI document shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_DAY: Final = "2026-04-20"

QUERY_EXAMPLES: Final[Mapping[str, Any]] = {
    "affiliation": "University of Examples",
    "at": f"{_DAY}T09:00:00Z",
    "available_before": f"{_DAY}T18:00:00Z",
    "currency": "usd",
    "cursor": "01931b70-0c2b-7d19-b3f4-6a58c1d90e47",
    "date": _DAY,
    "expertise": "machine learning",
    "from": _DAY,
    "from_month": "2026-01",
    "group_by": "day",
    "limit": 10,
    "max_rate": 150,
    "min_rate": 80.5,
    "paper_id": "arxiv:2404.01234",
    "prefix": "mach",
    "query": "machine learning",
    "researcher_id": "01931b6e-6f5c-7c3a-8d2e-4b1f0a9c7e11",
    "sort": "rating",
    "state": "dead",
    "status": "scheduled",
    "timezone": "Europe/Berlin",
    "to": "2026-04-26",
    "to_month": "2026-04",
    "user_id": "user-7",
    "verified": True,
    "when": "upcoming",
}
"""By the parameter's name, which means the same wherever it stands; a test holds each against its schema."""
