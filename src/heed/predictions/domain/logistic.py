"""Chances learnt by logistic regression, and how well they hold. Pure."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from heed.kit.shares import Z95, share

Floats = NDArray[np.float64]
_ROUNDS: Final = 60
_NEAR: Final = 1e-9
_SMALLEST: Final = 1e-9
_GROUPS: Final = 10
_LEAST_IN_GROUP: Final = 10


def sigmoid(x: Any) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(np.asarray(x, np.float64) / 2)))


def logit(p: Any) -> Floats:
    kept = np.clip(np.asarray(p, np.float64), _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(kept) - np.log1p(-kept))


def fit(x: Floats, y: Floats, ridge: float = 1.0) -> tuple[Floats, float]:
    """Coefficients and intercept with the highest penalised likelihood, by Newton's method; the penalty is
    `ridge`/2 · |coefficients|², the intercept free. Rows of `x` are standardised, `y` is 0 or 1."""
    rows = np.column_stack([np.ones(len(x)), x])
    penalty = np.full(rows.shape[1], ridge)
    penalty[0] = _NEAR
    beta = np.zeros(rows.shape[1])
    beta[0] = float(logit((y.sum() + 0.5) / (len(y) + 1)))
    best = _loss(rows, y, beta, penalty)
    for _ in range(_ROUNDS):
        p = sigmoid(rows @ beta)
        slope = rows.T @ (p - y) + penalty * beta
        curve = (rows * (p * (1 - p))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while size > 1e-6 and (found := _loss(rows, y, beta - size * step, penalty)) > best:
            size /= 2
        if size <= 1e-6:
            break
        beta = beta - size * step
        done, best = best - found < _NEAR * max(1.0, abs(best)), found
        if done:
            break
    return beta[1:], float(beta[0])


def _loss(rows: Floats, y: Floats, beta: Floats, penalty: Floats) -> float:
    x = rows @ beta
    return float(np.logaddexp(0, x).sum() - y @ x + 0.5 * (penalty * beta * beta).sum())


class Platt(msgspec.Struct, frozen=True):
    """Turns a raw score (log odds) into a chance: sigmoid(slope · score + shift). Platt (1999), "Probabilistic outputs
    for support vector machines"."""

    slope: float
    shift: float

    def chance(self, score: Floats) -> Floats:
        return sigmoid(self.slope * score + self.shift)


def fit_platt(score: Floats, y: Floats) -> Platt:
    """With Platt's own targets, so that a separable slice makes nobody certain."""
    positives, negatives = float(y.sum()), float(len(y) - y.sum())
    targets = np.where(y > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    middle, wide = float(score.mean()), float(score.std()) or 1.0
    slope, shift = fit(((score - middle) / wide)[:, None], targets, ridge=1e-6)
    return Platt(float(slope[0]) / wide, shift - float(slope[0]) * middle / wide)


class Area(msgspec.Struct, frozen=True):
    """AUC: the chance that somebody it happened to stands above somebody it did not; `margin` is half of its 95%
    interval (Hanley, McNeil, 1982)."""

    value: float
    margin: float


def auc(y: Floats, score: Floats) -> Area:
    """With as many of both as one at least; ties count half."""
    from_low = np.argsort(score, kind="stable")
    ordered = score[from_low]
    _, first, place, counts = np.unique(ordered, return_index=True, return_inverse=True, return_counts=True)
    ranks = np.empty(len(score))
    ranks[from_low] = (first + (counts - 1) / 2 + 1)[place]
    yes = float(y.sum())
    no = len(y) - yes
    if not yes or not no:
        return Area(0.5, 0.5)
    a = (float(ranks[y > 0].sum()) - yes * (yes + 1) / 2) / (yes * no)
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    variance = (a * (1 - a) + (yes - 1) * (q1 - a * a) + (no - 1) * (q2 - a * a)) / (yes * no)
    return Area(a, Z95 * math.sqrt(max(0.0, variance)))


def brier(y: Floats, p: Floats) -> float:
    """The mean squared error of chances."""
    return float(((p - y) ** 2).mean())


def clearly_better(y: Floats, p: Floats, other: Floats) -> float:
    """z of how much smaller the squared errors of `p` are than those of `other`, customer by customer."""
    gain = (other - y) ** 2 - (p - y) ** 2
    spread = float(gain.std(ddof=1)) if len(gain) > 1 else 0.0
    return float(gain.mean()) / (spread / math.sqrt(len(gain))) if spread > 0 else 0.0


class Row(msgspec.Struct, frozen=True):
    """Customers of about the same chance: their mean chance, the share it happened to, and half its 95% interval."""

    n: int
    foretold: float
    real: float
    margin: float


def calibration(y: Floats, p: Floats) -> tuple[Row, ...]:
    """Up to ten groups of about the same size, from the lowest chance to the highest; equal chances stay together."""
    groups = max(1, min(_GROUPS, len(y) // _LEAST_IN_GROUP))
    edges = np.unique(np.quantile(p, np.linspace(0, 1, groups + 1)[1:-1])) if groups > 1 else np.empty(0)
    place = np.searchsorted(edges, p, side="right")
    rows = []
    for each in np.unique(place):
        own = place == each
        found = share(int(y[own].sum()), int(own.sum()))
        if found is not None:
            rows.append(Row(found.n, float(p[own].mean()), found.value, (found.high - found.low) / 2))
    return tuple(rows)


def calibration_error(rows: tuple[Row, ...]) -> float:
    """By how much chances were off on average, group by group (expected calibration error)."""
    n = sum(row.n for row in rows)
    return sum(row.n * abs(row.foretold - row.real) for row in rows) / n if n else 0.0


class Spread(msgspec.Struct, frozen=True):
    """How values were spread: the edges between up to ten groups, and each group's share."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]


def spread(values: Floats) -> Spread:
    known = values[np.isfinite(values)]
    if not len(known):
        return Spread((), (1.0,))
    edges = np.unique(np.quantile(known, np.linspace(0, 1, 11)[1:-1]))
    return Spread(tuple(edges.tolist()), tuple(_shares(known, edges).tolist()))


def _shares(values: Floats, edges: Floats) -> Floats:
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return np.asarray(counts / max(1, len(values)), np.float64)


def stability(before: Spread, values: Floats) -> float:
    """PSI, the population stability index: Σ (now − before) · ln(now / before) over the groups. Below 0.1 little has
    changed, above 0.25 much (Siddiqi, "Credit Risk Scorecards", 2006)."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0
    now = np.maximum(_shares(known, np.asarray(before.edges, np.float64)), 1e-3)
    then = np.maximum(np.asarray(before.shares, np.float64), 1e-3)
    return float(((now - then) * np.log(now / then)).sum())
