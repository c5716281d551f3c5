"""Dates beside now, at the moments where the answer turns."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from heed import rules
from heed.kit.clock import in_ms
from heed.rules.dates import as_moment, dated
from heed.rules.tree import Dated

NOON = "2026-11-24T12:00:00"


def _holds(text: str, value: object, now: str = NOON) -> bool:
    rule = rules.parse(f"trait.day {text}")
    assert isinstance(rule, Dated)
    return dated(rule)(value, in_ms(datetime.fromisoformat(now)))


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("within next 7 days", "2026-11-24", True),  # today, though its midnight is over
        ("within next 7 days", "2026-11-23", False),
        ("within next 7 days", "2026-12-01", True),
        ("within next 7 days", "2026-12-02", False),
        ("within next 2 hours", "2026-11-24T12:00:00", True),
        ("within next 2 hours", "2026-11-24T14:00:00.001", False),
        ("within last 2 hours", "2026-11-24T10:00:00.001", True),
        ("within last 2 hours", "2026-11-24T10:00:00", False),
        ("within last 2 hours", "2026-11-24T12:00:00.001", False),
        ("more than 2 hours ago", "2026-11-24T10:00:00", True),
        ("more than 2 hours ago", "2026-11-24T10:00:00.001", False),
        ("more than 30 days ahead", "2026-12-24T12:00:00", False),
        ("more than 30 days ahead", "2026-12-24T12:00:00.001", True),
        ('before "2026-11-24"', "2026-11-23T23:59:59.999Z", True),
        ('before "2026-11-24"', "2026-11-24", False),
        ('since "2026-11-24"', "2026-11-24T00:30:00+01:00", False),
        ("anniversary today", "1980-11-24", True),
        ("anniversary today", "1980-11-25", False),
        ("anniversary within next 3 days", "1961-11-27T23:59:00", True),
        ("anniversary within next 3 days", "1961-11-28", False),
    ],
)
def test_a_date_stands_so_to_now(text: str, value: object, holds: bool) -> None:
    assert _holds(text, value) is holds


def test_who_was_born_on_a_leap_day_has_a_birthday_every_year() -> None:
    assert _holds("anniversary today", "1984-02-29", "2027-02-28T08:00:00")
    assert not _holds("anniversary today", "1984-02-29", "2027-03-01T08:00:00")
    assert _holds("anniversary today", "1984-02-29", "2028-02-29T08:00:00")
    assert not _holds("anniversary today", "1984-02-29", "2028-02-28T08:00:00")


def test_the_turn_of_the_year_is_in_between() -> None:
    assert _holds("anniversary within next 10 days", "1990-01-02", "2026-12-28T00:00:00")


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "soon",
        "2026-13-01",
        1e300,
        float("nan"),
        float("inf"),
        "9999-12-31",
        "0001-01-01",
        -9e13,
        9e14,
        "9" * 50,
        [],
    ],
)
def test_what_is_no_date_stands_in_no_way(value: object) -> None:
    assert as_moment(value) is None


def test_unix_time_is_read_in_seconds_and_milliseconds() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    assert as_moment(at.timestamp()) == as_moment(at.timestamp() * 1000) == in_ms(at)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('trait.day before "soon"', "is no date"),
        ("trait.day within 7 days", "“last” or “next”"),
        ("trait.day more than 7 days", "“ago” or “ahead”"),
        ("trait.day anniversary within next 200 days", "1 to 180 days ahead"),
        ("trait.day anniversary within next 3 hours", "1 to 180 days ahead"),
        ("trait.day within last 0 days", "1 minute to 10 years"),
        ("trait.day within last 4000 days", "1 minute to 10 years"),
        ('order.count before "2026-01-01"', "is no date"),
        ('did "A" then no "B" then "C"', "nothing can follow"),
        ("did " + " then ".join(['"A"'] * 7), "at most 6 steps"),
        ('did "A" then no', "the event's name in quotes"),
        ('did "A" then "B" in "2 hours"', "a whole number"),
        ('first "A" at least 2 times', "“and” or “or”"),
    ],
)
def test_a_mistake_is_explained(text: str, says: str) -> None:
    with pytest.raises(rules.RuleError, match=says):
        rules.parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'did "Product Added" then no "Order Completed" in 2 hours within 7 days',
            "“Product Added” then no “Order Completed” within 2 hours in the last 7 days",
        ),
        (
            'last "Order Completed" within 90 days where value > 100',
            "the last “Order Completed” was in the last 90 days, value is above 100",
        ),
        (
            'first "Order Completed" where category = "Mugs"',
            "the first “Order Completed” was one, category is Mugs",
        ),
        ("trait.trial_ends within next 7 days", "trial ends is in the next 7 days"),
        ("trait.birthday anniversary today", "birthday comes round today"),
    ],
)
def test_rules_about_time_are_said_in_words(text: str, words: str) -> None:
    rule = rules.parse(text)
    assert rules.text(rule) == text
    assert rules.describe(rule) == words


@pytest.mark.parametrize("name", ["", " a", "a\\", "a'b", 'a"b', "*", "x') or 1=1 --", "a" * 101])
def test_what_is_no_plain_name_of_a_property_is_refused(name: str) -> None:
    """It would stand in a question to the lake."""
    with pytest.raises(
        rules.RuleError, match=r"letters, digits, spaces|here I expect|wrong backslash|Here I expect"
    ):
        rules.parse(f'did "A" where {json.dumps(name)} = 1')
