"""Sample researchers with hours and slots, so that a new instance has somebody to book."""

from __future__ import annotations

from consulting.entrypoints.sample_data.seeding import seed

__all__ = ["seed"]
