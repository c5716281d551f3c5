"""Moods by day and what changed from week to week; how far the engine is behind. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from heed.kit.means import Mean
from heed.kit.shares import Z95


@dataclass(frozen=True)
class Day:
    """Moods of the customers who did something on a day: `start` in ms UTC, mean, standard deviation, n."""

    start: int
    mean: float
    deviation: float
    n: int

    def band(self) -> tuple[float, float]:
        """95% interval of the mean, inside −1…1; for one customer alone the whole scale."""
        half = Mean(self.mean, self.deviation, self.n).margin
        return max(-1.0, self.mean - half), min(1.0, self.mean + half)


SMALL = 0.05
"""A change of the mean mood below this is told as a little, however certain many customers make it."""


@dataclass(frozen=True)
class Change:
    """A difference of two means and the z it stands on."""

    by: float
    z: float

    @property
    def significant(self) -> bool:
        return abs(self.z) >= Z95

    @property
    def words(self) -> str:
        if not self.significant:
            return "no clear change"
        return f"{'a little' if abs(self.by) < SMALL else 'clearly'} {'worse' if self.by < 0 else 'better'}"


def week_over_week(days: Sequence[Day], last: int) -> Change | None:
    """The seven days up to the day starting at `last` against the seven before; None without enough people.

    Days are pooled by their n. A customer seen on several days counts on each, so the z is a little
    generous; 30 readings a week are the least it speaks for.
    """
    week = 7 * 86_400_000
    now = [d for d in days if last - week < d.start <= last]
    before = [d for d in days if last - 2 * week < d.start <= last - week]
    a, b = _pool(now), _pool(before)
    if a is None or b is None:
        return None
    error = math.sqrt(a[1] / a[2] + b[1] / b[2])
    return Change(a[0] - b[0], (a[0] - b[0]) / error if error > 0 else 0.0)


def _pool(days: Sequence[Day]) -> tuple[float, float, int] | None:
    """Mean, variance and n of several days together."""
    n = sum(d.n for d in days)
    if n < 30:
        return None
    mean = sum(d.mean * d.n for d in days) / n
    squares = sum((d.n - 1) * d.deviation**2 + d.n * (d.mean - mean) ** 2 for d in days)
    return mean, squares / (n - 1), n


def lag_words(waiting: int, lag_ms: int) -> tuple[str, str]:
    """How far the engine is behind, as (sentence, tone). `lag_ms` is the age of the last carry."""
    if waiting <= 0:
        return "carried to the last second", "high"
    seconds = max(1, lag_ms // 1000)
    age = (
        f"{seconds} s"
        if seconds < 120
        else f"{seconds // 60} min"
        if seconds < 7200
        else f"{seconds // 3600} h"
    )
    noun = "event waits" if waiting == 1 else "events wait"
    return f"{waiting:,} {noun}, last carried {age} ago", "" if lag_ms < 5_000 else "low"
