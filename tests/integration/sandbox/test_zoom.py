"""The meetings API as zoomus calls it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from zoomus import ZoomClient

from consulting.entrypoints.sandbox import RunningSandbox, SandboxOptions, clock, running_sandbox
from tests.integration.instance import PATIENCE

from .conftest import Time

HOST = "ada@lab.example"
START = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)
NOON = datetime(2029, 12, 3, 12, 0, tzinfo=UTC).timestamp()


def zoom_of(sandbox: RunningSandbox, *, secret: str = "sandbox-secret") -> Any:
    return ZoomClient(
        "sandbox-client",
        secret,
        "sandbox-account",
        base_uri=f"{sandbox.url}/zoom/v2",
        oauth_uri=f"{sandbox.url}/zoom/oauth/token",
    )


@pytest.fixture
def zoom(sandbox: RunningSandbox) -> Any:
    return zoom_of(sandbox)


def create(zoom: Any, *, host: str = HOST, start: datetime = START, **changes: Any) -> dict[str, Any]:
    fields = {"topic": "Consultation", "type": 2, "duration": 60, "timezone": "Europe/Berlin", **changes}
    answer = zoom.meeting.create(user_id=host, start_time=start, **fields)
    assert answer.status_code == 201
    created: dict[str, Any] = answer.json()
    return created


def test_a_meeting_lives_from_create_to_delete(zoom: Any, web: httpx.Client) -> None:
    made = create(zoom, agenda="A question", settings={"waiting_room": True})
    assert len(str(made["id"])) == 11
    assert made["join_url"].startswith("http://127.0.0.1:")
    assert (made["host_email"], made["start_time"]) == (HOST, "2030-01-07T09:00:00Z")
    assert made["settings"] == {"waiting_room": True}

    assert zoom.meeting.update(id=made["id"], start_time=START + timedelta(hours=2), topic="Later").status_code == 204
    moved = zoom.meeting.get(id=made["id"]).json()
    assert (moved["topic"], moved["start_time"], moved["agenda"]) == ("Later", "2030-01-07T11:00:00Z", "A question")
    assert moved["join_url"] == made["join_url"]
    assert moved["start_url"] != made["start_url"]

    assert zoom.meeting.delete(id=made["id"]).status_code == 204
    for again in (zoom.meeting.delete, zoom.meeting.get):
        gone = again(id=made["id"])
        assert (gone.status_code, gone.json()["code"]) == (404, 3001)
    seen = [meeting for meeting in web.get("/zoom/meetings").json()["meetings"] if meeting["id"] == made["id"]]
    assert [(meeting["deleted"], meeting["host"]) for meeting in seen] == [(True, HOST)]


def test_a_hosts_meetings_are_listed_in_pages(zoom: Any) -> None:
    host = "pages@lab.example"
    made = [create(zoom, host=host, start=START + timedelta(days=day))["id"] for day in range(3)]

    first = zoom.meeting.list(user_id=host, type="scheduled", page_size=2).json()
    rest = zoom.meeting.list(user_id=host, page_size=2, next_page_token=first["next_page_token"]).json()

    assert [meeting["id"] for meeting in first["meetings"] + rest["meetings"]] == made
    assert (first["total_records"], rest["next_page_token"]) == (3, "")


def test_a_time_without_z_is_meant_in_the_meetings_zone(zoom: Any, web: httpx.Client) -> None:
    body = {"topic": "T", "type": 2, "start_time": "2030-07-01T09:00:00", "timezone": "Europe/Berlin"}
    token = zoom.config["token"]

    answer = web.post(f"/zoom/v2/users/{HOST}/meetings", json=body, headers={"Authorization": f"Bearer {token}"})

    assert answer.json()["start_time"] == "2030-07-01T07:00:00Z"


@pytest.mark.parametrize(
    "fields",
    [{"topic": "x" * 201}, {"timezone": "Mars/Olympus"}, {"duration": -5}, {"duration": "²"}, {"agenda": "x" * 2001}],
)
def test_a_field_that_zoom_refuses_is_400_code_300(zoom: Any, fields: dict[str, Any]) -> None:
    answer = zoom.meeting.create(user_id=HOST, **{"topic": "T", "type": 2, **fields})

    assert (answer.status_code, answer.json()["code"]) == (400, 300)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"topic": "\\ud800"}', b'{"start_time": "9999-12-31T23:59:59-10:00"}'])
def test_a_body_that_cannot_be_read_is_refused(zoom: Any, web: httpx.Client, body: bytes) -> None:
    key = {"Authorization": f"Bearer {zoom.config['token']}"}

    assert web.post(f"/zoom/v2/users/{HOST}/meetings", content=body, headers=key).status_code == 400


def test_a_user_is_shown_and_an_unknown_one_is_404(zoom: Any) -> None:
    assert zoom.user.get(id=HOST).json()["email"] == HOST
    assert zoom.user.get(id="nobody").json()["code"] == 1001


def test_wrong_credentials_get_no_token(sandbox: RunningSandbox, web: httpx.Client) -> None:
    assert zoom_of(sandbox, secret="wrong").config["token"] is None
    form = {"grant_type": "account_credentials", "account_id": "other"}
    answer = web.post("/zoom/oauth/token", data=form, auth=("sandbox-client", "sandbox-secret"))
    assert answer.status_code == 400


def test_a_token_expires_and_a_new_one_works(tmp_path: Path, time_of_sandbox: Time) -> None:
    with running_sandbox(SandboxOptions(folder=tmp_path, zoom_token_seconds=600)) as sandbox:
        zoom = zoom_of(sandbox)
        made = create(zoom)
        time_of_sandbox.ahead = 601

        expired = zoom.meeting.get(id=made["id"])
        zoom.refresh_token()

        assert (expired.status_code, expired.json()) == (401, {"code": 124, "message": "Access token is expired."})
        assert zoom.meeting.get(id=made["id"]).status_code == 200


def test_a_host_has_its_creates_of_the_day_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    with running_sandbox(SandboxOptions(folder=tmp_path, zoom_creates_per_day=3)) as sandbox:
        zoom = zoom_of(sandbox)
        made = [create(zoom)["id"] for _ in range(3)]
        zoom.meeting.delete(id=made[0])

        refused = zoom.meeting.create(user_id=HOST, topic="One more", type=2)

        assert (refused.status_code, refused.json()["code"]) == (429, 429)
        assert refused.headers["x-ratelimit-type"] == "Daily-limit"
        assert refused.headers["retry-after"].endswith("T00:00:00Z")
        assert create(zoom, host="another@lab.example")["host_email"] == "another@lab.example"


def test_overlapping_meetings_of_a_host_are_made_and_counted(tmp_path: Path) -> None:
    with running_sandbox(SandboxOptions(folder=tmp_path)) as sandbox:
        zoom = zoom_of(sandbox)
        first = create(zoom)
        second = create(zoom, start=START + timedelta(minutes=30))
        create(zoom, start=START + timedelta(minutes=90))
        create(zoom, host="another@lab.example")

        view = httpx.get(f"{sandbox.url}/zoom/meetings", timeout=PATIENCE).json()
        zoom.meeting.delete(id=first["id"])
        after = httpx.get(f"{sandbox.url}/zoom/meetings", timeout=PATIENCE).json()

        assert view["overlapping"] == 1
        assert [meeting["id"] for meeting in view["meetings"] if meeting["overlapping"]] == [second["id"]]
        assert after["overlapping"] == 0


def test_the_links_of_a_meeting_open_a_page(zoom: Any, web: httpx.Client) -> None:
    made = create(zoom, topic="<script>alert(1)</script>")

    joined, started = web.get(made["join_url"]), web.get(made["start_url"])

    assert (joined.status_code, started.status_code) == (200, 200)
    assert "<script>" not in joined.text
    assert web.get(f"/zoom/s/{made['id']}", params={"zak": "1000.x"}).status_code == 410
