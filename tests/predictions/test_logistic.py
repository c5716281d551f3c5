"""The mathematics of forecasts, held against scikit-learn and against figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from heed.predictions.domain.logistic import (
    auc,
    brier,
    calibration,
    calibration_error,
    clearly_better,
    fit,
    fit_platt,
    logit,
    sigmoid,
    spread,
    stability,
)


def some(n: int = 2_000, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, 4))
    p = sigmoid(x @ np.array([1.5, -0.7, 0.0, 0.2]) - 1)
    return x, p, (random.random(n) < p).astype(float)


@pytest.mark.parametrize("ridge", [0.1, 1.0, 50.0])
def test_it_learns_what_scikit_learn_learns(ridge: float) -> None:
    x, _, y = some()
    coefficients, intercept = fit(x, y, ridge)
    known = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=1_000).fit(x, y)
    assert coefficients == pytest.approx(known.coef_[0], abs=1e-5)
    assert intercept == pytest.approx(known.intercept_[0], abs=1e-5)


def test_what_can_be_told_apart_wholly_and_what_never_happened_end_too() -> None:
    x = np.linspace(-1, 1, 60)[:, None]
    coefficients, _ = fit(x, (x[:, 0] > 0).astype(float), 1.0)
    assert 0 < coefficients[0] < 100
    _, intercept = fit(x, np.zeros(60), 1.0)
    assert sigmoid(intercept) < 0.01


def test_auc_and_brier_are_the_known_ones_ties_included() -> None:
    _, p, y = some()
    for score in (p, np.round(p, 1)):
        assert auc(y, score).value == pytest.approx(roc_auc_score(y, score), abs=1e-12)
    assert brier(y, p) == pytest.approx(brier_score_loss(y, p), abs=1e-12)
    assert auc(np.array([0.0, 1.0]), np.array([1.0, 1.0])).value == 0.5
    assert auc(np.zeros(3), np.arange(3.0)).margin == 0.5


def test_the_interval_of_auc_holds_the_truth_nineteen_times_in_twenty() -> None:
    _, p, y = some(400_000, seed=9)
    truth = auc(y, p).value
    held = 0
    for start in range(0, 400_000, 1_000):
        found = auc(y[start : start + 1_000], p[start : start + 1_000])
        held += abs(found.value - truth) <= found.margin
    assert 0.92 <= held / 400 <= 0.99


def test_platt_brings_distorted_chances_back() -> None:
    _, p, y = some(20_000)
    platt = fit_platt(3 * logit(p) + 2, y)
    assert platt.slope == pytest.approx(1 / 3, rel=0.1)
    found = platt.chance(3 * logit(p) + 2)
    assert calibration_error(calibration(y, found)) < 0.015
    assert calibration_error(calibration(y, sigmoid(3 * logit(p) + 2))) > 0.1


def test_calibration_groups_hold_everybody_once_and_equals_together() -> None:
    _, p, y = some()
    rows = calibration(y, p)
    assert (len(rows), sum(row.n for row in rows)) == (10, 2_000)
    assert [row.foretold for row in rows] == sorted(row.foretold for row in rows)
    assert len(calibration(y, np.full(2_000, 0.3))) == 1
    assert sum(row.n for row in calibration(y[:7], p[:7])) == 7


def test_clearly_better_is_better_beyond_chance() -> None:
    _, p, y = some()
    assert clearly_better(y, p, np.full_like(p, y.mean())) > 5
    assert clearly_better(y, p, p) == 0
    noise = np.clip(p + np.random.default_rng(3).normal(0, 0.01, len(p)), 0, 1)
    assert abs(clearly_better(y, p, noise)) < 3


def test_psi_is_nothing_for_the_same_and_large_for_a_shift() -> None:
    random = np.random.default_rng(5)
    before = spread(random.normal(size=5_000))
    assert stability(before, random.normal(size=5_000)) < 0.02
    assert stability(before, random.normal(1.0, 1, 5_000)) > 0.25
    # By hand: halves of 0.5 and 0.5 that become 0.8 and 0.2.
    halves = spread(np.array([0.0] * 50 + [1.0] * 50))
    now = np.array([0.0] * 80 + [1.0] * 20)
    assert stability(halves, now) == pytest.approx(
        0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5), rel=1e-6
    )
    assert stability(spread(np.array([])), np.array([])) == 0.0
    assert stability(halves, np.array([np.nan])) == 0.0
