"""The diary over the memory adapters: thousands of histories, in seconds."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.unit.application.diary import Diary
from tests.unit.application.money_diary import MoneyDiary

TestDiary = Diary.TestCase
TestDiary.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

TestMoneyDiary = MoneyDiary.TestCase
TestMoneyDiary.settings = settings(TestDiary.settings, max_examples=40)
