"""A worker as `consulting worker` runs it, which looks for work of its own accord once an hour only.

Whatever it does before, the database has woken it to.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from consulting.entrypoints.container import Container, build_container
from consulting.entrypoints.settings import Mode, load_settings, process_environment
from consulting.entrypoints.worker import run_worker, running
from consulting.entrypoints.worker.loops import Work
from consulting.entrypoints.worker.works import works

SLEEP = timedelta(hours=1)


def sleepy_works(container: Container, **given: Any) -> Iterable[Work]:
    """List the product's own loops, none of which hurries."""
    return [replace(work, every=SLEEP) for work in works(container, **given)]


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    vars(running)["works"] = sleepy_works
    run_worker(build_container(load_settings(process_environment(), mode=Mode.SANDBOX)))


if __name__ == "__main__":
    main()
