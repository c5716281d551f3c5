"""All segments at once say what each rule says alone, and nothing changes before the moment they name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heed.rules import compile_rule, parse
from heed.rules.tree import All, InSegment, Not, atoms
from heed.segments.domain.book import Book, Circle, Definition, expanded
from tests.rules.strategies import rules
from tests.rules.test_agreement import NOW, Readings, customers, world

_HOUR = 3_600_000


def _book(definitions: list[Definition]) -> Book:
    keys = [atom.key for each in definitions if each.rule is not None for atom in atoms(each.rule)]
    return Book(definitions, Readings(), keys)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(customers, min_size=1, max_size=6), st.lists(rules(), min_size=1, max_size=6))
def test_every_segment_has_exactly_those_its_rule_is_true_of(
    people: list[dict[str, Any]], own: list[Any]
) -> None:
    states, _ = world(people, *own)
    book = _book([Definition(f"s{place}", rule) for place, rule in enumerate(own)])
    for state in states.values():
        found, _turn = book.members(state, NOW)
        wanted = [f"s{place}" for place, rule in enumerate(own) if compile_rule(rule, Readings())(state, NOW)]
        assert found == sorted(wanted)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(customers, min_size=1, max_size=4),
    st.lists(rules(), min_size=1, max_size=4),
    st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=5),
)
def test_nobody_moves_before_the_moment_that_is_named(
    people: list[dict[str, Any]], own: list[Any], shares: list[float]
) -> None:
    states, _ = world(people, *own)
    book = _book([Definition(f"s{place}", rule) for place, rule in enumerate(own)])
    for state in states.values():
        found, turn = book.members(state, NOW)
        assert turn == 0 or turn > NOW
        end = turn or NOW + 500 * 24 * _HOUR
        for share in (*shares, 1 - 1 / (end - NOW)):
            at = NOW + int((end - NOW) * share)
            assert book.members(state, min(at, end - 1))[0] == found


def test_a_segment_may_rest_on_others_and_on_lists() -> None:
    definitions = [
        Definition("vip", parse('trait.plan = "pro"')),
        Definition("press", None),
        Definition("quiet", All((InSegment("vip"), Not(InSegment("press"))))),
    ]
    people = [
        {"traits": {"plan": "pro"}, "true_now": set(), "consented": set(), "lists": lists, "events": []}
        for lists in (set(), {"press"})
    ]
    states, _ = world(people)
    book = _book(definitions)
    assert [book.members(each, NOW)[0] for each in states.values()] == [["quiet", "vip"], ["press", "vip"]]


def test_segments_that_rest_on_each_other_are_told_and_have_nobody() -> None:
    definitions = {
        "a": Definition("a", Not(InSegment("b"))),
        "b": Definition("b", InSegment("a")),
        "c": Definition("c", parse("trait.plan is unknown")),
    }
    with pytest.raises(Circle) as told:
        expanded(InSegment("a"), definitions)
    assert told.value.keys == ("a", "b", "a")
    assert _book(list(definitions.values())).keys == ["c"]


def test_one_and_true_are_two_conditions() -> None:
    book = _book([Definition("one", parse("trait.age = 1")), Definition("yes", parse("trait.age = true"))])
    people = [
        {"traits": {"age": age}, "true_now": set(), "consented": set(), "lists": set(), "events": []}
        for age in (1, True)
    ]
    states, _ = world(people)
    assert [book.members(each, NOW)[0] for each in states.values()] == [["one"], ["yes"]]
