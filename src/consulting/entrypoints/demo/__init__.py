"""The tour: the whole life of a booking, played over HTTP against a running instance as a frontend would."""

from __future__ import annotations

from consulting.entrypoints.demo.playing import run_demo

__all__ = ["run_demo"]
