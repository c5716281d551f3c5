"""How a row becomes an event: numbers as people write them, and what lies inside nested values."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.collect.domain import numbers
from heed.collect.domain.mapping import BadRow, MappingError, mapper_of, read_mapping
from heed.collect.domain.numbers import amount, currency, number
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


_WHOLE = st.decimals(min_value=-(10**12), max_value=10**12, places=2)
_SPACE = st.sampled_from(["", " ", "\u00a0", "\u202f"])
_MONEY = st.sampled_from(["€", "$", "£", "US$", "kr", "zł", "EUR", "eur", "USD", "CHF"])


def written(value: Decimal, decimal: str, grouped: bool) -> str:
    text = f"{value:,.2f}" if grouped else f"{value:.2f}"
    return text.translate(str.maketrans(",.", ".,")) if decimal == "," else text


@given(
    _WHOLE,
    st.sampled_from([".", ","]),
    st.booleans(),
    _MONEY,
    _SPACE,
    st.sampled_from(["before", "after", "within"]),
)
def test_an_amount_is_read_wherever_its_currency_stands(
    value: Decimal, decimal: str, grouped: bool, money: str, space: str, place: str
) -> None:
    text = written(value, decimal, grouped)
    minus, bare = ("-", text[1:]) if text.startswith("-") else ("", text)
    shown = {
        "before": money + space + text,
        "after": text + space + money,
        "within": minus + money + space + bare,
    }
    assert amount(shown[place], decimal) == value
    codes = {"€": "EUR", "£": "GBP", "US$": "USD", "ZŁ": "PLN"}
    assert currency(shown[place], decimal) == codes.get(money.upper(), money.upper())
    assert number(shown[place], decimal) is None, "a number has no currency"


@given(_WHOLE, st.sampled_from([".", ","]), _MONEY, _MONEY, _SPACE)
def test_an_amount_with_two_currencies_is_none(
    value: Decimal, decimal: str, a: str, b: str, space: str
) -> None:
    assert amount(f"{a}{space}{written(value, decimal, False)}{space}{b}", decimal) is None


@given(st.text(max_size=90), st.sampled_from([".", ","]))
def test_an_amount_without_a_currency_is_the_number(text: str, decimal: str) -> None:
    if not currency(text, decimal):
        assert amount(text, decimal) == number(text, decimal)


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("€ 49.90", ".", "49.90"), ("49,90 €", ",", "49.90"), ("EUR 49.90", ".", "49.90"), ("$1,234.50", ".", "1234.50"),
        ("1 234,50 kr.", ",", "1234.50"), ("-€5", ".", "-5"), ("€ -5", ".", "-5"), ("CHF 1’234.50", ".", "1234.50"),
        ("49,90 €", ".", None), ("$1.23,5", ",", None), ("-€-5", ".", None), ("ABC 12", ".", None), ("€", ".", None),
        ("1 234 5 €", ".", None), ("12 34", ".", None), ("1'2", ".", None), ("- 5 €", ".", "-5"),
        ("5 € 6", ".", None), ("EURO 5", ".", None), ("5 euros", ".", None), ("12 €/h", ".", None), ("", ".", None),
    ],
)  # fmt: skip
def test_amounts_are_read_with_their_currency_and_not_guessed(
    text: str, decimal: str, expected: str | None
) -> None:
    assert amount(text, decimal) == (None if expected is None else Decimal(expected))


def test_a_cell_full_of_spaces_is_not_tried_in_every_way_to_share_them_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []
    pattern = numbers._AMOUNT
    monkeypatch.setattr(
        numbers, "_AMOUNT", SimpleNamespace(fullmatch=lambda text: seen.append(text) or pattern.fullmatch(text))
    )  # fmt: skip
    for text in ("-" + " " * 78 + "x", "€" + "\u00a0" * 77 + "x", "-" + " " * 40 + "12.50 per month"):
        assert amount(text) is None
    assert seen == ["- x", "€ x", "- 12.50 per month"]


def test_money_has_its_currency_beside_it_and_a_number_has_not() -> None:
    def made(kind: str) -> dict[str, Any]:
        told = {
            "type": "track",
            "event": "Order",
            "userId": "u",
            "properties": {"value": {kind: "{Pieces} * {Price}"}},
        }
        return event({"decimal": ",", "event": told}, {"Pieces": "3", "Price": "2,50\u00a0€"}).properties

    assert made("money") == {"value": 7.5}
    with pytest.raises(BadRow, match="“Price” is not a number"):
        made("number")


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
