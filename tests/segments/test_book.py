"""All segments at once say what each rule says alone, and nothing changes before the moment they name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heed.rules import compile_rule, parse
from heed.rules.tree import All, InSegment, Not, atoms
from heed.rules.tree import Any as Either
from heed.segments.domain.book import Book
from heed.segments.domain.definitions import Definition, circle
from tests.rules.strategies import LISTS, PURPOSES, rules
from tests.rules.test_agreement import NOW, Readings, customers, world

_HOUR = 3_600_000


_LISTS = [Definition(key, None) for key in LISTS]


def _book(definitions: list[Definition]) -> Book:
    keys = [atom.key for each in definitions if each.rule is not None for atom in atoms(each.rule)]
    return Book([*_LISTS, *definitions], Readings(), keys)


def _people(people: list[dict[str, Any]], *own: Any) -> list[Any]:
    states, _ = world(people, *own)
    for state in states.values():
        state.segments = SimpleNamespace(lists=state.lists)
    return list(states.values())


def _somebody(**known: Any) -> dict[str, Any]:
    return {"traits": {}, "true_now": set(), "consented": set(), "lists": set(), "events": [], **known}


def _ruled(book: Book, state: Any, now: int = NOW) -> list[str]:
    return [key for key in book.members(state, now)[0] if key not in LISTS]


def test_a_changed_segment_goes_by_its_former_rule_until_the_new_one_is_counted() -> None:
    new, former = parse('did "Bought" within 60 days'), parse("trait.plan = 1")
    definitions = [
        Definition("buyers", new, "", "2", former),
        Definition("vip", InSegment("buyers"), "", "1"),
    ]
    (state,) = _people([_somebody(traits={"plan": 1})])
    before = Book(definitions, Readings(), ())
    assert _ruled(before, state) == ["buyers", "vip"]
    assert before.versions == {}, "one that rests on a changed segment is not right yet either"
    after = Book(definitions, Readings(), [atom.key for atom in atoms(new)])
    assert _ruled(after, state) == []
    assert after.versions == {"buyers": "2", "vip": "1"}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(customers, min_size=1, max_size=6), st.lists(rules(), min_size=1, max_size=6))
def test_every_segment_has_exactly_those_its_rule_is_true_of(
    people: list[dict[str, Any]], own: list[Any]
) -> None:
    book = _book([Definition(f"s{place}", rule) for place, rule in enumerate(own)])
    for state in _people(people, *own):
        wanted = [f"s{place}" for place, rule in enumerate(own) if compile_rule(rule, Readings())(state, NOW)]
        assert _ruled(book, state) == sorted(wanted)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(customers, min_size=1, max_size=4),
    st.lists(rules(), min_size=2, max_size=5),
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["and", "or", "not"])), max_size=6
    ),
    st.lists(st.sampled_from(["", *PURPOSES]), min_size=16, max_size=16),
)
def test_segments_that_rest_on_segments_have_whom_those_have(
    people: list[dict[str, Any]], own: list[Any], built: list[tuple[int, int, str]], purposes: list[str]
) -> None:
    """Each is made of two before it, in any order of keys, some with a purpose."""
    definitions = [Definition(f"z{place}", rule, purposes[place]) for place, rule in enumerate(own)]
    for place, (one, other, how) in enumerate(built):
        known = [InSegment(definitions[each % len(definitions)].key) for each in (one, other)]
        rule = {"and": All(tuple(known)), "or": Either(tuple(known)), "not": Not(known[0])}[how]
        definitions.append(Definition(f"a{place}", rule, purposes[5 + place]))
    book = _book(definitions)
    for state in _people(people, *own):
        found: set[str] = set()
        for each in definitions:
            holds = _naive(each.rule, state, found) and (not each.purpose or each.purpose in state.consented)
            found |= {each.key} if holds else set()
        assert _ruled(book, state) == sorted(found)


def _naive(rule: Any, state: Any, found: set[str]) -> bool:
    if isinstance(rule, InSegment) and rule.segment not in LISTS:
        return rule.segment in found
    if isinstance(rule, All | Either) and all(isinstance(each, InSegment) for each in rule.rules):
        return (all if isinstance(rule, All) else any)(_naive(each, state, found) for each in rule.rules)
    if isinstance(rule, Not) and isinstance(rule.rule, InSegment):
        return not _naive(rule.rule, state, found)
    return compile_rule(rule, Readings())(state, NOW)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(customers, min_size=1, max_size=4),
    st.lists(rules(), min_size=1, max_size=4),
    st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=5),
)
def test_nobody_moves_before_the_moment_that_is_named(
    people: list[dict[str, Any]], own: list[Any], shares: list[float]
) -> None:
    book = _book([Definition(f"s{place}", rule) for place, rule in enumerate(own)])
    for state in _people(people, *own):
        found, turn = book.members(state, NOW)
        assert turn == 0 or turn > NOW
        end = turn or NOW + 500 * 24 * _HOUR
        for share in (*shares, 1 - 1 / (end - NOW)):
            at = NOW + int((end - NOW) * share)
            assert book.members(state, min(at, end - 1))[0] == found


def test_a_list_with_a_purpose_has_only_those_who_permit_it() -> None:
    book = Book([Definition("press", None, "marketing")], Readings(), ())
    people = _people([_somebody(lists={"press"}), _somebody(lists={"press"}, consented={"marketing"})])
    assert [book.members(each, NOW)[0] for each in people] == [[], ["press"]]


def test_segments_that_rest_on_each_other_are_told_and_have_nobody() -> None:
    definitions = {
        "a": Definition("a", Not(InSegment("b"))),
        "b": Definition("b", InSegment("a")),
        "c": Definition("c", parse("trait.plan is unknown")),
        "d": Definition("d", Not(InSegment("a"))),
    }
    assert circle("a", definitions) == ("a", "b", "a")
    assert circle("c", definitions) == circle("d", definitions) == ()
    assert set(_book(list(definitions.values())).versions) == {"c", *LISTS}


def test_many_small_segments_that_rest_on_each_other_cost_what_they_are() -> None:
    """Neither a long chain of deeply nested rules nor a tower that asks for each floor ten times."""
    chain = [Definition(f"d{n}", parse("not " * 37 + f'segment "d{n + 1}"')) for n in range(300)]
    chain.append(Definition("d300", parse('trait.plan = "nobody\'s"')))
    tower = [Definition("e0", parse("trait.plan is unknown"))]
    tower += [Definition(f"e{n}", All((InSegment(f"e{n - 1}"),) * 10)) for n in range(1, 30)]
    book = _book([*chain, *tower])
    found = set(_ruled(book, _people([_somebody()])[0]))
    assert {each.key for each in tower} <= found
    assert [f"d{n}" in found for n in (299, 298, 297)] == [True, False, True]


def test_one_and_true_are_two_conditions() -> None:
    book = _book([Definition("one", parse("trait.age = 1")), Definition("yes", parse("trait.age = true"))])
    people = _people([_somebody(traits={"age": age}) for age in (1, True)])
    assert [_ruled(book, each) for each in people] == [["one"], ["yes"]]
