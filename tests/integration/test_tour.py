"""The README's five minutes, typed into a shell as they stand there."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from importlib.resources import files
from pathlib import Path

from tests.integration.instance import COMMAND, running_instance

README = Path(__file__).parents[2] / "README.md"
PAUSE = "=== next ==="
CHANGING = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", "ID"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)", "INSTANT"),
    (r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d", "DAY"),
    (r"http://127\.0\.0\.1:\d+/zoom/j/\d+\?pwd=\w+", "LINK"),
]


def told() -> list[tuple[str, str]]:
    """Give each command of the tour with the output that the README shows."""
    blocks = re.findall(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    steps = [step for block in blocks for step in re.split(r"^\$ ", block, flags=re.MULTILINE) if step]
    return [(command, output.strip()) for command, _, output in (step.partition("\n") for step in steps)]


def steadied(output: str) -> str:
    """Replace what differs from run to run."""
    for pattern, word in CHANGING:
        output = re.sub(pattern, word, output)
    return output.strip()


def test_the_tour_of_the_readme_goes_as_it_says(home: Path) -> None:
    steps = told()
    assert len(steps) > 15
    with running_instance(home) as instance:
        script = "".join(f"{command}\necho; echo '{PAUSE}'\n" for command, _ in steps)
        script = script.replace("http://127.0.0.1:8000", instance.url)
        script = script.replace("http://127.0.0.1:8001", instance.sandbox_url)
        script = script.replace(".venv/bin/consulting", shlex.join(COMMAND))
        played = subprocess.run(
            ["bash"], input=script, env=dict(instance.environ), capture_output=True, text=True, timeout=600, check=False
        )

    shown = [steadied(output) for output in played.stdout.split(PAUSE)[:-1]]
    commands = [command for command, _ in steps]
    expected = [steadied(output) for _, output in steps]
    assert list(zip(commands, expected, strict=True)) == list(zip(commands, shown, strict=False)), played.stderr


def test_the_readme_lists_the_sample_researchers() -> None:
    sample = files("consulting.entrypoints.sample_data").joinpath("researchers.toml").read_text(encoding="utf-8")
    people = next(iter(tomllib.loads(sample).values()))
    table = (
        README.read_text(encoding="utf-8").partition("<!-- researchers -->")[2].partition("<!-- /researchers -->")[0]
    )

    assert len(people) == 12
    assert [person["user_id"] for person in people] == re.findall(r"`([\w-]+)`", table)
