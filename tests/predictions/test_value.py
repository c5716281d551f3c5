"""BG/NBD and Gamma-Gamma against what was published for CDNOW."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import beta

from heed.predictions.domain.value import Buying, Spending, TooLittle, fit_buying, fit_spending

PUBLISHED = Buying(0.243, 4.414, 0.793, 2.426)


def cdnow(folder: Path) -> np.ndarray:
    """Rows of x, t_x, T (weeks) and the mean of repeat purchases of 2,357 customers up to week 39."""
    path = folder / "cdnow" / "cdnow_customers_summary.csv"
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=(1, 2, 3)).T


def repeat_buyers(folder: Path) -> np.ndarray:
    path = folder / "cdnow" / "cdnow_customers_summary_with_transactions.csv"
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=(1, 4)).T


def test_bgnbd_is_fitted_as_published(data_folder: Path) -> None:
    found = fit_buying(*cdnow(data_folder))
    assert found.n == 2_357
    assert_allclose([found.r, found.alpha, found.a, found.b], [0.24259, 4.41353, 0.79289, 2.42575], atol=5e-4)
    assert found.log_likelihood == pytest.approx(-9582.43, abs=0.01)
    assert float(found.expected(39, 2, 30.43, 38.86)) == pytest.approx(1.226, abs=5e-4)
    assert float(found.chance_active(2, 30.43, 38.86)) == pytest.approx(0.7266, abs=5e-5)
    weeks = [0.1429, 1, 3, 31.8571, 32, 78]
    assert_allclose(found.expected_of_new(weeks), [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], atol=1e-3)


def test_gamma_gamma_is_fitted_as_published(data_folder: Path) -> None:
    x, mean = repeat_buyers(data_folder)
    found = fit_spending(x, mean)
    assert found.n == 946
    assert_allclose([found.p, found.q, found.v], [6.25, 3.74, 15.44], atol=0.01)
    averages = found.expected(x, mean)[:10]
    assert_allclose(
        averages, [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17], atol=0.02
    )


def test_very_frequent_buyers_and_long_times_stay_finite_and_in_order() -> None:
    x = np.array([0, 1, 50, 500, 5_000])
    found = PUBLISHED.expected(13, x, np.full(5, 101.0), np.full(5, 101.0))
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()
    assert found[4] < 13 * 5_000 / 100 * 1.1
    assert_allclose(PUBLISHED.expected_of_new([0.0]), [0.0], atol=1e-12)
    long = PUBLISHED.expected_of_new([1e2, 1e4, 1e6])
    assert (np.diff(long) > 0).all()


def integrated(model: Buying, weeks: float, x: int, age: float) -> float:
    """Purchases of somebody still there, straight from what the model assumes: the rate is Γ(r+x, α+T) and the chance
    p to leave B(a, b+x), so that in t weeks there are (1 − e^(−λpt))/p of them; λ is integrated out by hand."""
    chance = beta(model.a, model.b + x)
    s = model.alpha + age

    def at(p: float) -> float:
        return float(-np.expm1((model.r + x) * np.log(s / (s + p * weeks))) / p * chance.pdf(p))

    middle, wide = chance.mean(), chance.std()
    near = [each for each in (middle - 4 * wide, middle, middle + 4 * wide) if 0 < each < 1]
    return float(quad(at, 0, 1, points=near, limit=400)[0])


def test_expected_purchases_are_what_the_model_assumes_whatever_its_parameters() -> None:
    chance = np.random.default_rng(1)
    for _ in range(60):
        r, alpha, a, b = np.exp(chance.uniform([-3, -1, -1, -2], 7))
        x, age = int(chance.choice([0, 1, 3, 10, 60, 500])), float(chance.uniform(1, 150))
        model = Buying(float(r), float(alpha), float(a), float(b))
        alive = float(model.chance_active(x, age, age))
        found = float(model.expected(13, x, age, age))
        assert found == pytest.approx(alive * integrated(model, 13, x, age), rel=1e-4), (model, x, age)


def test_the_gap_at_one_is_no_jump() -> None:
    beside = [Buying(0.5, 4, a, 2.5).expected(20, 3, 20, 25) for a in (1 - 1e-4, 1.0, 1 + 1e-4)]
    assert_allclose(beside, beside[1], rtol=1e-3)


def test_who_has_been_quiet_for_longer_than_usual_is_more_likely_gone() -> None:
    quiet = PUBLISHED.chance_active([10, 10, 10], [50, 40, 10], [51, 51, 51])
    assert quiet[0] > 0.9 > quiet[1] > quiet[2]
    assert quiet[2] < 0.01
    assert float(PUBLISHED.chance_active(0, 0, 500)) == 1.0


def test_what_was_drawn_from_a_model_is_found_again() -> None:
    chance = np.random.default_rng(4)
    rate = chance.gamma(0.8, 1 / 5, 20_000)
    leaves = chance.beta(1.2, 3.0, 20_000)
    age = chance.uniform(10, 80, 20_000)
    x, last = np.zeros(20_000), np.zeros(20_000)
    at, there = np.zeros(20_000), np.ones(20_000, bool)
    while there.any():
        at = at + chance.exponential(1 / rate)
        there &= at < age
        x, last = x + there, np.where(there, at, last)
        there &= chance.random(20_000) > leaves
    found = fit_buying(x, last, age)
    assert_allclose([found.r, found.alpha, found.a, found.b], [0.8, 5, 1.2, 3], rtol=0.15)


def test_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(TooLittle, match="twice"):
        fit_buying([0, 0], [0, 0], [5, 9])
    with pytest.raises(TooLittle, match="twice"):
        fit_spending([0, 0], [0, 0])


def test_equal_amounts_do_not_break_the_fit() -> None:
    found = fit_spending(np.full(50, 2), np.full(50, 19.99))
    assert found.expected([3], [19.99]) == pytest.approx([19.99], rel=0.01)
    assert Spending(6.25, 3.74, 15.44).expected([0], [0]) == pytest.approx([35.2], abs=0.1)


@example(98, 0.0, 0.5, 14.0, 0.5, 1.0, 0.5, 2.0)
@given(
    st.integers(0, 200), st.floats(0, 1), st.floats(0.1, 1_000), st.floats(0.01, 500), st.floats(0.05, 8),
    st.floats(1, 100), st.floats(0.05, 5), st.floats(0.05, 8),
)  # fmt: skip
def test_whatever_somebody_did_the_answer_makes_sense(
    count: int, share: float, T: float, t: float, r: float, alpha: float, a: float, b: float
) -> None:
    model = Buying(r, alpha, a, b)
    last = T * share if count else 0.0
    one = [np.array([each]) for each in (float(count), last, T)]
    chance, expected = model.chance_active(*one)[0], model.expected(t, *one)[0]
    assert 0 <= chance <= 1
    assert expected >= -1e-6
    assert model.expected(t * 2, *one)[0] >= expected - 1e-6
    assert np.isfinite(Spending(6.25, 3.74, 15.44).expected([count], [20.0])).all()


def test_frequent_buyers_are_foretold_as_smoothly_as_others() -> None:
    """SciPy loses 2F1 for some frequencies and not for their neighbours."""
    model, counts = Buying(0.5, 1.0, 0.5, 2.0), np.arange(80.0, 130.0)
    found = model.expected(14.0, counts, np.full(50, 0.5), np.full(50, 0.5))
    second = np.diff(found, 2)
    assert np.all(np.diff(found) > 0)
    assert np.all(np.abs(second) < 0.01 * np.diff(found)[:-1])
