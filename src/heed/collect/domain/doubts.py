"""What of a file's columns would come in otherwise than people expect, in words, with what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from heed.collect.domain.assistant import CALLS, EVENTS, Choices, Column
from heed.collect.domain.numbers import number

_AMOUNTS = frozenset({"value", "price", "total", "amount", "revenue", "refund"})
_SIGNS = re.compile(r"(?:[€$£¥₹]|\b(?:EUR|USD|GBP|SEK|NOK|DKK|CHF|JPY|PLN|kr)\b\.?)", re.IGNORECASE)
_DECIMALS = re.compile(r"[.,]\d{1,2}$")


def doubts(choices: Choices, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of these choices and the file's first rows; nothing where all is as it seems."""
    if choices.rows == CALLS:
        return []
    told = [each for each in choices.columns if each.role in {"property", "trait"}]
    found = []
    for column in told:
        if column.kind == "text" and (cells := _cells(column, rows)) and _amounts(column, cells):
            signs = " and take the currency's sign out of the file" if any(map(_SIGNS.search, cells)) else ""
            found.append(
                f"“{column.name}” looks like amounts and would come in as text, which nothing can add up or compare."
                f" Choose “money” beside it{signs}."
            )
    unnamed = [each for each in told if each.role == "property" and _is_amount(each)]
    has_currency = any(_called(each) == "currency" for each in told if each.role == "property")
    if choices.rows == EVENTS and unnamed and not has_currency:
        names = ", ".join(f"“{each.name}”" for each in unnamed[:3])
        found.append(
            f"Nothing says which currency {names} {'is' if len(unnamed) == 1 else 'are'} in, so that it is added up apart"
            " from amounts whose currency is known. If a column has it, let it be about the event and call it currency; if"
            " none has, add one to the file, with EUR or the like in each row."
        )
    return found


def _cells(column: Column, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    found = (str(row.get(column.name) if row.get(column.name) is not None else "").strip() for row in rows)
    return [each for each in found if each]


def _amounts(column: Column, cells: Sequence[str]) -> bool:
    bare = [_SIGNS.sub("", each).strip() for each in cells]
    if not all(number(each) is not None or number(each, ",") is not None for each in bare):
        return False
    # Whole numbers may as well be ids, phones or postcodes.
    priced = any(_SIGNS.search(cell) or _DECIMALS.search(cell) for cell in cells)
    return priced or _called(column) in _AMOUNTS


def _is_amount(column: Column) -> bool:
    return column.kind == "money" or _called(column) in _AMOUNTS


def _called(column: Column) -> str:
    return (column.target or column.name).strip().casefold()
