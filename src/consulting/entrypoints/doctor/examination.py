"""One examination from settings to verdict."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from consulting.entrypoints.doctor.checks import checks_of
from consulting.entrypoints.doctor.findings import Finding, examine, well, wrong
from consulting.entrypoints.doctor.telling import tell
from consulting.entrypoints.settings import Mode, SettingsError, needed_in_production
from consulting.entrypoints.supervisor.databases import with_database
from consulting.entrypoints.supervisor.presence import load_beside

SETTINGS = "settings"


def examine_instance(environ: Mapping[str, str], *, as_json: bool) -> bool:
    """Look at everything, tell each finding at once, and say whether nothing is wrong."""
    logging.disable(logging.CRITICAL)  # what adapters have to say of a failure stands in the finding
    try:
        return tell(_findings(environ), as_json=as_json)
    finally:
        logging.disable(logging.NOTSET)


def _findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    mode = _mode(environ)
    try:
        settings = load_beside(environ, mode=mode)
    except SettingsError as problems:
        for line in str(problems).splitlines():
            yield _of_settings(wrong(line, advice="set it as the table of settings in README.md says, and look again"))
        return
    yield _of_settings(well(f"complete, for {settings.mode}"))
    with with_database(settings) as complete:
        yield from examine(checks_of(complete))


def _of_settings(finding: Finding) -> Finding:
    return Finding(verdict=finding.verdict, says=finding.says, advice=finding.advice, check=SETTINGS)


def _mode(environ: Mapping[str, str]) -> Mode:
    """Take an environment for production's as soon as it says anything that production alone must be told."""
    return Mode.PRODUCTION if any(environ.get(name) for name in needed_in_production(environ)) else Mode.SANDBOX
