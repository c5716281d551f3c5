"""Groups of customers that are alike: found, how clear-cut they are, and which of them are the ones known before. Pure.

k-means of Lloyd (1982) begun by k-means++ (Arthur, Vassilvitskii, 2007); how many groups by the silhouette of Rousseeuw
(1987), −1…1: how much nearer customers are to their own group than to the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
FEWEST, MOST = 2, 8
_STARTS: Final = 8
_ROUNDS: Final = 100
_SAMPLED: Final = 1_500
_SMALLEST: Final = 0.02
"""Share of all customers below which a group is none of its own."""
LEAST_CLEAR: Final = 0.12
"""Silhouette below which customers are not said to fall into groups."""
_STAYS: Final = 0.02
"""By so much another number of groups must be clearer than the one before to replace it."""
SAME: Final = 0.3
"""Share of the customers of two groups together who must be in both for them to be the same."""


class Groups(msgspec.Struct, frozen=True):
    """`centres` in the space they were found in, a row each; `silhouette` says how clear-cut they are."""

    centres: tuple[tuple[float, ...], ...]
    silhouette: float

    @property
    def k(self) -> int:
        return len(self.centres)


def nearest(x: Floats, centres: Any) -> Places:
    """The place of the nearest centre of each row."""
    middle = np.asarray(centres, np.float64)
    away = (middle * middle).sum(axis=1)[None, :] - 2 * x @ middle.T
    return np.asarray(away.argmin(axis=1), np.int64)


def _lloyd(x: Floats, centres: Floats) -> tuple[Floats, float]:
    for _ in range(_ROUNDS):
        own = nearest(x, centres)
        counts = np.bincount(own, minlength=len(centres))
        moved = centres.copy()
        for place in np.flatnonzero(counts):
            moved[place] = x[own == place].mean(axis=0)
        if np.allclose(moved, centres, atol=1e-7):
            break
        centres = moved
    return centres, float(((x - centres[nearest(x, centres)]) ** 2).sum())


def _begun(x: Floats, k: int, random: np.random.Generator) -> Floats:
    chosen = [int(random.integers(len(x)))]
    away = ((x - x[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < k:
        total = float(away.sum())
        chances = away / total if total > 0 else np.full(len(x), 1 / len(x))
        chosen.append(int(random.choice(len(x), p=chances)))
        away = np.minimum(away, ((x - x[chosen[-1]]) ** 2).sum(axis=1))
    return x[chosen].copy()


def silhouette(x: Floats, own: Places) -> float:
    """Of a sample, the same every time; 0 with one group."""
    if len(x) > _SAMPLED:
        chosen = np.random.default_rng(0).choice(len(x), _SAMPLED, replace=False)
        x, own = x[chosen], own[chosen]
    squares = (x * x).sum(axis=1)
    away = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * x @ x.T, 0))
    groups = np.unique(own)
    if len(groups) < 2:
        return 0.0
    counts = np.array([(own == each).sum() for each in groups])
    sums = np.column_stack([away[:, own == each].sum(axis=1) for each in groups])
    place = np.searchsorted(groups, own)
    rows = np.arange(len(x))
    inside = sums[rows, place] / np.maximum(counts[place] - 1, 1)
    means = sums / counts
    means[rows, place] = np.inf
    outside = means.min(axis=1)
    widest = np.maximum(np.maximum(inside, outside), 1e-12)
    each = np.where(counts[place] > 1, (outside - inside) / widest, 0.0)
    return float(each.mean())


def find(x: Floats, before: Sequence[Sequence[float]] = ()) -> Groups:
    """The clearest groups of these rows. Groups known `before` in the same space are a beginning too, and their number
    stays unless another is clearer."""
    best: Groups | None = None
    for k in range(FEWEST, min(MOST, len(x) // 10) + 1):
        random = np.random.default_rng(k)
        starts = [_begun(x, k, random) for _ in range(_STARTS)]
        if len(before) == k:
            starts.insert(0, np.asarray(before, np.float64))
        centres, _ = min((_lloyd(x, start) for start in starts), key=lambda each: each[1])
        own = nearest(x, centres)
        if np.bincount(own, minlength=k).min() < _SMALLEST * len(x):
            continue
        clear = silhouette(x, own)
        stays = _STAYS if len(before) == k else 0.0
        if best is None or clear + stays > best.silhouette + (_STAYS if best.k == len(before) else 0.0):
            best = Groups(tuple(tuple(map(float, row)) for row in centres), clear)
    return best or Groups((), 0.0)


def matched(before: Places, now: Places, groups_before: int, groups_now: int) -> dict[int, int]:
    """Which group of now is which of before, by the customers who are in both: `now → before`. `before` and `now` are
    of the same customers, −1 where they were in none."""
    both = np.zeros((groups_now, groups_before))
    for old, new in zip(before.tolist(), now.tolist(), strict=True):
        if old >= 0 and new >= 0:
            both[new, old] += 1
    there = np.array([(before == old).sum() for old in range(groups_before)])
    here = np.array([((now == new) & (before >= 0)).sum() for new in range(groups_now)])
    either = here[:, None] + there[None, :] - both
    alike = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    rows, columns = linear_sum_assignment(-alike)
    return {int(new): int(old) for new, old in zip(rows, columns, strict=True) if alike[new, old] >= SAME}
