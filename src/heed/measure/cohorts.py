"""Retention: who buys again and for how much, by the month of their first purchase."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from heed.commerce.api import PURCHASES, purchase_parameters
from heed.kit.kept import Kept
from heed.measure.domain.cohorts import MONTHS, Found, add_months
from heed.ports.current import lake_rows

_COHORTS: Final = f"""
    with {PURCHASES}, bought as (
        select who, date_trunc('month', day)::date as month, currency, sum(value) as spent
        from purchases where occurred <= ? group by all
    ), began as (
        select who, min(month) as first from bought group by who
    )
    select first, datediff('month', first, month) as later, currency, count(distinct who) as n, sum(spent) as spent
    from bought join began using (who)
    where first >= ? and datediff('month', first, month) <= ?
    group by grouping sets ((first, later), (first, later, currency))
"""  # noqa: S608  a fixed text


def cohorts_at(now: datetime) -> list[Found]:
    """The cohorts of the last MONTHS months and the running one; months in UTC. A merged customer counts once, from
    the first purchase of any part."""
    oldest = add_months(date(now.year, now.month, 1), -MONTHS)
    counts: dict[tuple[date, int], int] = {}
    spent: dict[tuple[date, int], dict[str, Decimal]] = {}
    for row in lake_rows(_COHORTS, [*purchase_parameters(), now, oldest, MONTHS]):
        place = (row["first"], int(row["later"]))
        if row["currency"] is None:
            counts[place] = int(row["n"])
        elif row["spent"] is not None:
            spent.setdefault(place, {})[row["currency"]] = row["spent"]
    return [Found(*place, n, spent.get(place, {})) for place, n in counts.items()]


newest_cohorts = Kept(lambda: cohorts_at(datetime.now(UTC)), 300)
