"""Moods by day and their changes, with their intervals."""

from __future__ import annotations

import math

import pytest

from heed.measure.domain.means import Day, lag_words, week_over_week

DAY = 86_400_000


def test_one_customer_says_nothing_of_the_others() -> None:
    assert Day(0, 0.4, 0.0, 1).band() == (-1.0, 1.0)
    low, high = Day(0, 0.4, 0.5, 400).band()
    assert high - low == pytest.approx(2 * 1.966 * 0.5 / 20, abs=1e-3)


def days(before: float, now: float, n: int) -> list[Day]:
    return [Day(i * DAY, before if i < 7 else now, 0.4, n) for i in range(14)]


def test_a_change_too_small_for_its_numbers_is_no_change() -> None:
    found = week_over_week(days(0.20, 0.18, 10), 13 * DAY)
    assert found is not None
    assert found.by == pytest.approx(-0.02)
    assert not found.significant
    assert found.words == "no clear change"


def test_a_fall_of_many_customers_is_significant_and_its_z_is_right() -> None:
    found = week_over_week(days(0.2, 0.1, 100), 13 * DAY)
    assert found is not None
    assert found.significant
    assert found.words == "clearly worse"
    assert found.z == pytest.approx(-0.1 / (0.4 * math.sqrt(2 / 700)), rel=0.01)


def test_a_small_change_is_told_as_one_however_many_customers_it_is_true_of() -> None:
    found = week_over_week(days(0.20, 0.17, 2_000), 13 * DAY)
    assert found is not None
    assert found.significant
    assert found.words == "a little worse"


def test_too_few_people_give_no_answer() -> None:
    assert week_over_week(days(0.2, 0.1, 4), 13 * DAY) is None
    assert week_over_week([], 0) is None


def test_the_engines_lag_is_said_plainly() -> None:
    assert lag_words(0, 0) == ("carried to the last second", "high")
    assert lag_words(1, 2_000) == ("1 event waits, last carried 2 s ago", "")
    assert lag_words(1_200, 600_000) == ("1,200 events wait, last carried 10 min ago", "low")
