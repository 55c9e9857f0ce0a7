"""Ports of this machine that our processes listen on."""

from __future__ import annotations

import atexit
import socket
import sys
import time

from consulting.entrypoints.cannot_start import CannotStart

PAUSE_SECONDS = 0.1
BACKLOG = 2048


def free_port(*, host: str) -> int:
    """Return a port that nobody listens on, and that nobody gets by chance while this process lives.

    A socket stays bound to it that doesn't listen. Linux gives such a port to nobody who asks for any port, be it to
    listen or to call from; whoever asks for this very one, and may share it (SO_REUSEADDR, as servers do), gets it.
    Other systems would not share it, so there it is let go.
    """
    keeper = _bound(host, 0)
    port = int(keeper.getsockname()[1])
    if sys.platform == "linux":
        atexit.register(keeper.close)  # and so long it is kept
    else:
        keeper.close()
    return port


def bindable(port: int, *, host: str) -> bool:
    """Tell whether nobody listens on the port at this moment."""
    try:
        _bound(host, port).close()
    except OSError:
        return False
    return True


def usable_port(port: int, *, host: str, variable: str) -> int:
    """Return the port, or for 0 a free one. Raises CannotStart, naming the variable, where it cannot be had."""
    if not port:
        return free_port(host=host)
    listening(port, host=host, variable=variable, wait_seconds=0).close()
    return port


def listening(port: int, *, host: str, variable: str, wait_seconds: float) -> socket.socket:
    """Listen on the port; wait this long for a process that is just giving it up. Raises CannotStart."""
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            listener = _bound(host, port)
        except OSError as problem:
            if time.monotonic() >= deadline:
                raise CannotStart(
                    f"cannot listen on {host}:{port}: {problem.strerror}; stop what uses it, or set {variable}"
                ) from problem
            time.sleep(PAUSE_SECONDS)
        else:
            listener.listen(BACKLOG)
            return listener


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
