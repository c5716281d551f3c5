"""The text of a rule and its tree say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.profiles.api import fold
from heed.profiles.domain.consent import Permission
from heed.profiles.register import readings
from heed.rules import RuleError, describe, parse, text
from heed.rules.predicate import predicate
from heed.rules.tree import from_json, to_json
from heed.rules.turns import verdict
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
        ("trait.country = 'DE'", "put texts in double quotes"),
        ("trait.country = “DE”", "put texts in double quotes"),
    ],
)
def test_a_mistake_is_explained(typed: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        parse(typed)


def test_and_binds_closer_than_or() -> None:
    assert parse("trait.a = 1 or trait.b = 2 and trait.c = 3") == parse(
        "trait.a = 1 or (trait.b = 2 and trait.c = 3)"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("identified = true", "we know who they are"),
        ("identified = false", "we do not know who they are"),
        ("not identified = true", "we do not know who they are"),
        ("not case.open = true", "has no open case"),
        ("mood.valence > -0.2", "mood is above −0.2"),
        ("mood.confidence > 0.3", "how sure the mood is above 0.3"),
        ("order.days_late > 0", "the open order is late"),
        ("order.days_late >= 1", "the open order is late by at least 1 day"),
        ("case.age_hours > 24", "the oldest open case has waited more than 24 hours"),
        ("complaint.hours_ago < 48", "fewer than 48 hours since the last complaint"),
        ("visit.count = 1", "exactly 1 visit"),
        ("trait.vip = true", "vip is yes"),
        (
            'not circumstance "case_open" and consent "marketing"',
            "not case open and consent to “Offers and news”",
        ),
        ('not consent "marketing"', "no consent to “Offers and news” (or paused)"),
        ("paused = true", "has asked for a pause"),
        ("paused = false", "has not asked for a pause"),
        ('did "Home" within 1 day', "“Home” happened today"),
        (
            'did "Home" at least 2 times within 30 days',
            "“Home” happened at least 2 times in the last 30 days",
        ),
        ('not did "Home"', "“Home” did not happen"),
    ],
)
def test_a_rule_is_told_in_a_sentence(text: str, words: str) -> None:
    assert describe(parse(text)) == words


@pytest.mark.parametrize("escaped", ["\\ud800", "a\\u0000b", "\\udfff tail"])
def test_characters_no_store_keeps_are_refused_wherever_a_text_stands(escaped: str) -> None:
    for rule in (f'did "{escaped}"', f'trait.x = "{escaped}"', f'consent "{escaped}"', f'segment "{escaped}"',
                 f'did "A" where value = "{escaped}"', f'trait.x in ["{escaped}"]'):  # fmt: skip
        with pytest.raises(RuleError, match="no event can have"):
            parse(rule)
    assert parse('did "\\ud83d\\ude00"') == parse('did "😀"')


def test_an_amount_is_summed_in_words_and_text() -> None:
    written = 'did "Order Completed" total value at least 99.5 within 30 days where currency = "EUR"'
    rule = parse(written)
    assert text(rule) == written
    assert "with a total value of at least 99.5 in the last 30 days" in describe(rule)
    for broken in (
        'did "Order Completed" total',
        'did "Order Completed" total weight at least 1',
        'did "Order Completed" total value',
        'did "Order Completed" total value at least 1.23456',
        'did "Order Completed" total value at least 1e30',
    ):
        with pytest.raises(RuleError):
            parse(broken)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('without consent "marketing"', 'not consent "marketing"'),
        ('no consent to "marketing"', 'not consent "marketing"'),
        ('not consents to "marketing"', 'not consent "marketing"'),
        ('consents to "marketing" and without circumstance "order_late"',
         'consent "marketing" and not circumstance "order_late"'),
        ('did not "Home" within 7 days', 'not did "Home" within 7 days'),
        ('not in segment "vip"', 'not segment "vip"'),
    ],
)  # fmt: skip
def test_what_is_not_so_may_be_said_as_people_say_it(written: str, kept: str) -> None:
    assert text(parse(written)) == kept


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("consent marketing", 'Did you mean consent "marketing"?'),
        ("without consent to marketing", 'Did you mean consent "marketing"?'),
        ("circumstance order_late", 'Did you mean circumstance "order_late"?'),
        ("without trait.a = 1", "write not before it instead of 'without'"),
        ('never did "Home"', "write not before it instead of 'never'"),
        ("pause = true", "Did you mean paused"),
    ],
)
def test_what_was_meant_is_said_where_it_can_be_guessed(written: str, hint: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse(written)
    assert hint in str(refused.value)


def test_a_pause_is_no_refusal_and_ends_by_itself() -> None:
    state = fold.new()
    state.consent.purposes["marketing"] = Permission(True, 1, "shop")
    state.consent.paused_until = 5_000
    told = {
        now: [
            predicate(parse(each), readings)(state, now) for each in ('consent "marketing"', "paused = true")
        ]
        for now in (4_999, 5_000)
    }
    assert told == {4_999: [False, True], 5_000: [True, False]}
    assert verdict(parse("paused = true"), readings)(state, 4_000)[1] == 5_000
