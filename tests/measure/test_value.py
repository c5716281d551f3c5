"""What customers will be worth, held to published and independently computed figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.measure.domain.value import Buying, Spending, TooLittle, fit_buying, fit_spending

PUBLISHED = Buying(0.243, 4.414, 0.793, 2.426)
INDEPENDENT = Buying(0.24259, 4.41353, 0.79289, 2.42575)


@pytest.fixture
def cdnow(data_folder: Path) -> np.ndarray:
    """Repeat purchases, when the last was, time since the first (weeks), mean value, of 2,357 customers."""
    whole = np.genfromtxt(data_folder / "cdnow" / "cdnow_customers_summary.csv", delimiter=",", skip_header=1)
    return whole[:, 1:].T


def test_cdnow_gives_the_published_parameters(cdnow: np.ndarray) -> None:
    x, t_x, T = cdnow
    found = fit_buying(x, t_x, T)
    assert [round(each, 2) for each in (found.r, found.alpha, found.a, found.b)] == [0.24, 4.41, 0.79, 2.43]
    assert found.log_likelihood(x, t_x, T) == pytest.approx(-9582.43, abs=0.01)


def test_what_one_customer_will_do_is_the_published_figure() -> None:
    one = [np.array([each]) for each in (2.0, 30.43, 38.86)]
    assert PUBLISHED.expected(39, *one)[0] == pytest.approx(1.226, abs=0.001)
    assert PUBLISHED.chance_active(*one)[0] == pytest.approx(0.7266, abs=0.0002)


@pytest.mark.parametrize(
    ("weeks", "purchases"),
    [(0.1429, 0.0078), (1, 0.0532), (3, 0.1506), (31.8571, 1.0405), (32, 1.0437), (78, 1.8576)],
)
def test_what_a_new_customer_will_do_is_the_published_figure(weeks: float, purchases: float) -> None:
    assert INDEPENDENT.expected_of_new(weeks) == pytest.approx(purchases, abs=0.001)


def test_cdnow_spends_as_published(data_folder: Path) -> None:
    file = data_folder / "cdnow" / "cdnow_customers_summary_with_transactions.csv"
    x, mean = np.genfromtxt(file, delimiter=",", skip_header=1)[:, [1, 4]].T
    found = fit_spending(x, mean)
    assert (found.p, found.q, found.v) == pytest.approx((6.25, 3.74, 15.44), abs=0.02)
    wanted = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert found.expected(x, mean)[:10] == pytest.approx(wanted, abs=0.02)


def test_little_is_said_to_be_too_little() -> None:
    with pytest.raises(TooLittle):
        fit_buying(np.zeros(500), np.zeros(500), np.ones(500))
    with pytest.raises(TooLittle):
        fit_spending(np.ones(5), np.ones(5))


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
    assert np.isfinite(Spending(6.25, 3.74, 15.44).expected(np.array([count]), np.array([20.0]))[0])
