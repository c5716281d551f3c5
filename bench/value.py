"""Customer value and reports: fitting to CDNOW, whose published results the tests hold it against; the job that learns
from a million orders; cohorts and funnels of four million events beside bare DuckDB.

python bench/run.py value [profiles] [events]
"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

from bench.common import Line, folder, seconds

_FUNNEL = """
with a as (select profile_id, min(occurred) as at from events where name = 'Product Viewed' and day >= ?
           group by profile_id),
b as (select a.profile_id, min(occurred) as at from events join a using (profile_id)
      where name = 'Product Added' and day >= ? and occurred > a.at group by a.profile_id),
c as (select b.profile_id from events join b using (profile_id)
      where name = 'Order Completed' and day >= ? and occurred > b.at group by b.profile_id)
select (select count(*) from a), (select count(*) from b), (select count(*) from c)
"""
"""The plainest funnel: of everybody's first visit alone, without a limit of time, merges or times taken."""
_COHORTS = """
with bought as (select distinct profile_id, date_trunc('month', day) as month from events
                where name = 'Order Completed'),
began as (select profile_id, min(month) as first from bought group by profile_id)
select first, month, count(*) from bought join began using (profile_id) group by first, month
"""
_ORDERS = """
select profile_id, count(distinct day), min(day), max(day), sum(value) from events
where name = 'Order Completed' group by profile_id
"""


def run() -> list[Line]:
    import numpy as np

    from heed.predictions.domain.value import fit_buying, fit_spending

    given = os.environ.get("HEED_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")
    path = Path(given) / "cdnow" / "cdnow_customers_summary_with_transactions.csv"
    if not path.is_file():
        return []
    x, seen, age, mean = np.loadtxt(path, delimiter=",", skiprows=1, usecols=(1, 2, 3, 4)).T
    said: list[str] = []

    def whole() -> None:
        often, worth = fit_buying(x, seen, age), fit_spending(x, mean)
        often.chance_active(x, seen, age)
        _ = often.expected(13, x, seen, age) * worth.expected(x, mean)
        said.append(f"log-likelihood {often.log_likelihood:.2f}")

    took = min(seconds(whole) for _ in range(3))
    many = [np.tile(each, 100) for each in (x, seen, age)]
    model = fit_buying(x, seen, age)
    scoring = seconds(lambda: model.expected(13, *many))
    return [
        Line(
            f"customer value on CDNOW: both models fitted, {len(x):,} customers scored",
            f"{took:.2f} s, {said[-1]}; {len(many[0]) / scoring:,.0f} customers scored a second",
            "published fit −9582.4",
            "",
            "10 s",
        )
    ]


def lake(customers: int = 200_000, events: int = 4_000_000) -> list[Line]:
    """One in six events is an order."""
    from datetime import UTC, datetime, timedelta

    from bench import segments

    with folder():
        engine = segments._engine()
        now = datetime.fromtimestamp(engine.clock() / 1000, UTC)
        segments._lake(engine.lake, segments._profiles(engine, customers), events, engine.clock())
        from heed.measure import cohorts, funnel
        from heed.measure.domain.funnel import Question
        from heed.predictions import forecasting, signs, valuing
        from heed.predictions.domain.forecast import Kind

        asked = Question(("Product Viewed", "Product Added", "Order Completed"), 90)
        since = now.date() - timedelta(days=89)
        (orders,) = engine.lake.sql(
            "select count(*) as n from events where name = 'Order Completed'"
        ).to_pylist()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        learning = seconds(lambda: valuing.refresh(now))
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        lines = [
            _line(
                f"learning from {orders['n']:,} orders and keeping what it says of each customer",
                customers, events, learning, engine, _ORDERS, [], f", {max(0.0, grown):,.0f} MB more at its height",
            ),
            _line("what was known of each customer on a day", customers, events,
                  seconds(lambda: signs.known_on(now.date())), engine, _ORDERS, []),
            _line("a forecast learnt from four days, calibrated and held against two later ones", customers, events,
                  seconds(lambda: forecasting.refresh(Kind("buy_30d", 30, False), now)), engine, _ORDERS, []),
            _line("cohorts by month, with what they spent", customers, events,
                  seconds(lambda: cohorts.cohorts_at(now)), engine, _COHORTS, []),
            _line("a funnel of three steps over 90 days", customers, events,
                  seconds(lambda: funnel.count(asked, now)), engine, _FUNNEL, [since] * 3),
            _line("the people behind one of its figures", customers, events,
                  seconds(lambda: funnel.who(asked, 3, "reached", now)), engine, _FUNNEL, [since] * 3),
        ]  # fmt: skip
        segments._close(engine)
    return lines


def _line(
    name: str,
    customers: int,
    events: int,
    took: float,
    engine: Any,
    query: str,
    values: list[Any],
    more: str = "",
) -> Line:
    """Beside the plainest query that answers about the same."""
    bare = min(seconds(lambda: engine.lake.sql(query, values)) for _ in range(2))
    return Line(
        f"{name}, {customers:,} profiles, {events:,} events",
        f"{took:.2f} s{more}",
        f"bare DuckDB query {bare:.2f} s",
        f"{took / bare:.1f}",
        "",
    )
