"""What the table of operations promises to each kind of caller, and the table as docs/authorization.md shows it.

`python -m tests.unit.entrypoints.http.authorization` writes the table anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from consulting.entrypoints.http.access import ACCESS, Audience
from tests.unit.entrypoints.http.frontend import opened

DOCUMENT = Path(__file__).parents[4] / "docs" / "authorization.md"
BEGIN, END = "<!-- the table: written by a test's own module, see below -->\n", "<!-- the end of the table -->\n"

CALLERS = (None, "bob", "ada", "researcher-curie", "researcher-bohr", "admin")
"""Nobody, some user, the session's client, its researcher, another researcher, an admin."""

PROMISED: dict[Audience, tuple[str, ...]] = {
    Audience.ANYBODY: ("yes",) * 6,
    Audience.EVERYONE: ("yes",) * 6,
    Audience.USERS: ("401", "yes", "yes", "yes", "yes", "yes"),
    Audience.PARTIES: ("401", "404", "yes", "yes", "404", "yes"),
    Audience.CLIENT: ("401", "404", "yes", "403", "404", "403"),
    Audience.RESEARCHERS: ("401", "403", "403", "yes", "yes", "403"),
    Audience.ITS_RESEARCHER: ("401", "403", "403", "yes", "404", "403"),
    Audience.ADMINS: ("401", "403", "403", "403", "403", "yes"),
}
"""What each audience means for each of the callers."""

_HEADINGS = (
    *("operation", "nobody", "a user", "the session's client", "its researcher", "another researcher", "an admin"),
    "an API key needs",
)


def operations(app: Any) -> Iterator[tuple[str, str, str]]:
    """Go through all that is served, but for documentation and page: method, path and the handler's name."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods - {"OPTIONS"}:
                if route.path != "/" and not route.path.startswith(("/schema", "/page")):
                    yield method, re.sub(r":\w+}", "}", route.path), handler.fn.__name__


def table(app: Any) -> str:
    """Write the table, by path."""
    lines = [_line(_HEADINGS), _line(["---"] * len(_HEADINGS))]
    for method, path, name in sorted(operations(app), key=lambda each: (each[1], each[0])):
        access = ACCESS[name]
        unasked = access.audience is Audience.ANYBODY
        scope = "nothing" if unasked else "not for keys" if access.scope is None else f"`{access.scope}`"
        lines.append(_line([f"{method} {path}", *PROMISED[access.audience], scope]))
    return "\n".join(lines) + "\n"


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def rewritten(text: str, *, app: Any) -> str:
    """Give the document's text with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + "\n" + table(app) + "\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    with opened() as front:
        DOCUMENT.write_text(rewritten(DOCUMENT.read_text(encoding="utf-8"), app=front.http.app), encoding="utf-8")
