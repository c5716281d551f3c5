"""Shares and means with their intervals, against published values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.kit.means import t95
from heed.kit.shares import share


def test_a_share_has_wilsons_interval() -> None:
    found = share(85, 100)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.7672, 0.9069)


def test_nobody_asked_is_no_share() -> None:
    assert share(0, 0) is None


@given(st.integers(1, 10**7), st.data())
def test_a_share_lies_inside_its_interval(n: int, data: st.DataObject) -> None:
    found = share(data.draw(st.integers(0, n)), n)
    assert found is not None
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


@pytest.mark.parametrize(
    ("freedom", "published"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980)],
)
def test_students_quantile_is_the_published_one(freedom: int, published: float) -> None:
    assert t95(freedom) == pytest.approx(published, abs=0.01)
