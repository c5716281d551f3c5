"""What of a file's columns would come in otherwise than people expect, in words, with what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from heed.collect.domain.assistant import (
    CALLS,
    CUSTOMERS,
    EVENTS,
    JOINED,
    PERMITTED,
    UNSUBSCRIBED,
    Choices,
    Column,
    dated,
)
from heed.collect.domain.mapping import entries
from heed.collect.domain.numbers import amount, currency

_AMOUNTS = frozenset({"value", "price", "total", "amount", "revenue", "refund"})
_DECIMALS = re.compile(r"[.,]\d{1,2}$")


def doubts(choices: Choices, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of these choices and the file's first rows; nothing where all is as it seems."""
    if choices.rows == CALLS:
        return []
    told = [each for each in choices.columns if each.role in {"property", "trait"}]
    found = _never_asked(choices, rows)
    for column in told:
        if column.kind == "text" and (cells := _cells(column, rows)) and _amounts(column, cells):
            found.append(
                f"“{column.name}” looks like amounts and would come in as text, which nothing can add up or compare."
                " Choose “money” beside it."
            )
        named = _currencies(_cells(column, rows), choices.decimal) if column.kind == "money" else []
        if len(named) > 1:
            found.append(
                f"“{column.name}” has amounts in more than one currency ({', '.join(named[:5])}), and would come in as bare"
                " numbers. Put the currency into a column of its own, with EUR or the like in each row."
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


_PERMITS = frozenset(
    (
        "acceptsmarketing",
        "acceptsemailmarketing",
        "marketingconsent",
        "emailconsent",
        "emailmarketingconsent",
        "optin",
    )
)
_NEVER = "count as never asked and get no marketing"


def _never_asked(choices: Choices, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Who may have permitted marketing where they came from, and would not have here."""
    if choices.rows != CUSTOMERS or choices.says or not rows:
        return []
    since = [each.name for each in choices.columns if each.role == "permitted_at"]
    asked = [each for each in choices.columns if each.role == "permits"]
    first = f"of the first {len(rows):,} rows" if len(rows) > 1 else "row"
    found = []
    for column in asked:
        permitting = [row for row in rows if _says(row, column, PERMITTED)]
        if permitting and not dated(choices):
            found.append(
                f"In {len(permitting):,} {first} “{column.name}” says that somebody permits marketing, but no column says"
                f" since when: these people will {_NEVER}. A permission without its time would undo a refusal that came"
                " since. Export the file with the time of each permission and choose “since when they permit it” beside it."
            )
        elif since and (without := sum(not any(_cells_of(row, since)) for row in permitting)):
            found.append(
                f"In {without:,} {first} “{column.name}” says that somebody permits marketing, and not since when: these"
                f" people will {_NEVER}."
            )
    others = [each for each in choices.columns if each.role not in {"permits", "email", "phone", "user_id"}]
    for column in others if not asked else []:
        sure = PERMITTED if re.sub(r"[^a-z]", "", column.name.lower()) in _PERMITS else JOINED
        if n := sum(_says(row, column, sure) for row in rows):
            found.append(
                f"“{column.name}” seems to say who permits marketing, and as chosen here {n:,} {first} will {_NEVER}. Choose"
                " “whether they permit marketing” beside it, and “since when they permit it” beside the time of that."
            )
    left = [each for each in choices.columns if each.role == "unsubscribed"]
    stayed = sum(not any(_says(row, each, UNSUBSCRIBED) for each in left) for row in rows)
    if left and not asked and not found and stayed:
        found.append(
            f"That somebody did not unsubscribe is no permission: {stayed:,} {first} will {_NEVER}. Where a column says who"
            " permits marketing and another since when, choose that beside them."
        )
    return found


def _says(row: Mapping[str, Any], column: Column, words: Sequence[str]) -> bool:
    return not entries(row, column.name).isdisjoint(words)


def _cells_of(row: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [str(row.get(name) if row.get(name) is not None else "").strip() for name in names]


def _cells(column: Column, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    found = (str(row.get(column.name) if row.get(column.name) is not None else "").strip() for row in rows)
    return [each for each in found if each]


def _amounts(column: Column, cells: Sequence[str]) -> bool:
    if not all(amount(each) is not None or amount(each, ",") is not None for each in cells):
        return False
    # Whole numbers may as well be ids, phones or postcodes.
    priced = any(currency(cell) or currency(cell, ",") or _DECIMALS.search(cell) for cell in cells)
    return priced or _called(column) in _AMOUNTS


def _currencies(cells: Sequence[str], decimal: str) -> list[str]:
    return sorted({named for cell in cells if (named := currency(cell, decimal))})


def _is_amount(column: Column) -> bool:
    return column.kind == "money" or _called(column) in _AMOUNTS


def _called(column: Column) -> str:
    return (column.target or column.name).strip().casefold()
