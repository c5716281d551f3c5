"""The text of a rule and its tree say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.rules import RuleError, parse, text
from heed.rules.tree import from_json, to_json
from tests.rules.strategies import rules


@given(rules())
def test_what_is_written_is_read_back(rule: object) -> None:
    assert parse(text(rule)) == rule  # type: ignore[arg-type]


@given(rules())
def test_a_builder_and_the_text_share_one_tree(rule: object) -> None:
    assert from_json(to_json(rule)) == rule  # type: ignore[arg-type]


@given(st.text(max_size=200))
def test_whatever_somebody_types_is_read_or_explained(typed: str) -> None:
    problem = _problem(typed)
    if problem is not None:
        assert str(problem)
        assert 0 <= problem.position <= len(typed)


def _problem(typed: str) -> RuleError | None:
    try:
        parse(typed)
    except RuleError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "empty"),
        ("trait.age >", "a number, a text"),
        ('trait.age < "old"', "compares numbers"),
        ('did "A" within 900 days', "1 to 400"),
        ('did "A" where email = "x"', "personal data"),
        ("weather = 1", "nothing called 'weather'"),
        ("trait.a = 1 trait.b = 2", "“and” or “or”"),
        ("not " * 60 + "trait.a = 1", "nested"),
        ("(" * 60 + "trait.a = 1", "nested"),
        ('trait.a = "unfinished', "cannot read"),
    ],
)
def test_a_mistake_is_explained(typed: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        parse(typed)


def test_and_binds_closer_than_or() -> None:
    assert parse("trait.a = 1 or trait.b = 2 and trait.c = 3") == parse(
        "trait.a = 1 or (trait.b = 2 and trait.c = 3)"
    )
