"""What the API's process grows by while it answers: an hour's worth of requests, at ten a second."""

from __future__ import annotations

from typing import Final

from bench.load import run
from bench.works import Bench

AN_HOUR: Final = 36_000
IN_A_ROUND: Final = 7_200
_MEBIBYTE: Final = 1 << 20


def after_requests(bench: Bench, *, rounds: int) -> str:
    """Ask for an hour's worth, a part of it where fewer than five rounds are wanted, and say what memory it took."""
    number = min(AN_HOUR, rounds * IN_A_ROUND)
    before = bench.ours.memory()
    run(bench.ours.port, bench.mixed_reads(number), connections=8)
    after = bench.ours.memory()
    return (
        f"memory of the API's process: {before / _MEBIBYTE:.1f} MiB, after {number:,} requests more"
        f" {after / _MEBIBYTE:.1f} MiB ({(after - before) / number:+.0f} bytes a request)"
    )
