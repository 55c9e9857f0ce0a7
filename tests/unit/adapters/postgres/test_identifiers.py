from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from uuid import RFC_4122

import pytest

from consulting.adapters.postgres.identifiers import TimeOrderedIdentities


def test_ids_are_well_formed_and_tell_their_time() -> None:
    before = time.time_ns() // 1_000_000
    made = TimeOrderedIdentities().new()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= before + 10_000


def test_ids_of_one_source_rise_strictly() -> None:
    ids = TimeOrderedIdentities()
    made = [ids.new() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_threads_never_get_the_same_id_and_each_sees_its_own_rise() -> None:
    ids = TimeOrderedIdentities()
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: [ids.new() for _ in range(2_000)], range(4)))
    assert all(each == sorted(each) for each in made)
    assert len(set(chain(*made))) == 8_000


def test_ids_rise_though_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = TimeOrderedIdentities()
    first = ids.new()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert first < ids.new() < ids.new()


def test_two_sources_never_give_the_same_id() -> None:
    one, other = TimeOrderedIdentities(), TimeOrderedIdentities()
    made = [source.new() for _ in range(2_000) for source in (one, other)]
    assert len(set(made)) == 4_000
