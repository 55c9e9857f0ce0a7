"""The diary over the memory adapters: thousands of histories, in seconds."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.unit.application.diary import Diary

TestDiary = Diary.TestCase
TestDiary.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
