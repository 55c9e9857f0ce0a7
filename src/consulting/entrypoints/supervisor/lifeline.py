"""A pipe by which children notice that their parent is gone, even by kill -9."""

from __future__ import annotations

import os
import signal
import threading
import time

GRACE_SECONDS = 5.0


class Lifeline:
    """The parent's end. The kernel closes it when the parent ends, by whatever cause."""

    def __init__(self) -> None:
        self.read_end, self._write_end = os.pipe()  # the write end stays out of the children, as Python's files do

    def arguments(self) -> list[str]:
        """Return the option by which a command of ours is told of it; `read_end` must be passed on to the child."""
        return ["--lifeline", str(self.read_end)]


def follow_parent(read_end: int) -> None:
    """End this process soon after the parent has ended: in good order, or by force where that takes too long."""
    threading.Thread(target=_follow, args=[read_end], name="lifeline", daemon=True).start()


def follow_caller() -> None:
    """End this process soon after the one that called it, of which it knows no more than the process id."""
    threading.Thread(target=_poll, args=[os.getppid()], name="caller", daemon=True).start()


def _follow(read_end: int) -> None:
    os.set_inheritable(read_end, False)  # noqa: FBT003 - the library's own signature
    os.read(read_end, 1)  # nobody ever writes: it returns when the pipe is closed
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def _poll(caller: int) -> None:
    while os.getppid() == caller:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
