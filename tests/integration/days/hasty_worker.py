"""A worker as `consulting worker` runs it, in a process of its own, on a clock that the test moves.

Since a day passes in a minute here, it looks for reminders every second. It is forked from a process that has imported
everything, so that one who dies is replaced within a moment.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from consulting.adapters.postgres.clock import DatabaseClock
from consulting.entrypoints.connections import open_engine
from consulting.entrypoints.container import Container
from consulting.entrypoints.settings import Mode, Settings, load_settings
from consulting.entrypoints.worker import run_worker, running
from consulting.entrypoints.worker.loops import Work
from consulting.entrypoints.worker.works import works
from tests.integration.days.shifted_clock import ShiftedClock

HASTE = timedelta(seconds=1)


def container_on(settings: Settings, *, clock_file: Path) -> Container:
    """Give everything that the product is made of, but for the clock."""
    engine = open_engine(settings)
    return Container(settings=settings, engine=engine, clock=ShiftedClock(DatabaseClock(engine), clock_file))


def hasty_works(container: Container, **given: Any) -> Iterable[Work]:
    """List the product's own loops, the slow ones among them hastened."""
    for work in works(container, **given):
        hasten = work.name == "reminders" or work.name.startswith("relay")
        yield replace(work, every=min(work.every, HASTE)) if hasten else work


def born(*, environ: Mapping[str, str], clock_file: Path, log: Path) -> ForkServerProcess:
    """Start a worker; what it says is added to the log."""
    forking = get_context("forkserver")
    forking.set_forkserver_preload([__name__])
    process = forking.Process(target=_live, args=(dict(environ), clock_file, log), daemon=True)
    process.start()
    return process


def _live(environ: Mapping[str, str], clock_file: Path, log: Path) -> None:
    output = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s", force=True)
    vars(running)["works"] = hasty_works
    run_worker(container_on(load_settings(environ, mode=Mode.SANDBOX), clock_file=clock_file))
