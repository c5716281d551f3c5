"""Fitting the mood's weights to the ratings that followed, and saying how well that works.

The mood before rating r is m = (p₀·b + Σ wᵢvᵢ) / (p₀ + Σ wᵢ) with wᵢ = pᵢ·2^(−age/h). For each kind of evidence
three numbers are fitted: a factor on its precisions pᵢ, a shift of its values vᵢ, and its half-life h; beside
them p₀ and the curve P(low rating) = 1 / (1 + exp(−(a + c·m))). The loss is the log loss of "was the rating low"
plus a pull towards the weights it starts from, so that kinds with little evidence stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from heed.kit.clock import DAY
from heed.sense.domain.observing import Rated
from heed.sense.domain.weights import HALF_LIVES, LowCurve, Weights

LEAST_RATINGS = 100
LEAST_LOW = 20
TRAIN_SHARE = 0.6
"""The earlier ratings are learnt from, the later ones judged by."""

_LEAST_OF_A_KIND = 15
_LEAST_OF_VALUE, _FARTHEST = 0.2, 0.5
_PULL = {"precision": 0.5, "half_life": 0.5, "value": 3.0, "prior": 0.5, "slope": 0.05}
"""How strongly each kind of number is held to what it was; log factors, except values."""

Numbers = npt.NDArray[np.float64]


class TooFew(ValueError):
    """There are not enough ratings to learn from; the message says how many there are and how many it takes."""


class Quality(msgspec.Struct):
    """How well something foretells low ratings: `auc` ranks, `calibration_error` compares chances with what
    happened, in ten groups of equal size."""

    auc: float
    calibration_error: float
    brier: float


class Report(msgspec.Struct):
    """`n` ratings of `customers` judged, `low` of them low; `until` (ms) is where the split lies."""

    learnt_from: int
    n: int
    low: int
    until: int
    last_sentiment: Quality
    before: Quality
    after: Quality


def split(rated: Sequence[Rated]) -> tuple[list[Rated], list[Rated]]:
    """Earlier and later ratings. Raises `TooFew`."""
    ordered = sorted(rated, key=lambda each: each.at)
    low = sum(each.low for each in ordered)
    if len(ordered) < LEAST_RATINGS or low < LEAST_LOW:
        raise TooFew(
            f"{len(ordered):,} ratings with {low:,} low ones were found; it takes {LEAST_RATINGS} ratings with "
            f"{LEAST_LOW} low ones (in the lower half of their scale) to learn anything that lasts."
        )
    cut = int(len(ordered) * TRAIN_SHARE)
    return ordered[:cut], ordered[cut:]


class _Problem:
    """The evidence of the ratings as flat arrays; `theta` is precisions, shifts, half-lives, p₀, a, c."""

    def __init__(self, rated: Sequence[Rated], weights: Weights) -> None:
        self.weights = weights
        pieces = [(row, piece, each.at) for row, each in enumerate(rated) for piece in each.evidence]
        counts: dict[str, int] = {}
        for _, piece, _ in pieces:
            counts[piece.kind] = counts.get(piece.kind, 0) + 1
        self.kinds = sorted(kind for kind, count in counts.items() if count >= _LEAST_OF_A_KIND)
        places = {kind: place for place, kind in enumerate(self.kinds)}
        self.rows = np.array([row for row, _, _ in pieces], np.int64)
        self.kind = np.array([places.get(piece.kind, len(self.kinds)) for _, piece, _ in pieces], np.int64)
        self.value = np.array([piece.value for _, piece, _ in pieces])
        self.log_precision = np.log(np.maximum(1e-9, [piece.weight for _, piece, _ in pieces]))
        self.age = np.array([max(0, at - piece.at) for _, piece, at in pieces], float) / DAY
        self.half_life = np.array([HALF_LIVES[piece.fades] for _, piece, _ in pieces], float) / DAY
        self.baseline = np.array([each.baseline for each in rated])
        self.low = np.array([each.low for each in rated], float)
        self.n = len(rated)

    def start(self) -> Numbers:
        size = len(self.kinds)
        share = float(np.clip(self.low.mean(), 0.01, 0.99))
        return np.concatenate([np.zeros(3 * size), [0.0, math.log(share / (1 - share)), -3.0]])

    def loss(self, theta: Numbers) -> tuple[float, Numbers]:
        """Loss and gradient."""
        size = len(self.kinds)
        factors, shifts, lives, (log_p0, a, c) = np.split(theta, [size, 2 * size, 3 * size])
        padded = [np.append(each, 0.0)[self.kind] for each in (factors, shifts, lives)]
        half_life = self.half_life * np.exp(padded[2])
        faded = self.age / half_life
        w = np.exp(self.log_precision + padded[0] - math.log(2) * faded)
        raw = self.value + padded[1]
        v = np.clip(raw, -1.0, 1.0)
        p0 = self.weights.prior_precision * math.exp(log_p0)
        total = p0 + np.bincount(self.rows, w, self.n)
        m = (p0 * self.baseline + np.bincount(self.rows, w * v, self.n)) / total
        z = np.clip(a + c * m, -30, 30)
        chance = 1 / (1 + np.exp(-z))
        loss = float(-(self.low * np.log(chance) + (1 - self.low) * np.log(1 - chance)).sum())
        dz = chance - self.low
        dm = (dz * c / total)[self.rows]
        dw = dm * (v - m[self.rows]) * w
        dv = dm * w * (np.abs(raw) < 1)
        grad = [np.bincount(self.kind, each, size + 1)[:size] for each in (dw, dv, dw * math.log(2) * faded)]
        d_p0 = float((dz * c * (self.baseline - m) / total).sum() * p0)
        pulls = [_PULL["precision"] * factors, _PULL["value"] * shifts, _PULL["half_life"] * lives]
        loss += sum(
            float((pull * each).sum()) for pull, each in zip(pulls, (factors, shifts, lives), strict=True)
        )
        loss += _PULL["prior"] * log_p0**2 + _PULL["slope"] * (c + 3) ** 2
        tail = [
            d_p0 + 2 * _PULL["prior"] * log_p0,
            float(dz.sum()),
            float((dz * m).sum()) + 2 * _PULL["slope"] * (c + 3),
        ]
        return loss, np.concatenate([g + 2 * pull for g, pull in zip(grad, pulls, strict=True)] + [tail])


def fit(rated: Sequence[Rated], weights: Weights) -> Weights:
    """Weights under which these ratings are foretold best, near the given ones."""
    problem = _Problem(rated, weights)
    size = len(problem.kinds)
    bounds = [(-2.5, 2.5)] * size + [_room(weights, kind) for kind in problem.kinds] + [(-3.0, 3.0)] * size
    bounds += [(-2.0, 2.0), (-10.0, 10.0), (-15.0, -0.1)]
    found: Any = minimize(
        problem.loss, problem.start(), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300}
    )
    factors, shifts, lives, (log_p0, _, _) = np.split(found.x, [size, 2 * size, 3 * size])
    fitted = weights
    for kind, factor, shift, life in zip(problem.kinds, factors, shifts, lives, strict=True):
        fitted = _changed(fitted, kind, math.exp(factor), float(shift), math.exp(life))
    prior = float(weights.prior_precision * math.exp(log_p0))
    return msgspec.structs.replace(fitted, prior_precision=round(prior, 4))


def _room(weights: Weights, kind: str) -> tuple[float, float]:
    """How far a kind's value may shift: bad news stays bad and good news good; texts speak for themselves."""
    row = weights.signals.get(kind)
    if row is None:
        return 0.0, 0.0
    least = _LEAST_OF_VALUE * row.value
    low, high = (max(-1.0, row.value - _FARTHEST), least) if row.value < 0 else (least, row.value + _FARTHEST)
    return low - row.value, min(1.0, high) - row.value


def _changed(weights: Weights, kind: str, factor: float, shift: float, life: float) -> Weights:
    replace = msgspec.structs.replace
    if kind == "text":
        text = weights.text
        return replace(
            weights,
            text=replace(
                text,
                precision=round(text.precision * factor, 4),
                fades=nearest_class(HALF_LIVES[text.fades] * life),
                strong_fades=nearest_class(HALF_LIVES[text.strong_fades] * life),
            ),
        )
    row = weights.signals.get(kind)
    if row is None:
        return weights
    row = replace(
        row,
        precision=round(row.precision * factor, 4),
        value=round(max(-1.0, min(1.0, row.value + shift)), 4),
        fades=nearest_class(HALF_LIVES[row.fades] * life),
    )
    return replace(weights, signals={**weights.signals, kind: row})


def nearest_class(half_life: float) -> int:
    """The half-life class nearest on a logarithmic scale."""
    return min(range(len(HALF_LIVES)), key=lambda each: abs(math.log(HALF_LIVES[each] / half_life)))


def fit_curve(valences: Numbers, low: Numbers) -> LowCurve:
    """The chance of a low rating at a valence: a logistic curve with a weak prior on its slope."""

    def loss(theta: Numbers) -> float:
        z = np.clip(theta[0] + theta[1] * valences, -30, 30)
        return float((np.log1p(np.exp(z)) - low * z).sum() + 0.05 * (theta[1] + 3) ** 2)

    found: Any = minimize(loss, np.array([0.0, -3.0]), method="Nelder-Mead", options={"maxiter": 2_000})
    return LowCurve(round(float(found.x[0]), 4), round(float(min(-0.01, found.x[1])), 4))


def quality(scores: Numbers, chances: Numbers, low: Numbers) -> Quality:
    """`scores` rise with the chance of a low rating."""
    return Quality(auc(scores, low), calibration_error(chances, low), float(((chances - low) ** 2).mean()))


def auc(scores: Numbers, low: Numbers) -> float:
    """The chance that a low rating was given a higher score than another, ties counting half."""
    ones, zeros = int(low.sum()), int((1 - low).sum())
    if not ones or not zeros:
        return 0.5
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[low == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def calibration_error(chances: Numbers, low: Numbers, groups: int = 10) -> float:
    """Mean distance between the chance named and the share that came, over groups of equal size."""
    order = np.argsort(chances, kind="stable")
    parts = np.array_split(order, groups)
    gaps = [abs(chances[part].mean() - low[part].mean()) * len(part) for part in parts if len(part)]
    return float(sum(gaps) / len(chances))


def judge(learnt: Sequence[Rated], later: Sequence[Rated]) -> tuple[Report, LowCurve]:
    """Old against new on what came later; `valences` of every rating are those of the old and the new weights.

    Each gets a curve fitted on the earlier ratings, the last sentiment too. Also the new weights' curve.
    """
    low, earlier_low = (np.array([each.low for each in part], float) for part in (later, learnt))

    def of(read: Any) -> tuple[Quality, LowCurve]:
        curve = fit_curve(np.array([read(each) for each in learnt]), earlier_low)
        valences = np.array([read(each) for each in later])
        return quality(-valences, np.array([curve.chance(each) for each in valences]), low), curve

    last, _ = of(lambda each: each.last_sentiment)
    before, _ = of(lambda each: each.valences[0])
    after, curve = of(lambda each: each.valences[1])
    return Report(len(learnt), len(later), int(low.sum()), later[0].at, last, before, after), curve
