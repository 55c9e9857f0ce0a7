"""The proof: what every meeting provider promises, of this one, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from teams_meetings.calls import Teams
from teams_meetings.provider import TeamsProvider
from teams_meetings.rooms import TeamsRooms

from consulting.contracts import MeetingProviderContract
from consulting.domain import Meeting, Period
from consulting.ports import MeetingRequest

TOKEN = "teams_token"


@dataclass(frozen=True)
class Console:
    """Whoever sits at the provider's console."""

    teams: TeamsProvider

    def meetings_of(self, session_id: UUID) -> Sequence[Period]:
        mine = (each for each in self.teams.meetings.values() if each["externalId"] == str(session_id))
        return [Period(_instant(each["start"]), _instant(each["end"])) for each in mine]

    def lose(self, meeting: Meeting) -> None:
        del self.teams.meetings[meeting.id]

    def fill(self, host: str) -> None:
        self.teams.full.add(host)

    def open_another(self, request: MeetingRequest) -> object:
        times = {"start": request.period.start.isoformat(), "end": request.period.end.isoformat()}
        return self.teams.create(request.hosts[-1], {"externalId": str(request.session_id), **times})


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@dataclass(frozen=True)
class TeamsLine:
    teams: TeamsProvider

    def unreachable(self) -> AbstractContextManager[None]:
        return self.teams.unreachable()

    def answer_lost(self) -> AbstractContextManager[None]:
        return self.teams.suffering("answer_lost")

    def silent(self) -> AbstractContextManager[None]:
        return self.teams.suffering("silent")

    def credentials_refused(self) -> AbstractContextManager[None]:
        return self.teams.suffering("credentials_refused")


class TestTeamsMeetings(MeetingProviderContract):
    @pytest.fixture
    def teams(self) -> Iterator[TeamsProvider]:
        provider = TeamsProvider(token=TOKEN)
        provider.start()
        yield provider
        provider.stop()

    @pytest.fixture
    def rooms(self, teams: TeamsProvider) -> Iterator[TeamsRooms]:
        api = Teams(url=teams.url, token=TOKEN, timeout_seconds=1.0)
        yield TeamsRooms(teams=api)
        api.close()

    @pytest.fixture
    def provider(self, teams: TeamsProvider) -> Console:
        return Console(teams)

    @pytest.fixture
    def line(self, teams: TeamsProvider) -> TeamsLine:
        return TeamsLine(teams)
