"""What pages ask about the value of customers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import or_
from typing import Any, Final

import msgspec
from django.db import connection
from django.db.models import Q

from heed.predictions.domain.checks import Check, Drift, LookedBack
from heed.predictions.domain.outlook import Summary
from heed.predictions.learnt import in_pieces, told
from heed.predictions.models import CustomerValue, ValueFit
from heed.profiles import reading as people
from heed.profiles.api import still

Cells = frozenset[tuple[int, int]]
"""(recency, frequency)"""

DAYS: Final = 90
"""How far ahead customers are looked at."""
_FRESH: Final = timedelta(hours=20)
_TRIED: Final = timedelta(minutes=1)
_GROWN: Final = 1.2
"""Times as many customers with orders as were learnt from, after which what was learnt is about others."""
_LOOK_BACK: Final = timedelta(days=28)
_SOONEST: Final = timedelta(days=7)


def newest(*, fitted: bool = False) -> ValueFit | None:
    """The newest version; `fitted` leaves out those that found too little to learn from."""
    found = ValueFit.objects.exclude(r=None) if fitted else ValueFit.objects.all()
    return found.order_by("-id").first()


def to_look_back_on(today: date) -> ValueFit | None:
    """The version of four weeks ago, or else the oldest, where that is a week old at least."""
    fitted = ValueFit.objects.exclude(r=None)
    long_ago = fitted.filter(until__lte=today - _LOOK_BACK).order_by("-until", "-id").first()
    return long_ago or fitted.filter(until__lte=today - _SOONEST).order_by("until", "id").first()


def due(now: datetime) -> bool:
    """Once a day, and at every look while there is too little to learn from or many more have bought, as after a first
    import; not before anybody bought, as learning takes a hundred megabytes that the worker keeps."""
    if not people.anybody_bought():
        return False
    last = newest()
    if last is None or now - last.fitted_at >= (_TRIED if last.r is None else _FRESH):
        return True
    learnt_from: int = last.customers
    return now - last.fitted_at >= _TRIED and people.how_many_bought() > _GROWN * learnt_from


@dataclass(frozen=True)
class Version:
    """A fit with what it found."""

    fit: ValueFit
    summary: Summary
    held_out: Check | None
    looked_back: LookedBack | None
    drift: Drift | None


def version() -> Version | None:
    fit = newest()
    if fit is None or not fit.summary:
        return None
    return Version(
        fit,
        msgspec.convert(fit.summary, Summary),
        told(fit.held_out, Check),
        told(fit.looked_back, LookedBack),
        told(fit.drift, Drift),
    )


@dataclass(frozen=True)
class Worth:
    person: people.Person
    value: CustomerValue


def worth_most(currency: str, limit: int = 20) -> list[Worth]:
    """Those expected to buy for most in the next DAYS, of the customers of one currency."""
    rows = CustomerValue.objects.filter(currency=currency, expected_value__gt=0).order_by("-expected_value")
    # Some of them may refuse to be looked at.
    found = list(rows[: 3 * limit])
    shown = still(each.profile_id for each in found)[:limit]
    known = {person.id: person for person in people.people_of(shown)}
    return [Worth(known[each.profile_id], each) for each in found if each.profile_id in known]


_IN: Final = "(recency, frequency) in (select unnest(%s::int[]), unnest(%s::int[]))"


def those_in(cells: Cells, cursor: str = "", size: int = people.PAGE) -> people.Page:
    """Customers of these cells, those who spent most first (one currency after the other)."""
    after, where, values = _read(cursor), "", _values(cells)
    if after:
        where = " and (currency, -spent, profile_id) > (%s, %s, %s)"
        values += [after[0], -after[1], after[2]]
    rows = _rows(
        f"select profile_id, spent, currency from customer_value where {_IN}{where}"  # noqa: S608
        " order by currency, -spent, profile_id limit %s",
        [*values, size + 1],
    )
    more, rows = len(rows) > size, rows[:size]
    cursor = f"{rows[-1][2]}|{rows[-1][1]}|{rows[-1][0]}" if more else ""
    return people.Page(people.people_of(still(row[0] for row in rows)), cursor)


def ids_in(cells: Cells) -> Iterator[list[uuid.UUID]]:
    """All of them, in pieces."""
    each = (Q(recency=r, frequency=f) for r, f in cells)
    return in_pieces(CustomerValue.objects.filter(reduce(or_, each)))


def _values(cells: Cells) -> list[Any]:
    return [[r for r, _ in cells], [f for _, f in cells]]


def _read(cursor: str) -> tuple[str, Decimal, uuid.UUID] | None:
    currency, _, rest = cursor.partition("|")
    spent, _, profile_id = rest.partition("|")
    try:
        amount, found = Decimal(spent), uuid.UUID(profile_id)
    except (InvalidOperation, ValueError):
        return None
    known = len(currency) <= 3 and "\x00" not in currency
    return (currency, amount, found) if known and amount.is_finite() and amount.adjusted() < 18 else None


def of_customer(profile_id: uuid.UUID) -> CustomerValue | None:
    found = CustomerValue.objects.filter(profile_id=profile_id).select_related("fit").first()
    return found if found and still([profile_id]) else None


def _rows(query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
