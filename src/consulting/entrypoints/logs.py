"""Log lines on stderr, with their instant in UTC."""

from __future__ import annotations

import logging
import time

from consulting.entrypoints.settings import Settings

TALKATIVE = ("httpx", "httpcore", "apscheduler", "stripe")
"""Libraries that report each call at INFO; what goes wrong in them is still told."""


def begin_logging(settings: Settings) -> None:
    """Write this process's log lines from the level that the settings ask for."""
    lines = logging.Formatter("%(asctime)s.%(msecs)03dZ %(process)d %(levelname)s %(name)s: %(message)s")
    lines.converter = time.gmtime
    lines.datefmt = "%Y-%m-%dT%H:%M:%S"
    handler = logging.StreamHandler()
    handler.setFormatter(lines)
    logging.basicConfig(level=settings.log_level.value, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.root.level))
