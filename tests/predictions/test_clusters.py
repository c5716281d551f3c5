"""Groups are found where there are some and not where there are none, and are known again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from heed.predictions.domain.clusters import LEAST_CLEAR, find, matched, nearest, silhouette
from heed.predictions.domain.personas import called, space, tell
from heed.predictions.domain.signs import RAW


def blobs(k: int = 4, n: int = 800, seed: int = 1) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    truth = random.integers(k, size=n)
    return 6 * np.eye(8)[truth] + random.normal(size=(n, 8)), truth


@pytest.mark.parametrize("k", [2, 3, 5, 7])
def test_as_many_groups_are_found_as_there_are(k: int) -> None:
    x, truth = blobs(k)
    found = find(x)
    assert found.k == k
    assert adjusted_rand_score(truth, nearest(x, found.centres)) > 0.95


def test_where_everybody_is_one_crowd_no_group_is_clear() -> None:
    x = np.random.default_rng(2).normal(size=(1_000, 10))
    assert find(x).silhouette < LEAST_CLEAR


def test_the_silhouette_is_the_known_one() -> None:
    x, truth = blobs(3, 400)
    assert silhouette(x, truth) == pytest.approx(silhouette_score(x, truth), abs=1e-9)
    assert silhouette(x, np.zeros(400, int)) == 0.0


def test_the_same_customers_give_the_same_groups() -> None:
    x, _ = blobs()
    assert find(x) == find(x)


def test_groups_are_known_again_after_customers_changed_came_and_went() -> None:
    x, _ = blobs(4, 1_000)
    first = find(x)
    before = nearest(x, first.centres)
    moved = x + np.random.default_rng(3).normal(0, 0.3, x.shape)
    moved[:50] = moved[50:100]
    for known in ((), first.centres):
        again = find(moved[100:], known)
        now = nearest(moved[100:], again.centres)
        same = matched(before[100:], now, first.k, again.k)
        assert len(same) == 4
        assert all((before[100:][now == new] == old).mean() > 0.9 for new, old in same.items())


def test_a_group_that_is_new_is_none_of_those_before() -> None:
    before = np.array([0] * 50 + [1] * 50 + [-1] * 40)
    now = np.array([1] * 50 + [0] * 50 + [2] * 40)
    assert matched(before, now, 2, 3) == {0: 1, 1: 0}
    split = np.array([0] * 25 + [1] * 25 + [2] * 25 + [3] * 25 + [0] * 40)
    assert set(matched(before, split, 2, 4).values()) <= {0, 1}


def people(n: int = 400) -> dict[str, Any]:
    random = np.random.default_rng(5)
    raw = {name: np.abs(random.normal(3, 1, n)) for name in RAW}
    raw["rating"] = np.full(n, np.nan)
    raw["late_180"] = np.zeros(n)
    raw["mood"] = random.normal(0.1, 0.1, n)
    raw["purchases"][:100] += 20
    raw["mood"][:100] -= 0.8
    return raw


def test_what_sets_a_group_apart_is_said_with_numbers_beside_everybody() -> None:
    raw = people()
    own = np.arange(400) < 100
    told = tell(raw, own)
    bought, mood = raw["purchases"][own].mean(), raw["mood"][own].mean()
    assert set(told.sentences) == {
        f"Bought {bought:.1f} times (everybody {raw['purchases'].mean():.1f}).",
        f"Mood −{-mood:.2f} (everybody −{-raw['mood'].mean():.2f}).",
    }
    assert set(told.names) == {"frequent buyers", "unhappy"}
    (name,) = called([told])
    assert name in {"Frequent buyers, unhappy", "Unhappy, frequent buyers"}
    assert called([told, told, told], [name]) == [f"{name} 2", f"{name} 3", f"{name} 4"]
    assert called([tell(raw, np.ones(400, bool))]) == ["Like most"]


def test_what_is_unknown_or_the_same_of_all_is_not_gone_by() -> None:
    raw = people()
    found = space(raw)
    assert "rating" not in found.names
    assert "late_180" not in found.names
    x = found.place(raw)
    assert np.isfinite(x).all()
    assert np.abs(x).max() <= 3
