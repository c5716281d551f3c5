"""Who comes back and for how much, against Online Retail and by hand."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Callable
from csv import DictReader
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from heed.contracts.event import Event
from heed.govern import actions
from heed.govern.models import User
from heed.measure import cohorts as cohorting
from heed.measure.domain.cohorts import Cell, Found, average, cohorts, currencies
from heed.ports import current
from tests.commerce.test_purchases import person
from tests.lake import put

Carry = Callable[[list[Event]], None]


def bought(who: int, at: datetime, **columns: Any) -> dict[str, Any]:
    return {"name": "Order Completed", "profile_id": person(who), "occurred": at, **columns}


@pytest.mark.django_db
def test_the_cohorts_of_online_retail_are_exact(data_folder: Path, an_empty_lake: None) -> None:
    value: dict[str, Decimal] = defaultdict(Decimal)
    about: dict[str, tuple[int, datetime]] = {}
    with gzip.open(data_folder / "retail" / "online_retail.csv.gz", "rt", encoding="utf-8-sig") as file:
        for row in DictReader(file):
            if row["CustomerID"] and float(row["Quantity"]) > 0 and float(row["UnitPrice"]) > 0:
                value[row["InvoiceNo"]] += Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])
                at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
                about.setdefault(row["InvoiceNo"], (int(float(row["CustomerID"])), at))
    assert (len(about), sum(value.values())) == (18_532, Decimal("8911407.904"))
    put(
        current.lake(),
        [
            bought(who, at, order_id=number, value=value[number].quantize(Decimal("0.0001")), currency="GBP")
            for number, (who, at) in about.items()
        ],
    )
    rows = cohorting.cohorts_at(datetime(2011, 12, 31, tzinfo=UTC))
    found = cohorts(rows, date(2011, 12, 31))
    assert sum(each.n for each in found) == 4_338
    first = found[0]
    assert (first.month, first.n) == (date(2010, 12, 1), 885)
    assert [cell.n for cell in first.cells] == [324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]
    assert [cell.so_far for cell in first.cells] == [False] * 11 + [True]
    money = cohorts(rows, date(2011, 12, 31), "GBP")
    spent = sum(each.spent + sum(cell.spent for cell in each.cells) for each in money)
    assert spent == Decimal("8911407.904")
    assert money[0].spent == Decimal("572713.89")


@pytest.mark.django_db
def test_months_are_utc_and_cancelled_orders_never_happened(an_empty_lake: None) -> None:
    late = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    put(
        current.lake(),
        [
            bought(1, late, order_id="1"),
            bought(1, late + timedelta(seconds=1), order_id="2"),
            bought(2, late, order_id="3"),
            bought(2, late + timedelta(days=60), order_id="4"),
            bought(2, late + timedelta(days=61), order_id="4") | {"name": "Order Cancelled"},
            bought(3, late) | {"name": "Product Viewed"},
        ],
    )
    now = datetime(2026, 4, 5, tzinfo=UTC)
    (january,) = cohorts(cohorting.cohorts_at(now), now.date())
    assert (january.month, january.n) == (date(2026, 1, 1), 2)
    assert [cell.n for cell in january.cells] == [1, 0, 0]


ROWS = [
    Found(date(2025, 12, 1), 0, 10, {"EUR": Decimal(100), "SEK": Decimal(900)}),
    Found(date(2025, 12, 1), 1, 5, {"EUR": Decimal(20)}),
    Found(date(2026, 1, 1), 0, 30, {"SEK": Decimal(50)}),
    Found(date(2026, 1, 1), 1, 3, {"EUR": Decimal(7)}),
]


def test_the_average_leaves_out_the_month_that_is_not_over() -> None:
    found = cohorts(ROWS, date(2026, 2, 3))
    assert [len(each.cells) for each in found] == [2, 1]
    assert average(found) == [0.5, None]
    shades = [Cell(1, Decimal(0), share, False).shade for share in (-1, 0, 0.01, 0.1, 0.11, 0.5, 1)]
    assert shades == [0, 0, 1, 1, 2, 5, 5]
    assert average([]) == []


def test_money_is_shown_in_one_currency_beside_its_own_first_month() -> None:
    assert currencies(ROWS) == ["SEK", "EUR"]
    december, january = cohorts(ROWS, date(2026, 2, 3), "EUR")
    assert (december.spent, [cell.share for cell in december.cells]) == (100, [0.2, 0.0])
    assert (january.spent, january.cells[0].spent, january.cells[0].share) == (0, 7, 0.0)
    assert average([december, january], "EUR") == [0.2, None]


def test_the_page_shows_them_and_says_when_there_are_none(carry: Carry) -> None:
    actions.create_user("owner@example.org", "owner", "a long enough password")
    client = Client()
    assert client.get("/cohorts/").status_code == 302
    client.force_login(User.objects.get())
    cohorting.newest_cohorts.forget()
    assert "No orders yet" in client.get("/cohorts/").content.decode()
    at = datetime.now(UTC) - timedelta(days=62)
    put(current.lake(), [bought(1, at, order_id="1", value=Decimal(1234), currency="EUR")])
    cohorting.newest_cohorts.forget()
    page = client.get("/cohorts/").content.decode()
    assert "<strong>1</strong>" in page
    assert "so far" in page
    assert "€1,234" in client.get("/cohorts/?in=EUR").content.decode()
    for asked in ("XXX", "", "<b>", "%00"):
        assert client.get(f"/cohorts/?in={asked}").status_code == 200
