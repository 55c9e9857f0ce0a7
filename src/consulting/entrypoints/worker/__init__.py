"""The worker: what must be done outside, and what time asks for. Any number of workers may run at once."""

from __future__ import annotations

from consulting.entrypoints.worker.running import run_worker

__all__ = ["run_worker"]
