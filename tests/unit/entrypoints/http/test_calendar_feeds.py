from __future__ import annotations

import logging
from urllib.parse import urlsplit

import pytest

from consulting.domain.errors import CalendarNotFound
from tests.unit.entrypoints.http.frontend import PUBLIC_URL, Frontend, refusal


def subscribed(frontend: Frontend, *, by: str = "ada") -> str:
    """Make a token, and give the path of its calendar."""
    url: str = frontend.call("POST", "/api/calendar-token", by=by).json()["url"]
    return urlsplit(url).path


def test_a_new_token_tells_its_address_twice_over(frontend: Frontend) -> None:
    answer = frontend.call("POST", "/api/calendar-token", by="ada")

    body = answer.json()
    address = f"{PUBLIC_URL.partition('//')[2]}/api/calendar/{body['token']}.ics"
    assert answer.status_code == 200
    assert body == {"token": body["token"], "url": f"https://{address}", "webcal_url": f"webcal://{address}"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_calendar_program_reads_the_sessions_without_signing_in(frontend: Frontend) -> None:
    session = frontend.paid(frontend.held(frontend.researcher("curie")))

    answer = frontend.get(subscribed(frontend))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"].startswith("private")
    assert "METHOD:PUBLISH" in answer.text
    assert f"UID:{session['id']}@" in answer.text
    assert frontend.call("HEAD", subscribed(frontend)).status_code == 200


def test_a_revoked_and_an_unknown_token_and_another_ending_are_not_found(frontend: Frontend) -> None:
    path = subscribed(frontend)
    assert frontend.call("DELETE", "/api/calendar-token", by="bea").status_code == 204
    assert frontend.get(path).status_code == 200
    assert refusal(frontend.get(path.removesuffix(".ics"))) == (404, "CALENDAR_NOT_FOUND")

    revoked = frontend.call("DELETE", "/api/calendar-token", by="ada")

    assert (revoked.status_code, revoked.content) == (204, b"")
    for gone in (path, "/api/calendar/junk.ics", "/api/calendar/.ics", f"/api/calendar/{'a' * 5000}.ics"):
        assert refusal(frontend.get(gone)) == (404, "CALENDAR_NOT_FOUND")


def test_what_a_client_asked_is_not_in_the_feed(frontend: Frontend) -> None:
    curie = frontend.researcher("curie")
    slot = frontend.slots(curie)[0]["id"]
    body = {"time_slot_id": slot, "questions": "a private question", "paper_id": "10.1000/secret"}
    frontend.paid(frontend.post("/api/sessions", body, by="ada").json())

    for by in ("ada", str(curie.user_id)):
        shown = frontend.get(subscribed(frontend, by=by)).text
        assert shown.count("BEGIN:VEVENT") == 1
        assert "private" not in shown
        assert "10.1000" not in shown
        assert "ada@example.org" not in shown


@pytest.mark.parametrize("failure", [None, CalendarNotFound(), RuntimeError("at a loss")])
def test_the_secret_path_is_in_no_log_line_and_in_no_measurement(
    frontend: Frontend, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    caplog.set_level(logging.DEBUG)
    path = subscribed(frontend)
    token = path.rpartition("/")[2].removesuffix(".ics")
    caplog.clear()
    if failure is not None:
        monkeypatch.setattr(type(frontend.market.transactions), "begin", _failing(failure))

    status = frontend.get(path).status_code

    assert status == {type(None): 200, CalendarNotFound: 404, RuntimeError: 500}[type(failure)]
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]  # the test's own client
    assert not any(token in logging.Formatter().format(record) for record in ours)
    measured = frontend.get("/metrics", by="admin").text if failure is None else ""
    assert token not in measured
    assert ("/api/calendar/{token" in measured) is (failure is None)


def _failing(failure: Exception) -> object:
    def begin(_: object) -> object:
        raise failure

    return begin
