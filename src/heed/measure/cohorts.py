"""Retention: who buys again, by the month of their first purchase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from heed.kit.kept import Kept
from heed.measure.purchases import PURCHASES, parameters
from heed.measure.store import from_lake

MONTHS: Final = 13
_ROWS: Final = 24


@dataclass(frozen=True)
class Cohort:
    """`counts[n]` of the `size` customers who first bought in `month` bought n months later (`counts[0]` all)."""

    month: date
    size: int
    counts: list[int]

    @property
    def cells(self) -> list[tuple[int, float, int]]:
        """From the first month after: count, share of all, and the share in tenths for its shade."""
        return [(count, count / self.size, min(9, int(10 * count / self.size))) for count in self.counts[1:]]


def cohorts() -> list[Cohort]:
    """The newest months last; months in UTC. A merged customer counts once, from the first purchase of any part."""
    rows = from_lake(
        f"""
        with {PURCHASES},
        bought as (select distinct who, date_trunc('month', day) as month from purchases),
        first as (select who, min(month) as month from bought group by who)
        select first.month::date as month, datediff('month', first.month, bought.month) as later, count(*) as n
        from bought join first using (who) group by 1, 2 order by 1, 2
        """,  # noqa: S608  a fixed text
        parameters(),
    )
    newest = max((_number(row["month"]) + int(row["later"]) for row in rows), default=0)
    found: dict[date, dict[int, int]] = {}
    for row in rows:
        found.setdefault(row["month"], {})[int(row["later"])] = int(row["n"])
    return [
        Cohort(month, counts[0], [counts.get(n, 0) for n in range(min(MONTHS, newest - _number(month) + 1))])
        for month, counts in sorted(found.items())[-_ROWS:]
    ]


def _number(month: date) -> int:
    return month.year * 12 + month.month


cohort_table = Kept(cohorts, 300)
