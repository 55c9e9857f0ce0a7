from __future__ import annotations

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

gc.set_threshold(50_000)  # what is loaded is no garbage, and looking for some among it was a seventh of a run

THE_MACHINES_OWN = ("CONSULTING_", "OTEL_", "PG")

# What somebody has set for other programs on this machine says nothing about ours.
for name in [*os.environ]:
    if name.startswith(THE_MACHINES_OWN) or name.lower().endswith("_proxy"):
        del os.environ[name]

# A slow machine is no failure, and a failure must be repeatable from what it printed.
settings.register_profile("consulting", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("the same in every run", settings.get_profile("consulting"), derandomize=True)


def pytest_configure(config: pytest.Config) -> None:
    """Try the same examples in every run, so that none fails by chance; the seed of `make proof` asks for others."""
    seed = config.getoption("--hypothesis-seed", default=None)
    settings.load_profile("the same in every run" if seed is None else "consulting")
