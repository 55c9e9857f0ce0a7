from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from consulting.entrypoints.http.access import ACCESS
from tests.unit.entrypoints.http.frontend import Frontend


def operations(app: Any) -> Iterator[tuple[str, str, str]]:
    """Go through all that is served, but for the documentation: method, path and the handler's name."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods - {"OPTIONS"}:
                if not route.path.startswith("/schema"):
                    yield method, route.path, handler.fn.__name__


def test_every_operation_says_for_whom_it_is_and_nothing_else_does(anybody: Frontend) -> None:
    served = {name for _, _, name in operations(anybody.http.app)}

    assert served - set(ACCESS) == set(), "declare them in entrypoints/http/access.py"
    assert set(ACCESS) - served == set()


def test_anybody_may_ask_which_methods_there_are(anybody: Frontend) -> None:
    for _, path, _ in operations(anybody.http.app):
        assert anybody.call("OPTIONS", path).status_code == 204
