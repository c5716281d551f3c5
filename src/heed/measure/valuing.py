"""What the lake knows of customers' purchases, and the models of value fitted to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from heed.contracts import vocabulary
from heed.kit.kept import Kept
from heed.measure.domain.value import Array, Buying, Spending, TooLittle, fit_buying, fit_spending
from heed.measure.purchases import PURCHASES, parameters
from heed.measure.store import from_lake

WEEK: Final = 7 * 86_400.0
AHEAD: Final = 90 / 7
"""Weeks looked ahead."""
_FIT_MOST: Final = 50_000
_HELD_OUT: Final = 0.3
_BUYERS: Final = f"""
with {PURCHASES},
bought as (
    select who, day, min(occurred) as bought_at,
           sum(case when currency = ? or currency is null then value end)::double as worth
    from purchases where occurred < ? group by who, day
), first as (select who, min(bought_at) as began from bought group by who)
select who, count(*) - 1 as x, epoch(max(bought_at) - any_value(began)) as t_x,
       epoch(?::timestamptz - any_value(began)) as age,
       avg(worth) filter (where bought_at > began and worth > 0) as mean,
       count(worth) filter (where bought_at > began and worth > 0) as valued
from bought join first using (who) group by who
"""  # noqa: S608  a fixed text
"""Days on which somebody bought count as one purchase each, as the models want it."""


@dataclass(frozen=True)
class Buyers:
    """One place for each customer who ever bought; times in weeks. `mean` and `valued` are over repeat purchases."""

    ids: list[str]
    x: Array
    t_x: Array
    age: Array
    mean: Array
    valued: Array


@dataclass(frozen=True)
class Fit:
    """`check` compares, by repeat purchases before, what the first part of the time foretold with what came."""

    buying: Buying
    spending: Spending | None
    currency: str
    customers: int
    check: list[tuple[str, int, float, float]]


@dataclass(frozen=True)
class Worth:
    """One customer's outlook for the next 90 days; `value` is None where no amounts are known."""

    id: str
    repeats: int
    weeks_since: float
    chance: float
    purchases: float
    value: float | None


def buyers(currency: str, until: datetime) -> Buyers:
    rows = from_lake(_BUYERS, [*parameters(), currency, until, until])
    columns = {
        name: np.array([row[name] or 0 for row in rows], float)
        for name in ("x", "t_x", "age", "mean", "valued")
    }
    return Buyers(
        [row["who"] for row in rows], columns["x"], columns["t_x"] / WEEK, columns["age"] / WEEK,
        columns["mean"], columns["valued"],
    )  # fmt: skip


def main_currency() -> str:
    rows = from_lake(
        "select currency, count(*) as n from events where name = ? and currency is not null group by 1"
        " order by n desc, 1 limit 1",
        [vocabulary.ORDER_COMPLETED],
    )
    return str(rows[0]["currency"]) if rows else ""


def _fit() -> Fit | None:
    """None where there is too little to learn from."""
    currency, now = main_currency(), datetime.now(UTC)
    found = buyers(currency, now)
    try:
        # Ids are keyed hashes: the first of them in their order are a random sample.
        chosen = np.argsort(np.array(found.ids, dtype=object))[:_FIT_MOST] if found.ids else np.zeros(0, int)
        buying = fit_buying(found.x[chosen], found.t_x[chosen], found.age[chosen])
    except TooLittle:
        return None
    try:
        spending = fit_spending(found.valued, found.mean)
    except TooLittle:
        spending = None
    return Fit(buying, spending, currency, len(found.ids), _check(currency, now, found))


def _check(currency: str, now: datetime, whole: Buyers) -> list[tuple[str, int, float, float]]:
    """Fit to the time before the last part of it, and compare with what was bought in that."""
    span = float(np.max(whole.age)) * _HELD_OUT
    until = datetime.fromtimestamp(now.timestamp() - span * WEEK, UTC)
    before = buyers(currency, until)
    try:
        model = fit_buying(before.x, before.t_x, before.age)
    except TooLittle:
        return []
    bought = dict(zip(whole.ids, whole.x, strict=True))
    after = np.array([bought.get(who, x) for who, x in zip(before.ids, before.x, strict=True)]) - before.x
    foretold = model.expected(span, before.x, before.t_x, before.age)
    lines = []
    for times in range(5):
        meant = before.x == times if times < 4 else before.x >= 4
        if (n := int(np.count_nonzero(meant))) >= 10:
            name = str(times) if times < 4 else "4 and more"
            lines.append((name, n, float(np.mean(foretold[meant])), float(np.mean(after[meant]))))
    return lines


fit = Kept(_fit, 1_800)


def outlook(found: Buyers, model: Fit) -> list[Worth]:
    """What each of these customers will probably do."""
    chance = model.buying.chance_active(found.x, found.t_x, found.age)
    purchases = model.buying.expected(AHEAD, found.x, found.t_x, found.age)
    each = model.spending.expected(found.valued, found.mean) if model.spending else None
    return [
        Worth(
            who, int(found.x[place]), float(found.age[place] - found.t_x[place]), float(chance[place]),
            float(purchases[place]), float(purchases[place] * each[place]) if each is not None else None,
        )
        for place, who in enumerate(found.ids)
    ]  # fmt: skip


def _everybody() -> list[Worth]:
    model = fit.get()
    if model is None:
        return []
    found = outlook(buyers(model.currency, datetime.now(UTC)), model)
    return sorted(found, key=lambda one: (-(one.value if one.value is not None else one.purchases), one.id))


everybody = Kept(_everybody, 600)
