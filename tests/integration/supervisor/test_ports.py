"""A port that was found free stays the finder's."""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack

import pytest

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.supervisor.ports import bindable, free_port, listening, usable_port
from tests.integration.instance import PATIENCE

HOST = "127.0.0.1"
ASKED = 200


def test_a_port_found_free_can_be_listened_on_and_called() -> None:
    port = free_port(host=HOST)

    assert bindable(port, host=HOST)
    with listening(port, host=HOST, variable="CONSULTING_PORT", wait_seconds=0) as listener:
        with socket.create_connection((HOST, port), timeout=PATIENCE), listener.accept()[0]:
            assert not bindable(port, host=HOST)
        with pytest.raises(CannotStart, match=f"cannot listen on {HOST}:{port}.*CONSULTING_PORT"):
            usable_port(port, host=HOST, variable="CONSULTING_PORT")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't share a port that is bound")
def test_a_port_found_free_is_given_to_nobody_who_asks_for_any() -> None:
    """Which ports are given is chance, so this very one is asked for besides, by a socket that shares nothing."""
    port = free_port(host=HOST)

    with ExitStack() as stack:
        given = {stack.enter_context(socket.create_server((HOST, 0))).getsockname()[1] for _ in range(ASKED)}
        alone = stack.enter_context(socket.socket())
        with pytest.raises(OSError, match="Address already in use"):
            alone.bind((HOST, port))

    assert port not in given
