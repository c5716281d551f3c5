"""How a row becomes an event: numbers as people write them, and what lies inside nested values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.collect.domain.mapping import BadRow, MappingError, mapper_of, read_mapping
from heed.collect.domain.numbers import number
from heed.collect.domain.protocol import Limits
from heed.contracts.event import Event
from tests.installation import START


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("1.234,56", ",", "1234.56"), ("1.234.567", ",", "1234567"), ("12,5", ",", "12.5"), ("1 234,5", ",", "1234.5"),
        ("1’234.50", ".", "1234.50"), ("-3,00", ",", "-3.00"), ("−3", ".", "-3"), ("1,234.56", ".", "1234.56"),
        ("1\u202f234,5", ",", "1234.5"), ("1e3", ".", "1000"), (".5", ".", "0.5"), ("5,", ",", "5"), ("1234.5", ".", "1234.5"),
        ("1.234", ",", "1234"), ("1.234", ".", "1.234"),
        ("1.23,56", ",", None), ("12,50", ".", None), ("1,2,3", ",", None), ("", ".", None), ("abc", ".", None),
        ("NaN", ".", None), ("1e999999", ".", None), ("1.5", ",", None), ("٣", ".", "3"), ("1" * 61, ".", None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_written(text: str, decimal: str, expected: str | None) -> None:
    assert number(text, decimal) == (None if expected is None else Decimal(expected))


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=2), st.sampled_from([".", ","]), st.booleans()
)
def test_every_amount_is_read_back(value: Decimal, decimal: str, grouped: bool) -> None:
    text = f"{value:,.2f}" if grouped else f"{value:.2f}"
    if decimal == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    assert number(text, decimal) == value


def event(mapping: dict[str, Any], row: dict[str, Any]) -> Event:
    found = mapper_of(mapping).event(row, 1, "0" * 16, START, Limits())
    assert found is not None
    return found


def test_a_mapping_says_that_commas_are_decimal() -> None:
    mapping = {
        "decimal": ",",
        "event": {
            "type": "track", "event": "Order Completed", "userId": "u",
            "properties": {"value": {"money": "{Pieces} * {Price}"}, "half": {"number": "{Pieces} * 0.5"}},
        },
        "when": [{"column": "Price", "above": 1000, "event": {"event": "Big Order"}}],
    }  # fmt: skip
    small = event(mapping, {"Pieces": "3", "Price": "2,50"})
    assert (small.name, small.properties) == ("Order Completed", {"value": 7.5, "half": 1.5})
    assert event(mapping, {"Pieces": "2", "Price": "1.234,50"}).name == "Big Order"
    with pytest.raises(BadRow, match="not a number"):
        event(mapping, {"Pieces": "2", "Price": "1.5.3"})
    with pytest.raises(MappingError, match="decimal"):
        mapper_of({**mapping, "decimal": ";"})


def test_what_lies_inside_is_read_by_its_path() -> None:
    mapping = {
        "time": "{at}",
        "event": {
            "type": "track", "event": "{a.b.name}", "userId": "{users.1.id}",
            "properties": {"whole": {"whole": "{a}"}, "none": "{a.x.y}", "text": "{a}", "literal": "{x.y}"},
        },
    }  # fmt: skip
    row = {"a": {"b": {"name": "Seen"}}, "users": [{"id": 1}, {"id": 2}], "x.y": "flat", "at": "1789990000.5"}
    found = event(mapping, row)
    assert (found.name, found.user_id, found.occurred) == ("Seen", "2", 1789990000500)
    assert found.properties == {"whole": {"b": {"name": "Seen"}}, "literal": "flat"}
    assert event(mapping, {**row, "at": "1789990000123"}).occurred == 1789990000123
    assert event(mapping, {**row, "at": "2026-09-21T12:00:00Z"}).occurred == 1789992000000
    assert event(mapping, {**row, "at": "20260921"}).occurred == 1789948800000


def test_a_mapping_that_is_none_says_what_is_wrong() -> None:
    for text, words in (
        ("x = [", "TOML"),
        ("[event]\n[[when]]\nbelow = 1", "column"),
        ("colour = 1", "colour"),
    ):
        with pytest.raises(MappingError, match=words):
            read_mapping(text)


def test_an_address_alone_says_who_somebody_is() -> None:
    mapping = {"event": {"type": "identify", "traits": {"email": "{Mail}", "phone": "{Phone}"}}}
    found = event(mapping, {"Mail": "a@example.org", "Phone": ""})
    assert found.context["externalIds"] == [{"type": "email", "id": "a@example.org"}]
    with pytest.raises(BadRow, match="no_identity"):
        event(mapping, {"Mail": "", "Phone": ""})
