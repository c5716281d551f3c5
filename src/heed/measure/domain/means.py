"""Shares, means and their intervals. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from heed.kit.shares import Z95


@dataclass(frozen=True)
class Mean:
    """The mean of n values with their standard deviation."""

    value: float
    deviation: float
    n: int

    @property
    def margin(self) -> float:
        """Half the 95% interval (Student); infinite for one value alone."""
        return t95(self.n - 1) * self.deviation / math.sqrt(self.n) if self.n > 1 else math.inf

    @property
    def clear(self) -> bool:
        """Whether it differs from zero by more than chance would make it once in twenty."""
        return abs(self.value) > self.margin


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


def t95(freedom: int) -> float:
    """The two-sided 95% quantile of Student's t, by Cornish and Fisher's expansion around the normal.

    Exact to 0.01 from three degrees of freedom on; the first two are tabulated.
    """
    if freedom <= 2:
        return (12.7062, 4.3027)[max(freedom, 1) - 1]
    z = Z95
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / freedom + g2 / freedom**2 + g3 / freedom**3 + g4 / freedom**4


@dataclass(frozen=True)
class Change:
    """A difference of two means and the z it stands on."""

    by: float
    z: float

    @property
    def significant(self) -> bool:
        return abs(self.z) >= Z95


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
