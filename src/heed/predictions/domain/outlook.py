"""What a fit says of all customers together. Pure.

Amounts stay apart by currency: nothing here adds one currency to another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from heed.predictions.domain.rfm import GROUPS, KEY_OF, name_of


class Money(msgspec.Struct, frozen=True):
    currency: str
    amount: Decimal


class Expected(msgspec.Struct, frozen=True):
    """Of the customers who buy mostly in `currency`; `value` is None where nothing is foretold."""

    currency: str
    customers: int
    orders: float
    value: Decimal | None


class Cell(msgspec.Struct, frozen=True):
    """Customers of one recency and frequency; `orders` are expected, None where nothing is foretold."""

    recency: int
    frequency: int
    n: int
    orders: float | None
    spent: tuple[Money, ...]


class Summary(msgspec.Struct, frozen=True):
    """`active` is the sum of the chances of the `again` who bought more than once. `refused` permit no profiling and
    are in none of the figures."""

    active: float
    again: int
    refused: int
    expected: tuple[Expected, ...]
    cells: tuple[Cell, ...]

    @property
    def n(self) -> int:
        return sum(cell.n for cell in self.cells)

    @property
    def orders(self) -> float:
        return sum(cell.orders or 0.0 for cell in self.cells)


@dataclass(frozen=True)
class Square:
    """A cell to draw; `shade` from 0 to 5 goes by how many they are."""

    recency: int
    frequency: int
    name: str
    n: int
    share: float
    shade: int


def grid(summary: Summary) -> list[tuple[int, list[Square]]]:
    """Rows of frequency, the most frequent first, each from the longest ago to the latest."""
    counts = {(cell.recency, cell.frequency): cell.n for cell in summary.cells}
    most = max(counts.values(), default=0)
    if not most:
        return []

    def square(r: int, f: int) -> Square:
        n = counts.get((r, f), 0)
        return Square(r, f, name_of(r, f), n, n / summary.n, -(-5 * n // most))

    return [(f, [square(r, f) for r in range(1, 6)]) for f in range(5, 0, -1)]


@dataclass(frozen=True)
class Group:
    """Customers of one name; `share` of all, `orders` expected, None where nothing is foretold."""

    key: str
    name: str
    n: int
    share: float
    orders: float | None
    spent: list[Money]


def groups(summary: Summary) -> list[Group]:
    """The largest first."""
    found: dict[str, list[Cell]] = {}
    for cell in summary.cells:
        found.setdefault(KEY_OF[cell.recency, cell.frequency], []).append(cell)
    every = []
    for key, cells in found.items():
        n = sum(cell.n for cell in cells)
        told = [cell.orders for cell in cells if cell.orders is not None]
        spent = by_currency(each for cell in cells for each in cell.spent)
        every.append(Group(key, GROUPS[key][0], n, n / summary.n, sum(told) if told else None, spent))
    return sorted(every, key=lambda each: -each.n)


def by_currency(amounts: Iterable[Money]) -> list[Money]:
    """One sum for each currency, the largest first."""
    sums: dict[str, Decimal] = {}
    for each in amounts:
        sums[each.currency] = sums.get(each.currency, Decimal(0)) + each.amount
    return [Money(*each) for each in sorted(sums.items(), key=lambda pair: -pair[1])]
