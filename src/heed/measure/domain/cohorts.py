"""Who came back: customers by the month they first bought, month by month after it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

MONTHS: Final = 12
"""Months after the first that are shown."""


class Found(NamedTuple):
    """`n` customers who first bought in `month` bought `later` months after it, and `spent` so much in each currency."""

    month: date
    later: int
    n: int
    spent: dict[str, Decimal]


@dataclass(frozen=True)
class Cell:
    """`n` of a cohort bought in a month, and spent so much in the currency asked about; `share` is that of the
    cohort, in money that of what it spent in its first month."""

    n: int
    spent: Decimal
    share: float
    so_far: bool

    @property
    def shade(self) -> int:
        """From 0 to 5 by the share, 5 from a half on."""
        return max(0, min(5, math.ceil(self.share * 10)))


@dataclass(frozen=True)
class Cohort:
    """Customers who first bought in `month` and spent `spent` in it; `cells` are the months after it, up to the running
    one."""

    month: date
    n: int
    spent: Decimal
    cells: tuple[Cell, ...]


def add_months(month: date, count: int) -> date:
    years, index = divmod(month.month - 1 + count, 12)
    return date(month.year + years, index + 1, 1)


def cohorts(rows: Iterable[Found], today: date, currency: str | None = None) -> list[Cohort]:
    """The oldest cohort first; the month of `today` is not over. With a `currency` shares are of money in it."""
    found: dict[date, dict[int, Found]] = {}
    for row in rows:
        found.setdefault(row.month, {})[row.later] = row
    result = []
    for month in sorted(found):
        age = (today.year - month.year) * 12 + today.month - month.month
        of = [_cell(found[month].get(later), currency) for later in range(min(age, MONTHS) + 1)]
        n, spent = of[0]
        whole = float(spent) if currency is not None else n
        cells = tuple(
            Cell(some, money, float(money if currency is not None else some) / whole if whole > 0 else 0.0, later == age)
            for later, (some, money) in enumerate(of[1:], 1)
        )  # fmt: skip
        result.append(Cohort(month, n, spent, cells))
    return result


def _cell(found: Found | None, currency: str | None) -> tuple[int, Decimal]:
    if found is None:
        return 0, Decimal(0)
    return found.n, found.spent.get(currency or "", Decimal(0))


def currencies(rows: Iterable[Found]) -> list[str]:
    """Those that anything was spent in, the one of most months first."""
    counts: dict[str, int] = {}
    for row in rows:
        for currency in row.spent:
            counts[currency] = counts.get(currency, 0) + row.n
    return sorted(counts, key=lambda each: (-counts[each], each))


def average(every: Sequence[Cohort], currency: str | None = None) -> list[float | None]:
    """Of all cohorts whose month so long after the first is over, the share together."""
    shares: list[float | None] = []
    for place in range(max((len(each.cells) for each in every), default=0)):
        over = [each for each in every if len(each.cells) > place and not each.cells[place].so_far]
        part: float = sum(each.cells[place].n for each in over)
        whole: float = sum(each.n for each in over)
        if currency is not None:
            part = float(sum(each.cells[place].spent for each in over))
            whole = float(sum(each.spent for each in over))
        shares.append(part / whole if whole > 0 else None)
    return shares
