"""How findings are told: a line each and a line of advice, or all of them as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

import click

from consulting.entrypoints.doctor.findings import Finding, Verdict

VERDICT_WIDTH = max(len(verdict) for verdict in Verdict)
CHECK_WIDTH = 12


def tell(findings: Iterable[Finding], *, as_json: bool) -> bool:
    """Print the findings and how many there are of each kind; tell whether nothing is wrong."""
    counts = _tell_json(findings) if as_json else _tell_lines(findings)
    return not counts[Verdict.WRONG]


def _tell_lines(findings: Iterable[Finding]) -> Counter[Verdict]:
    counts: Counter[Verdict] = Counter()
    for finding in findings:
        counts[finding.verdict] += 1
        beginning = f"{finding.verdict:<{VERDICT_WIDTH}}  {finding.check:<{CHECK_WIDTH}}  "
        click.echo(beginning + finding.says)
        if finding.advice:
            click.echo(f"{' ' * len(beginning)}{finding.advice}")
    click.echo(
        f"doctor: {counts[Verdict.WRONG]} wrong, {counts[Verdict.CAREFUL]} to be looked at, {counts[Verdict.WELL]} ok"
    )
    return counts


def _tell_json(findings: Iterable[Finding]) -> Counter[Verdict]:
    told = list(findings)
    shown = [
        {"check": each.check, "verdict": each.verdict, "says": each.says, "advice": each.advice or None}
        for each in told
    ]
    counts = Counter(each.verdict for each in told)
    click.echo(json.dumps({"ok": not counts[Verdict.WRONG], "findings": shown}, indent=2, ensure_ascii=False))
    return counts
