"""`consulting doctor`: looking whether all that an instance needs is there and answers."""

from __future__ import annotations

from consulting.entrypoints.doctor.examination import examine_instance
from consulting.entrypoints.doctor.findings import Check, Finding, Verdict, careful, examine, well, wrong

__all__ = ["Check", "Finding", "Verdict", "careful", "examine", "examine_instance", "well", "wrong"]
