"""Whether the rules of the time zones are there, and new enough."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Sequence
from pathlib import Path

import tzdata
from sqlalchemy import Engine, text

from consulting.domain.local_time import zone
from consulting.entrypoints.doctor.findings import Check, Finding, careful, well, wrong

_IN_USE = text(
    "SELECT timezone FROM researchers UNION SELECT timezone FROM availability_patterns"
    " UNION SELECT timezone FROM availability_overrides ORDER BY 1"
)


def checks(engine: Engine) -> Sequence[Check]:
    """List the checks of the time zones."""
    return [
        Check(name="zones", look=_rules),
        Check(name="zones in use", look=lambda: _in_use(engine), after="migrations"),
    ]


def _rules() -> Iterator[Finding]:
    """Tell which rules hold: the machine's own go before those of the package."""
    ours, systems = tzdata.IANA_VERSION, system_version([Path(folder) for folder in zoneinfo.TZPATH])
    if systems is not None and systems < ours:
        yield careful(
            f"this machine's zone rules are of {systems}, older than the {ours} that we bring, and go before them",
            advice="update the system's tzdata package, or set PYTHONTZPATH to nothing, so that ours hold",
        )
    else:
        yield well(f"zone rules of {systems or ours}")


def system_version(folders: Sequence[Path]) -> str | None:
    """Read the version of the first zone rules in these folders; None where there are none, or they don't say."""
    for folder in folders:
        rules = folder / "tzdata.zi"
        if rules.is_file():
            with rules.open(encoding="ascii", errors="replace") as lines:
                return lines.readline().rpartition(" ")[2].strip() or None
    return None


def _in_use(engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        names = [str(name) for name in connection.execute(_IN_USE).scalars()]
    unknown = [name for name in names if not _known(name)]
    if unknown:
        yield wrong(f"not known here: {', '.join(unknown)}", advice="update the package tzdata of this machine")
    else:
        yield well(f"all {len(names)} are known here")


def _known(name: str) -> bool:
    try:
        zone(name)
    except ValueError:
        return False
    return True
