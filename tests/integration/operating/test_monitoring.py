"""docs/monitoring: the alert rules do what they say, and they and the dashboard name only what is measured."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from consulting.entrypoints.http.measurements import Metrics
from tests.integration.operating.test_operating_document import ROOT

MONITORING = ROOT / "docs" / "monitoring"
NAME = re.compile(r"\b(consulting_[a-z_]+?)(?:_bucket|_count|_sum)?\b(?=[{\[) ]|$)")


def measured() -> set[str]:
    """Name everything that /metrics tells."""
    metrics = Metrics()
    source = (ROOT / "src/consulting/entrypoints/http/work_measurements.py").read_text(encoding="utf-8")
    boxes = [source.replace("{box}", box).replace("{things}", of) for box, of in BOXES.items()]
    return set(re.findall(r"consulting_[a-z_]+", " ".join([metrics.exposition().decode(), *boxes])))


BOXES = {"outbox": "errands", "inbox": "messages"}


def test_the_dashboard_shows_only_what_is_measured() -> None:
    dashboard = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]

    named = {name for expression in asked for name in NAME.findall(expression)}
    assert len(named) > 10
    assert named - measured() == set()


def test_the_alerts_ask_only_for_what_is_measured() -> None:
    named = set(NAME.findall((MONITORING / "alerts.yml").read_text(encoding="utf-8")))

    assert len(named) > 8
    assert named - measured() == set()


@pytest.mark.parametrize("check", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")])
def test_prometheus_agrees(check: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool isn't installed here: apt-get install prometheus")

    done = subprocess.run(
        [promtool, *check], cwd=Path(MONITORING), capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
