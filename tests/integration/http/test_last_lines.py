from __future__ import annotations

from pathlib import Path

from tests.integration.http.api_processes import api_processes


def test_a_process_that_is_stopped_writes_down_what_it_has_answered(database_url: str, tmp_path: Path) -> None:
    with api_processes(1, database_url=database_url, folder=tmp_path) as apis:
        for number in range(5):
            apis.ask(0, "GET", "/api/researchers", headers={"X-Request-Id": f"asked-{number}"})
        apis.stop(0)

    lines = [line for line in (tmp_path / "api-0.log").read_text().splitlines() if "GET /api/researchers 200" in line]
    assert [line.rpartition(" ")[2] for line in lines] == [f"[asked-{number}]" for number in range(5)]
