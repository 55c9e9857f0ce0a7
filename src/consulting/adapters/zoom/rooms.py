"""Zoom as the port MeetingRooms."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from consulting.adapters.zoom.calls import Calls, Patience
from consulting.adapters.zoom.refusals import Refused
from consulting.adapters.zoom.schedule import Listed, fields, is_full, minutes, read
from consulting.adapters.zoom.tokens import Tokens
from consulting.application.ports.clock import Clock
from consulting.application.ports.meeting_rooms import (
    MeetingRequest,
    MeetingRoomsMisconfigured,
    MeetingRoomsUnavailable,
    NoFreeHost,
)
from consulting.domain.meetings import Meeting

_log: Final = logging.getLogger(__name__)
_PAGE: Final = 300
_MOST_PAGES: Final = 20
_CALLS_TOGETHER: Final = 3
"""One promise of the port takes as long as three calls at most."""

_STRAGGLER: Final = timedelta(seconds=30)
"""A creation without an answer may still happen: before another try looks for it, it gets this long to do so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoomRooms:
    """Meetings at Zoom. Build it with `open_meeting_rooms`; safe to share between threads and processes.

    Zoom has no idempotency keys: a meeting carries its session's reference, and the hosts' lists are searched for it
    before another is made. Zoom also lets meetings of one host overlap and then starts only the first, so the same
    lists decide which host is free; two workers that took the same host at once both see it afterwards, and step back.
    """

    calls: Calls
    timeout_seconds: float
    meetings_at_once: int

    def open(self, request: MeetingRequest) -> Meeting:
        """Give the session's meeting, found or new. Raises NoFreeHost when every host is busy or at its limit."""
        with _port_errors():
            return self._open(request, self._patience())

    def move(self, meeting: Meeting, request: MeetingRequest) -> Meeting:
        """Move it; where its host is busy at the new time or Zoom has lost it, another one takes its place."""
        patience = self._patience()
        with _port_errors():
            moved = self._moved(meeting, request, patience)
            return moved or self._open(request, patience)

    def close(self, meeting: Meeting) -> None:
        """Delete it; one that is gone already is done."""
        with _port_errors():
            self._delete_known(meeting, self._patience())

    def clear(self, request: MeetingRequest, *, known: Meeting | None) -> None:
        """Delete every meeting that carries the session's reference, on any host of ours, and the known one first."""
        patience = self._patience()
        with _port_errors():
            if known is not None:
                self._delete_known(known, patience)
            for listed in self._lists(request, patience).values():
                for each in listed:
                    if each.is_of(request.session_id):
                        self._delete(each.number, patience)

    def start_link(self, meeting: Meeting) -> str:
        """Give the host's link of the moment."""
        number = _number(meeting)
        if number is None:
            raise MeetingRoomsMisconfigured
        with _port_errors():
            shown = self.calls.ask(lambda component: component.get(id=number), self._patience())
        link = shown.get("start_url") if isinstance(shown, dict) else None
        if not isinstance(link, str) or not link:
            raise MeetingRoomsUnavailable
        return link

    def _patience(self) -> Patience:
        return Patience.of(each=self.timeout_seconds, together=self.timeout_seconds * _CALLS_TOGETHER)

    def _open(self, request: MeetingRequest, patience: Patience) -> Meeting:
        lists = self._lists(request, patience)
        if not lists:
            raise MeetingRoomsMisconfigured
        found = self._found(lists, request, patience)
        return found or self._make(lists, request, patience)

    def _moved(self, meeting: Meeting, request: MeetingRequest, patience: Patience) -> Meeting | None:
        number = _number(meeting)
        if number is None or self._lacks_room(meeting.host, request, patience):
            self._delete_known(meeting, patience)
            return None
        return meeting if self._update(number, request, patience) else None

    def _lacks_room(self, host: str, request: MeetingRequest, patience: Patience) -> bool:
        """Tell whether this host can't hold the meeting: busy then, or no longer a user at Zoom that may."""
        try:
            return is_full(self._list(host, patience), request=request, at_once=self.meetings_at_once)
        except Refused as refused:
            if not refused.of_the_host:
                raise
            return True

    def _lists(self, request: MeetingRequest, patience: Patience) -> dict[str, list[Listed]]:
        """List each host's meetings. A host that Zoom doesn't know, or doesn't let hold any, is left out."""
        lists: dict[str, list[Listed]] = {}
        for host in request.hosts:
            try:
                lists[host] = self._list(host, patience)
            except Refused as refused:
                if not refused.of_the_host:
                    raise
                _log.error("zoom: a host of ours is no user there, or may not hold meetings")
        return lists

    def _list(self, host: str, patience: Patience) -> list[Listed]:
        listed: list[Listed] = []
        token = ""
        for _ in range(_MOST_PAGES):
            page = self._page(host, token, patience)
            listed += [read(each) for each in page.get("meetings", [])]
            token = page.get("next_page_token") or ""
            if not token:
                return listed
        raise MeetingRoomsUnavailable

    def _page(self, host: str, token: str, patience: Patience) -> dict[str, Any]:
        wanted = {"type": "scheduled", "page_size": _PAGE, **({"next_page_token": token} if token else {})}
        page = self.calls.ask(lambda component: component.list(user_id=quote(host, safe="@"), **wanted), patience)
        if not isinstance(page, dict):
            raise MeetingRoomsUnavailable
        return page

    def _found(self, lists: dict[str, list[Listed]], request: MeetingRequest, patience: Patience) -> Meeting | None:
        """Give the meeting that an earlier try has left, at the request's time; of several, only the first stays."""
        mine = [(host, each) for host, meetings in lists.items() for each in meetings if each.is_of(request.session_id)]
        kept: Meeting | None = None
        for host, each in mine:
            stays = kept is None and not is_full(lists[host], request=request, at_once=self.meetings_at_once)
            if stays and (_fits(each, request) or self._update(each.number, request, patience)):
                kept = each.held_by(host)
            else:
                self._delete(each.number, patience)
        return kept

    def _make(self, lists: dict[str, list[Listed]], request: MeetingRequest, patience: Patience) -> Meeting:
        refusals: list[Refused] = []
        for host, meetings in lists.items():
            if is_full(meetings, request=request, at_once=self.meetings_at_once):
                continue
            try:
                made = self._create(host, request, patience)
            except Refused as refused:
                if not (refused.of_the_day or refused.of_the_host):
                    raise
                refusals.append(refused)
                continue
            if not is_full(self._list(host, patience), request=request, at_once=self.meetings_at_once):
                return made.held_by(host)
            self._delete(made.number, patience)
        raise _nobody(refusals, hosts=len(lists))

    def _create(self, host: str, request: MeetingRequest, patience: Patience) -> Listed:
        def create(wanted: dict[str, Any]) -> Any:
            user = quote(host, safe="@")
            return self.calls.ask(lambda component: component.create(user_id=user, **wanted), patience)

        with _awaiting_stragglers():
            return read(_in_some_zone(create, fields(request)))

    def _update(self, number: int, request: MeetingRequest, patience: Patience) -> bool:
        """Change it; False if it is gone."""

        def update(wanted: dict[str, Any]) -> Any:
            return self.calls.ask(lambda component: component.update(id=number, **wanted), patience)

        try:
            _in_some_zone(update, fields(request))
        except Refused as refused:
            if refused.status == 404:
                return False
            raise
        return True

    def _delete_known(self, meeting: Meeting, patience: Patience) -> None:
        number = _number(meeting)
        if number is not None:
            self._delete(number, patience)

    def _delete(self, number: int, patience: Patience) -> None:
        try:
            self.calls.ask(lambda component: component.delete(id=number), patience)
        except Refused as refused:
            if refused.status != 404:
                raise


def _nobody(refusals: Sequence[Refused], *, hosts: int) -> MeetingRoomsUnavailable | MeetingRoomsMisconfigured:
    """Say why none of the hosts has the meeting: the next day is waited for only if no host may be free before."""
    fit = hosts - sum(each.of_the_host for each in refusals)
    if not fit:
        return MeetingRoomsMisconfigured()
    waits = [each.retry_after for each in refusals if each.of_the_day and each.retry_after]
    return NoFreeHost(retry_after=min(waits) if len(waits) == fit else None)


def _fits(listed: Listed, request: MeetingRequest) -> bool:
    if listed.period is None or listed.period.start != request.period.start:
        return False
    return minutes(listed.period) == minutes(request.period)


def _in_some_zone(send: Any, wanted: dict[str, Any]) -> Any:
    """Send the fields; in UTC if Zoom doesn't know the zone, which only decides on how its own pages show the time."""
    try:
        return send(wanted)
    except Refused as refused:
        if not refused.about_timezone:
            raise
        return send({**wanted, "timezone": "UTC"})


def _number(meeting: Meeting) -> int | None:
    """Give Zoom's number of the meeting; None for one that some other provider made."""
    return int(meeting.id) if meeting.id.isascii() and meeting.id.isdigit() else None


@contextmanager
def _awaiting_stragglers() -> Iterator[None]:
    """Have nobody try again at once where nobody knows whether it was done."""
    try:
        yield
    except MeetingRoomsUnavailable:
        raise MeetingRoomsUnavailable(retry_after=_STRAGGLER) from None
    except Refused as refused:
        if refused.status < 500:
            raise
        raise MeetingRoomsUnavailable(retry_after=max(_STRAGGLER, refused.retry_after or _STRAGGLER)) from None


@contextmanager
def _port_errors() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        if refused.status == 429 or refused.status >= 500:
            raise MeetingRoomsUnavailable(retry_after=refused.retry_after) from None
        raise MeetingRoomsMisconfigured from None


def open_meeting_rooms(
    *,
    account_id: str,
    client_id: str,
    client_secret: str,
    api_url: str,
    oauth_url: str,
    timeout_seconds: float,
    clock: Clock,
    meetings_at_once: int = 1,
) -> ZoomRooms:
    """Build it without asking Zoom anything; `meetings_at_once` is what a host's plan lets run together.

    No wait within a call is longer than `timeout_seconds`, in whole seconds, and no promise takes longer than three
    such calls.
    """
    tokens = Tokens(oauth_url=oauth_url, account_id=account_id, client_id=client_id, client_secret=client_secret)
    calls = Calls(api_url=api_url.rstrip("/"), tokens=tokens, clock=clock)
    return ZoomRooms(calls=calls, timeout_seconds=timeout_seconds, meetings_at_once=meetings_at_once)
