"""Fitting the value models to the installation's own orders, and keeping what they say of every customer."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction

from heed.commerce.api import PURCHASES, purchase_parameters
from heed.ports import current
from heed.predictions import value_reading as reading
from heed.predictions.domain import checks
from heed.predictions.domain.outlook import Cell, Expected, Money, Summary
from heed.predictions.domain.rfm import fifths
from heed.predictions.domain.value import Buying, Floats, Spending, fit_buying, fit_spending
from heed.predictions.models import ValueFit
from heed.profiles.api import permitted

_LARGEST_FIT: Final = 100_000
"""Customers a fit is made from; of more, a random part says the same."""
_PIECE: Final = 5_000
_CURRENCIES: Final = 6
"""Currencies the summary tells of, those of most customers."""
_COLUMNS: Final = (
    "profile_id, purchases, first_day, last_day, spent, currency, recency, frequency, money, p_active,"
    " expected_orders, expected_value, fit_id"
)
_HISTORIES: Final = f"""
    with {PURCHASES}, bought as (
        select who, day, currency, sum(value)::double as value from purchases where occurred <= ?
        group by who, day, currency
    ), main as (
        select who, arg_max(currency, (days, currency)) as currency
        from (select who, currency, count(*) as days from bought group by who, currency) group by who
    ), began as (
        select who, min(day) as first from bought group by who
    )
    select bought.who, main.currency, first, max(day) as last, count(distinct day) as purchases,
           coalesce(sum(value) filter (bought.currency = main.currency), 0) as spent,
           count(*) filter (day > first and bought.currency = main.currency and value > 0) as again,
           coalesce(avg(value) filter (day > first and bought.currency = main.currency and value > 0), 0) as each,
           count(distinct day) filter (day <= ?) as held_purchases, max(day) filter (day <= ?) as held_last,
           count(distinct day) filter (day <= ?) as past_purchases, max(day) filter (day <= ?) as past_last
    from bought join main using (who) join began using (who) group by bought.who, main.currency, first
"""  # noqa: S608  a fixed text
"""One row a customer: money in the currency they buy in most often, `each` the mean of later purchases with a value,
and their histories as of two earlier days. Takes `purchase_parameters()`, a moment, and each day twice."""


class Histories:
    """Columns of customers, place by place; times in weeks. `x` are purchases after the first."""

    def __init__(self, table: pa.Table, today: date) -> None:
        self._columns = dict(zip(table.column_names, table.columns, strict=True))
        self.n, self.today = table.num_rows, today
        self.purchases = self._columns["purchases"].to_numpy()
        self.first, self.last = self._days("first"), self._days("last")
        self.x = self.purchases - 1.0
        self.seen = (self.last - self.first) / 7
        self.age = (_number(today) - self.first) / 7
        self.spent, self.again, self.each = (
            self._columns[name].to_numpy() for name in ("spent", "again", "each")
        )
        self.currencies = self._by_currency()

    def _days(self, name: str) -> Floats:
        return np.asarray(pc.fill_null(pc.cast(self._columns[name], "int32"), 0).to_numpy(), np.float64)

    def _by_currency(self) -> dict[str, Any]:
        """Places of the customers of each currency."""
        if not self.n:
            return {}
        coded = self._columns["currency"].combine_chunks().dictionary_encode()
        codes = coded.indices.to_numpy()
        places = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=len(coded.dictionary)))[:-1]
        return dict(zip(coded.dictionary.to_pylist(), np.split(places, ends), strict=True))

    def as_of(self, name: str, day: date) -> tuple[Any, Floats, Floats, Floats, Floats]:
        """Those who had bought by then: their places, x, seen, age, and purchases after it."""
        bought = self._columns[f"{name}_purchases"].to_numpy()
        (there,) = np.nonzero(bought > 0)
        first = self.first[there]
        seen = (self._days(f"{name}_last")[there] - first) / 7
        age = (_number(day) - first) / 7
        return there, bought[there] - 1.0, seen, age, self.purchases[there] - 1.0 * bought[there]

    def piece(self, start: int) -> dict[str, list[Any]]:
        names = ("who", "purchases", "first", "last", "spent", "currency")
        return {name: self._columns[name].slice(start, _PIECE).to_pylist() for name in names}


def refresh(now: datetime) -> ValueFit:
    """Fit anew and replace every customer's value in one transaction."""
    today, lake, told = now.date(), current.lake(), purchase_parameters()
    (began,) = lake.sql(f"with {PURCHASES} select min(day) as day from purchases", told).to_pylist()  # noqa: S608
    weeks = max(0, (today - began["day"]).days) / 7 if began["day"] else 0.0
    hold, before = checks.held_out(weeks), reading.newest(fitted=True)
    split, past = today - timedelta(days=round(hold * 7)), reading.to_look_back_on(today)
    days = [split, split, *[past.until if past else today] * 2]
    found = Histories(lake.sql(_HISTORIES, [*told, now, *days]), today)
    fit = ValueFit(fitted_at=now, until=today, customers=found.n, weeks=weeks)
    fit.repeat_customers = int((found.x > 0).sum())
    model: Buying | None = None
    spending: dict[str, Spending] = {}
    if checks.enough(fit.customers, fit.repeat_customers, weeks):
        part = _part(found.n)
        model = fit_buying(found.x[part], found.seen[part], found.age[part])
        spending = _spending(found)
        fit.r, fit.alpha, fit.a, fit.b = model.r, model.alpha, model.a, model.b
        fit.log_likelihood = model.log_likelihood
        fit.spend = {currency: asdict(each) for currency, each in spending.items()}
        fit.held_out = _held_out(found, split, hold)
        fit.looked_back = _looked_back(found, past)
        fit.drift = _drift(found, model, before)
    with transaction.atomic():
        ValueFit.objects.filter(r=None, customervalue=None).delete()
        fit.save()
        refused = _keep(found, model, spending, fit.pk)
        fit.summary = msgspec.to_builtins(_summary(refused))
        fit.save(update_fields=["summary"])
    return fit


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _part(n: int) -> Any:
    if n <= _LARGEST_FIT:
        return slice(None)
    return np.sort(np.random.default_rng(n).choice(n, _LARGEST_FIT, replace=False))


def _spending(found: Histories) -> dict[str, Spending]:
    """A Gamma-Gamma for each currency that enough customers bought in again."""
    fits = {}
    for currency, places in found.currencies.items():
        own = places[(found.again[places] > 0) & (found.each[places] > 0)]
        if len(own) >= checks.LEAST_REPEATED:
            own = own[_part(len(own))]
            fits[currency] = fit_spending(found.again[own], found.each[own])
    return fits


def _held_out(found: Histories, split: date, hold: float) -> Any:
    """A fit without the last weeks, held against them; None where there is too little before."""
    _, x, seen, age, later = found.as_of("held", split)
    if not len(x) or not checks.enough(len(x), int((x > 0).sum()), float(age.max())):
        return None
    part = _part(len(x))
    model = fit_buying(x[part], seen[part], age[part])
    return msgspec.to_builtins(checks.check(model, x, seen, age, later, hold))


def _looked_back(found: Histories, past: ValueFit | None) -> Any:
    """What an earlier version foretold, held against what came since."""
    if past is None:
        return None
    _, x, seen, age, later = found.as_of("past", past.until)
    if not len(x):
        return None
    weeks = (found.today - past.until).days / 7
    check = checks.check(_model(past), x, seen, age, later, weeks)
    return msgspec.to_builtins(checks.LookedBack(past.pk, past.until, check))


def _drift(found: Histories, model: Buying, before: ValueFit | None) -> Any:
    if before is None:
        return None
    ahead = reading.DAYS / 7
    old, new = (
        float(each.expected(ahead, found.x, found.seen, found.age).sum()) for each in (_model(before), model)
    )
    return msgspec.to_builtins(checks.Drift(before.pk, before.until, old, new))


def _model(fit: ValueFit) -> Buying:
    return Buying(float(fit.r or 0), float(fit.alpha or 0), float(fit.a or 0), float(fit.b or 0))


def _keep(found: Histories, model: Buying | None, spending: dict[str, Spending], fit: int) -> int:
    """Replace what is kept of customers, a piece at a time; returns how many of them permit no profiling."""
    refused = 0
    rows = _rows(found, model, spending, fit)
    with connection.cursor() as cursor:
        cursor.execute("delete from customer_value")
        for piece in rows:
            may, no = permitted(row[0] for row in piece)
            refused += no
            with cursor.copy(f"copy customer_value ({_COLUMNS}) from stdin") as copy:
                for row in piece:
                    if row[0] in may:
                        copy.write_row(row)
        cursor.execute("analyze customer_value")
    return refused


def _rows(
    found: Histories, model: Buying | None, spending: dict[str, Spending], fit: int
) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of `customer_value` in the order of `_COLUMNS`, in pieces: as Python's objects all at once would not fit."""
    active = orders = value = np.full(found.n, np.nan)
    if model is not None:
        active = np.where(found.x > 0, model.chance_active(found.x, found.seen, found.age), np.nan)
        orders = model.expected(reading.DAYS / 7, found.x, found.seen, found.age)
        value = np.full(found.n, np.nan)
        for currency, each in spending.items():
            own = found.currencies[currency]
            value[own] = orders[own] * each.expected(found.again[own], found.each[own])
    money = np.ones(found.n, np.int64)
    for own in found.currencies.values():
        money[own] = fifths(found.spent[own])
    scores = [fifths(found.last), fifths(found.purchases), money]
    for start in range(0, found.n, _PIECE):
        here, part = found.piece(start), slice(start, start + _PIECE)
        yield list(
            zip(
                map(uuid.UUID, here["who"]),
                here["purchases"],
                here["first"],
                here["last"],
                map(_amount, here["spent"]),
                here["currency"],
                *(each[part].tolist() for each in scores),
                *([_known(v) for v in each[part].tolist()] for each in (active, orders)),
                [None if np.isnan(v) else _amount(v) for v in value[part].tolist()],
                [fit] * len(here["who"]),
                strict=True,
            )
        )


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _amount(value: float) -> Decimal:
    """Kept within decimal(18, 4)."""
    return Decimal(f"{min(max(value, -9e13), 9e13):.4f}")


def _summary(refused: int) -> Summary:
    with connection.cursor() as cursor:

        def ask(query: str, values: list[Any]) -> list[tuple[Any, ...]]:
            cursor.execute(query, values)
            return list(cursor.fetchall())

        ((active, again),) = ask(
            "select coalesce(sum(p_active), 0), count(*) filter (where purchases > 1) from customer_value", []
        )
        expected = [
            Expected(currency, n, float(orders), value)
            for currency, n, orders, value in ask(
                "select currency, count(*), coalesce(sum(expected_orders), 0), sum(expected_value)"
                " from customer_value group by currency order by 2 desc limit %s",
                [_CURRENCIES],
            )
        ]
        spent: dict[tuple[int, int], list[Money]] = {}
        for r, f, currency, amount in ask(
            "select recency, frequency, currency, sum(spent) from customer_value where currency = any(%s)"
            " group by 1, 2, 3 order by 4 desc",
            [[each.currency for each in expected]],
        ):
            spent.setdefault((r, f), []).append(Money(currency, amount))
        cells = [
            Cell(r, f, n, orders, tuple(spent.get((r, f), ())))
            for r, f, n, orders in ask(
                "select recency, frequency, count(*), sum(expected_orders) from customer_value group by 1, 2",
                [],
            )
        ]
    return Summary(float(active), again, refused, tuple(expected), tuple(cells))
