from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from consulting.entrypoints.http.measurements import SOON, Metrics
from consulting.entrypoints.http.notebook import MOST_HELD, Notebook

ROUTE = "/api/researchers/{id}"


class Written:
    """A notebook, and what was written down of it."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog
        self.metrics = Metrics()
        self.notebook = Notebook(self.metrics)

    def note(self, *names: str) -> None:
        scope: Any = {"type": "http", "method": "GET", "path_template": ROUTE, "path": "/api/researchers/private"}
        for name in names:
            self.notebook.note(scope, name=name, status=200, seconds=0.0123)

    def lines(self) -> list[str]:
        return [each.request_id for each in self._caplog.records if each.name == "consulting.requests"]  # type: ignore[attr-defined] # it is ours

    def play(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do this in an event loop of its own."""
        with self._caplog.at_level(logging.INFO):
            asyncio.run(_awaited(act))


async def _awaited(act: Callable[[], Awaitable[None]]) -> None:
    await act()


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Written:
    return Written(caplog)


def test_what_is_noted_is_written_down_a_moment_later_in_the_same_order(written: Written) -> None:
    async def act() -> None:
        written.note("a", "b")
        assert written.lines() == []
        written.note("c")
        await asyncio.sleep(SOON * 2)
        assert written.lines() == ["a", "b", "c"]
        written.note("d")
        await asyncio.sleep(SOON * 2)

    written.play(act)
    assert written.lines() == ["a", "b", "c", "d"]


def test_a_line_says_when_the_request_was_answered(written: Written, caplog: pytest.LogCaptureFixture) -> None:
    async def act() -> None:
        written.note("a")
        await asyncio.sleep(SOON / 2)
        written.note("b")
        written.notebook.write()

    written.play(act)
    first, second = (each.created for each in caplog.records if each.name == "consulting.requests")
    assert second - first >= SOON / 3


def test_a_full_page_is_written_down_at_once(written: Written) -> None:
    names = [str(number) for number in range(MOST_HELD + 1)]

    async def act() -> None:
        written.note(*names)
        assert written.lines() == names[:-1]
        written.notebook.write()

    written.play(act)
    assert written.lines() == names


def test_whoever_looks_at_the_measurements_sees_what_was_just_noted(written: Written) -> None:
    shown = b""

    async def act() -> None:
        nonlocal shown
        written.note("a", "b")
        shown = written.metrics.exposition()

    written.play(act)
    assert f'consulting_request_seconds_count{{method="GET",route="{ROUTE}",status="200"}} 2.0'.encode() in shown


def test_what_is_noted_after_it_was_closed_is_written_down_at_once(written: Written) -> None:
    async def act() -> None:
        written.note("a")
        written.notebook.close()
        written.note("b")

    written.play(act)
    assert written.lines() == ["a", "b"]

    async def go_on() -> None:
        written.notebook.open()
        written.note("c")
        assert written.lines() == ["a", "b"]
        written.notebook.close()

    written.play(go_on)
    assert written.lines() == ["a", "b", "c"]


def test_a_notebook_goes_on_in_another_event_loop(written: Written) -> None:
    async def act() -> None:
        written.note("a")

    written.play(act)  # and this one ends before it is written down

    async def go_on() -> None:
        written.notebook.write()
        written.note("b")
        await asyncio.sleep(SOON * 2)

    written.play(go_on)
    assert written.lines() == ["a", "b"]
