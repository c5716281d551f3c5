"""Fitting the mood's weights to the ratings that followed, and saying how well that works.

Before rating r the mood leans by x = atanh b + Σ wᵢvᵢ. For each kind of evidence a factor on its precisions is
fitted, beside them the curve P(low rating) = 1 / (1 + exp(−(a + c·x))). The loss is the log loss of "was the rating
low" plus a pull towards the weights it starts from, so that kinds with little evidence stay as they are. Half-lives
stay too: in simulated companies a thousand ratings told them so badly that moods judged by later ratings got no
better.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from heed.sense.domain.mood import fade
from heed.sense.domain.observing import Rated
from heed.sense.domain.weights import HALF_LIVES, LowCurve, Weights, leaning

LEAST_RATINGS = 100
LEAST_LOW = 20
TRAIN_SHARE = 0.6
"""The earlier ratings are learnt from, the later ones judged by."""

_LEAST_OF_A_KIND = 15
_FARTHEST = 2.5
_PULL, _SLOPE_PULL = 4.0, 0.05
"""How far a log factor may go, and how strongly it and the slope are held to where they start."""
_USUAL_SLOPE = LowCurve().slope

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
    """The evidence of the ratings as flat arrays; `theta` is log factors of precisions, then a and c."""

    def __init__(self, rated: Sequence[Rated]) -> None:
        pieces = [(row, piece, each.at) for row, each in enumerate(rated) for piece in each.evidence]
        counts: dict[str, int] = {}
        for _, piece, _ in pieces:
            counts[piece.kind] = counts.get(piece.kind, 0) + 1
        self.kinds = sorted(kind for kind, count in counts.items() if count >= _LEAST_OF_A_KIND)
        places = {kind: place for place, kind in enumerate(self.kinds)}
        self.rows = np.array([row for row, _, _ in pieces], np.int64)
        self.kind = np.array([places.get(piece.kind, len(self.kinds)) for _, piece, _ in pieces], np.int64)
        self.push = np.array(
            [
                piece.weight * piece.value * fade(at - piece.at, HALF_LIVES[piece.fades])
                for _, piece, at in pieces
            ]
        )
        self.baseline = np.array([leaning(each.baseline) for each in rated])
        self.low = np.array([each.low for each in rated], float)
        self.n = len(rated)

    def start(self) -> Numbers:
        share = float(np.clip(self.low.mean(), 0.01, 0.99))
        return np.append(np.zeros(len(self.kinds)), [math.log(share / (1 - share)), _USUAL_SLOPE])

    def loss(self, theta: Numbers) -> tuple[float, Numbers]:
        """Loss and gradient."""
        size = len(self.kinds)
        factors, (a, c) = theta[:size], theta[size:]
        push = self.push * np.exp(np.append(factors, 0.0)[self.kind])
        x = self.baseline + np.bincount(self.rows, push, self.n)
        z = np.clip(a + c * x, -30, 30)
        chance = 1 / (1 + np.exp(-z))
        loss = float(-(self.low * np.log(chance) + (1 - self.low) * np.log(1 - chance)).sum())
        loss += _PULL * float((factors**2).sum()) + _SLOPE_PULL * (c - _USUAL_SLOPE) ** 2
        dz = chance - self.low
        moved = np.bincount(self.kind, (c * dz)[self.rows] * push, size + 1)[:size]
        tail = [float(dz.sum()), float((dz * x).sum()) + 2 * _SLOPE_PULL * (c - _USUAL_SLOPE)]
        return loss, np.append(moved + 2 * _PULL * factors, tail)


def fit(rated: Sequence[Rated], weights: Weights) -> Weights:
    """Weights under which these ratings are foretold best, near the given ones, under which they were noted."""
    problem = _Problem(rated)
    bounds = [(-_FARTHEST, _FARTHEST)] * len(problem.kinds) + [(-10.0, 10.0), (-15.0, -0.1)]
    found: Any = minimize(
        problem.loss, problem.start(), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300}
    )
    replace, signals, text = msgspec.structs.replace, dict(weights.signals), weights.text
    for kind, log_factor in zip(problem.kinds, found.x, strict=False):
        factor = math.exp(log_factor)
        if kind == "text":
            text = replace(text, precision=round(text.precision * factor, 4))
        elif kind in signals:
            row = signals[kind]
            signals[kind] = replace(row, precision=round(row.precision * factor, 4))
    return replace(weights, signals=signals, text=text)


def fit_curve(valences: Numbers, low: Numbers) -> LowCurve:
    """The chance of a low rating at a valence: a logistic curve with a weak prior on its slope."""
    leanings = np.array([leaning(each) for each in valences])

    def loss(theta: Numbers) -> float:
        z = np.clip(theta[0] + theta[1] * leanings, -30, 30)
        held = _SLOPE_PULL * (theta[1] - _USUAL_SLOPE) ** 2
        return float((np.log1p(np.exp(z)) - low * z).sum() + held)

    found: Any = minimize(
        loss, np.array([0.0, _USUAL_SLOPE]), method="Nelder-Mead", options={"maxiter": 2_000}
    )
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
