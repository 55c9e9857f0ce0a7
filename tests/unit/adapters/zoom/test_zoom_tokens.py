from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from consulting.adapters.zoom.tokens import Tokens
from consulting.application.ports.meeting_rooms import MeetingRoomsUnavailable


def tokens() -> Tokens:
    return Tokens(oauth_url="http://127.0.0.1:9/token", account_id="account", client_id="client", client_secret="hush")


def test_nobody_queues_for_longer_than_their_own_patience_while_zoom_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, over = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> requests.Response:
        asked.set()
        over.wait(120)
        raise requests.ConnectTimeout

    monkeypatch.setattr(requests, "post", hang)
    held = tokens()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(held.current, timeout=120)
        assert asked.wait(60)
        began = time.monotonic()
        impatience = threading.Timer(60, over.set)
        impatience.start()
        for ask in (held.current, lambda timeout: held.instead_of("", timeout=timeout)):
            with pytest.raises(MeetingRoomsUnavailable):
                ask(timeout=0.05)
        took = time.monotonic() - began
        impatience.cancel()
        over.set()
        with pytest.raises(MeetingRoomsUnavailable):
            first.result()
    assert took < 30
