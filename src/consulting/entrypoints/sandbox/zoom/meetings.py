"""Meetings: create, read, update, list, delete, within a host's limit of creates a day.

Like Zoom, it lets meetings of one host overlap and counts them: only the first that is started can run.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.identifiers import meeting_number, random_text
from consulting.entrypoints.sandbox.options import SandboxOptions
from consulting.entrypoints.sandbox.store import Document, Store
from consulting.entrypoints.sandbox.zoom.refusals import daily_limit, invalid_field, unknown_meeting

_START_URL_SECONDS: Final = 2 * 3600
_LONGEST: Final = {"topic": 200, "agenda": 2000}
_SCHEDULED: Final = 2
_MINUTES: Final = re.compile(r"[1-9][0-9]{0,4}")
_YEARS: Final = range(2000, 2201)
_CHANGEABLE: Final = ("topic", "agenda", "start_time", "duration", "timezone", "password", "settings", "type")


class ZoomMeetings:
    """The account's meetings. `base_url` is what join links begin with."""

    def __init__(self, *, store: Store, options: SandboxOptions, base_url: str) -> None:
        self._store = store
        self._options = options
        self._base_url = base_url

    def create(self, host: str, given: dict[str, Any]) -> Document:
        """Return a new meeting of a host. Raises ZoomRefusal: 400 for bad fields, 429 beyond the day's creates."""
        fields = _checked(given, current={"type": _SCHEDULED, "timezone": "UTC", "duration": 60})
        self._count_create(host)
        number, password = self._free_number(), fields.get("password") or random_text(6)
        meeting = {
            "uuid": f"{random_text(22)}==",
            "id": number,
            "host_id": host_id(host),
            "host_email": host,
            "topic": fields.get("topic") or "Zoom Meeting",
            "type": fields["type"],
            "status": "waiting",
            "start_time": fields.get("start_time"),
            "duration": fields["duration"],
            "timezone": fields["timezone"],
            "agenda": fields.get("agenda") or "",
            "created_at": clock.written(clock.now()),
            "join_url": f"{self._base_url}/zoom/j/{number}?pwd={random_text(16)}",
            "password": password,
            "settings": fields.get("settings") or {},
        }
        self._store.put("meeting", str(number), {**meeting, "deleted": False}, family=host)
        return self._shown(meeting)

    def get(self, number: str) -> Document:
        """Return a meeting with a fresh start link. Raises ZoomRefusal (404) if it isn't there or was deleted."""
        return self._shown(self._live(number))

    def update(self, number: str, given: dict[str, Any]) -> None:
        """Change the given fields."""
        meeting = self._live(number)
        fields = _checked(given, current=meeting)
        self._store.put("meeting", number, {**meeting, **fields}, family=meeting["host_email"])

    def delete(self, number: str) -> None:
        """Delete a meeting; it stays in the sandbox's own view."""
        meeting = self._live(number)
        deleted = {**meeting, "deleted": True, "deleted_at": clock.written(clock.now())}
        self._store.put("meeting", number, deleted, family=meeting["host_email"])

    def of_host(self, host: str) -> list[Document]:
        """Return a host's meetings, earliest start first."""
        kept = [meeting for meeting in self._store.newest_first("meeting", family=host) if not meeting["deleted"]]
        shown = (
            "uuid",
            "id",
            "host_id",
            "topic",
            "type",
            "start_time",
            "duration",
            "timezone",
            "agenda",
            "created_at",
            "join_url",
        )
        ordered = sorted(kept, key=lambda meeting: meeting["start_time"] or "")
        return [{name: meeting[name] for name in shown} for meeting in ordered]

    def overview(self) -> Document:
        """Show every meeting, deleted ones and those beyond what a host can hold at once marked."""
        meetings = self._store.newest_first("meeting")
        beyond = _beyond(meetings, limit=self._options.zoom_concurrent_meetings)
        shown = [
            {**meeting, "host": meeting["host_email"], "overlapping": meeting["id"] in beyond} for meeting in meetings
        ]
        return {"meetings": shown, "overlapping": len(beyond)}

    def _shown(self, meeting: Document) -> Document:
        expires = int(clock.now()) + _START_URL_SECONDS
        link = f"{self._base_url}/zoom/s/{meeting['id']}?zak={expires}.{random_text(24)}"
        return {
            name: value
            for name, value in {**meeting, "start_url": link}.items()
            if name not in ("deleted", "deleted_at")
        }

    def _live(self, number: str) -> Document:
        meeting = self._store.find("meeting", number)
        if meeting is None or meeting["deleted"]:
            raise unknown_meeting(number)
        return meeting

    def _free_number(self) -> int:
        number = meeting_number()
        while self._store.find("meeting", str(number)) is not None:
            number = meeting_number()
        return number

    def _count_create(self, host: str) -> None:
        key = f"{clock.today()} {host}"
        used = (self._store.find("zoom_creates", key) or {"used": 0})["used"]
        if used >= self._options.zoom_creates_per_day:
            raise daily_limit(self._options.zoom_creates_per_day)
        self._store.put("zoom_creates", key, {"used": used + 1})


def host_id(host: str) -> str:
    """Return the id of a Zoom user, made from the address."""
    return host.encode().hex()[:22]


def _checked(given: dict[str, Any], *, current: Document) -> Document:
    """Return `current` with the given fields, each checked as Zoom does. Raises ZoomRefusal (400, code 300)."""
    fields = {**current, **{name: given[name] for name in _CHANGEABLE if given.get(name) is not None}}
    for name, longest in _LONGEST.items():
        if not isinstance(fields.get(name, ""), str) or len(fields.get(name, "")) > longest:
            raise invalid_field(name, f"The length must be between 0 and {longest}.")
    if not isinstance(fields["timezone"], str) or not _is_zone(fields["timezone"]):
        raise invalid_field("timezone", "Invalid timezone.")
    duration = fields["duration"]
    if not _MINUTES.fullmatch(str(duration)):
        raise invalid_field("duration", "Invalid field.")
    if not isinstance(fields.get("settings", {}), dict):
        raise invalid_field("settings", "Invalid field.")
    start = given.get("start_time")
    begins = _in_utc(start, fields["timezone"]) if start is not None else current.get("start_time")
    return {**fields, "duration": int(duration), "start_time": begins}


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _in_utc(start: Any, zone: str) -> str:
    """`...Z` as it stands; a time without Z is meant in the meeting's zone."""
    try:
        read = datetime.fromisoformat(start)
    except (TypeError, ValueError) as error:
        raise invalid_field("start_time", "Invalid field.") from error
    if read.year not in _YEARS:
        raise invalid_field("start_time", "Invalid field.")
    aware = read if read.tzinfo is not None else read.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _beyond(meetings: list[Document], *, limit: int) -> set[int]:
    """Return the live meetings during whose start their host already has `limit` others running."""
    live = [meeting for meeting in meetings if not meeting["deleted"] and meeting["start_time"]]
    by_host: dict[str, list[tuple[datetime, datetime, int]]] = {}
    for meeting in live:
        begins = datetime.fromisoformat(meeting["start_time"])
        ends = begins + timedelta(minutes=meeting["duration"])
        by_host.setdefault(meeting["host_email"], []).append((begins, ends, meeting["id"]))
    beyond: set[int] = set()
    for held in by_host.values():
        running: list[tuple[datetime, datetime, int]] = []
        for begins, ends, number in sorted(held):
            running = [one for one in running if one[1] > begins]
            if len(running) >= limit:
                beyond.add(number)
            running.append((begins, ends, number))
    return beyond
