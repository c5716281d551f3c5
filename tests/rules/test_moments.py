"""Sequences at the very moments on which they turn."""

from __future__ import annotations

import pytest

from heed import rules
from heed.rules.moments import endings, happened, next_ending
from heed.rules.tree import KEPT_MOMENTS, Sequence, atoms_of

_MINUTE = 60_000
_ABANDONED = 'did "Product Added" then no "Order Completed" in 2 minutes'


def _sequence(text: str) -> Sequence:
    rule = rules.parse(text)
    assert isinstance(rule, Sequence)
    return rule


@pytest.mark.parametrize(
    ("ordered", "abandoned"),
    [(-1, True), (0, False), (1, False), (2 * _MINUTE, False), (2 * _MINUTE + 1, True)],
)
def test_what_is_not_to_follow_may_come_at_once_or_too_late(ordered: int, abandoned: bool) -> None:
    assert happened(_sequence(_ABANDONED), [[0], [ordered]], 3 * _MINUTE) is abandoned


def test_nothing_followed_once_the_time_for_it_is_over() -> None:
    rule = _sequence(_ABANDONED)
    assert not happened(rule, [[0], []], 2 * _MINUTE)
    assert next_ending(rule, [[0], []], 2 * _MINUTE) == 2 * _MINUTE + 1
    assert happened(rule, [[0], []], 2 * _MINUTE + 1)


def test_each_step_comes_after_the_one_before() -> None:
    rule = _sequence('did "A" then "B" in 1 minutes then "C"')
    assert endings(rule, [[0], [0, _MINUTE], [_MINUTE, _MINUTE + 1]]) == [
        (_MINUTE, _MINUTE),
        (_MINUTE + 1, _MINUTE + 1),
    ]
    assert endings(rule, [[0], [_MINUTE + 1], [2 * _MINUTE]]) == []
    assert endings(_sequence('did "A" then "A"'), [[0, 5], [0, 5]]) == [(5, 5)], "one event is not two"


def test_as_many_moments_are_kept_as_a_profile_can_carry() -> None:
    assert {atom.moments for atom in atoms_of(_sequence(_ABANDONED))} == {KEPT_MOMENTS}
