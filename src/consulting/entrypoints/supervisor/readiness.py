"""Asking an API over HTTP whether it is ready."""

from __future__ import annotations

import http.client

ANSWER_SECONDS = 5.0
ANY_ADDRESS = {"0.0.0.0", "::", ""}  # noqa: S104 - recognised, not bound


def unreadiness(*, host: str, port: int) -> str | None:
    """Return None where the API takes requests, else what it or the network says."""
    connection = http.client.HTTPConnection(reachable(host), port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        body = answer.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as problem:
        return f"{type(problem).__name__}: {problem}"
    finally:
        connection.close()
    return None if answer.status == http.HTTPStatus.OK else f"{answer.status} {body}"


def reachable(host: str) -> str:
    """Return an address of this machine at which a server on `host` can be reached."""
    return "127.0.0.1" if host in ANY_ADDRESS else host
