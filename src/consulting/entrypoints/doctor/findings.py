"""What a check finds, and how checks are carried out one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Verdict(StrEnum):
    """Whether something must be done about a finding."""

    WELL = "ok"
    CAREFUL = "careful"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found: a line that says it, and unless all is well a line of advice. Neither has a secret."""

    verdict: Verdict
    says: str
    advice: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something to look at. `look` yields what it finds, within seconds; what it raises is a finding, too.

    `after` names a check without which this one can't look: it is passed over where that one finds something wrong.
    """

    name: str
    look: Callable[[], Iterable[Finding]]
    after: str = ""


def well(says: str) -> Finding:
    """Find that something is as it should be."""
    return Finding(verdict=Verdict.WELL, says=says)


def careful(says: str, *, advice: str) -> Finding:
    """Find something that works, and deserves a look."""
    return Finding(verdict=Verdict.CAREFUL, says=says, advice=advice)


def wrong(says: str, *, advice: str) -> Finding:
    """Find something that must be mended."""
    return Finding(verdict=Verdict.WRONG, says=says, advice=advice)


def examine(checks: Sequence[Check]) -> Iterator[Finding]:
    """Carry the checks out in their order, and give what they find as soon as they do."""
    failed: set[str] = set()
    for check in checks:
        if check.after in failed:
            failed.add(check.name)
            continue
        for finding in _found(check):
            if finding.verdict is Verdict.WRONG:
                failed.add(check.name)
            yield replace(finding, check=check.name)


def _found(check: Check) -> Iterator[Finding]:
    try:
        yield from check.look()
    except Exception as failure:  # noqa: BLE001 -- whatever one check raises, the others go on
        # Nothing of it is told but its kind: the text may quote an address with a password in it.
        yield wrong(f"it can't be looked at ({type(failure).__name__})", advice="see that it answers, and look again")
