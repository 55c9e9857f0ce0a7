"""How each of the worker's loops is doing, for the heartbeat and for whoever reads the log."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopRecord:
    """What became of one loop so far; `seconds` is how long its last run took, the instants are UTC."""

    runs: int = 0
    seconds: float | None = None
    last_success: datetime | None = None
    failing_since: datetime | None = None
    late: bool = False


SILENCE = timedelta(minutes=1)
"""How long a loop may be without a good end, beyond three times what it is foreseen to take, before that is told."""


class Record:
    """The record of one loop. A trouble is logged when it begins and when it ends, not every time in between."""

    def __init__(self, *, name: str, expected: timedelta) -> None:
        """Keep the record of the loop of this name; a run that takes longer than `expected` is late."""
        self.name = name
        self._expected = expected.total_seconds()
        self._lock = threading.Lock()
        self._now = LoopRecord()
        self._watched_since: datetime | None = None
        self._silent = False

    @property
    def now(self) -> LoopRecord:
        """The record as it stands."""
        with self._lock:
            return self._now

    def succeeded(self, *, at: datetime, seconds: float) -> None:
        """Take in a run that ended well."""
        late = seconds > self._expected
        with self._lock:
            before = self._now
            self._now = LoopRecord(runs=before.runs + 1, seconds=seconds, last_success=at, late=late)
        if before.failing_since is not None:
            log.warning("%s works again; it had failed since %s", self.name, f"{before.failing_since:%H:%M:%S}Z")
        if late and not before.late:
            log.warning("%s took %.1f s, longer than the %.1f s foreseen", self.name, seconds, self._expected)

    def failed(self, failure: Exception, *, at: datetime, seconds: float) -> None:
        """Take in a run that raised."""
        with self._lock:
            before = self._now
            since = before.failing_since or at
            self._now = replace(before, runs=before.runs + 1, seconds=seconds, failing_since=since)
        if before.failing_since is None:
            log.error("%s fails, and is tried again and again", self.name, exc_info=failure)

    def watch(self, *, at: datetime) -> None:
        """Say once that no run has ended for far too long: of one that hangs nothing else would tell."""
        with self._lock:
            self._watched_since = self._watched_since or at
            since = self._now.last_success or self._watched_since
            silent = self._now.failing_since is None and at - since > 3 * timedelta(seconds=self._expected) + SILENCE
            news, self._silent = silent and not self._silent, silent
        if news:
            log.error("%s hangs: no run of it has ended since %s", self.name, f"{since:%H:%M:%S}Z")
