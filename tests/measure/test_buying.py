"""Cohorts and value from the lake: exact on real invoices, nothing claimed from too little."""

from __future__ import annotations

import csv
import gzip
import random
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from heed.govern.actions import create_user
from heed.measure import cohorts as cohorting
from heed.measure import valuing
from heed.ports import current
from heed.profiles import api as profiles
from heed.profiles.models import Profile, ProfileMerge
from tests.lake import put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("an_empty_lake")]


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    for kept in (valuing.fit, valuing.everybody, cohorting.cohort_table):
        kept.forget()


def person(number: int) -> str:
    return str(uuid.UUID(int=number + 1))


def bought(who: int, at: datetime, value: str = "20", currency: str = "EUR") -> dict[str, Any]:
    return {
        "profile_id": person(who), "name": "Order Completed", "occurred": at,
        "value": Decimal(value), "currency": currency,
    }  # fmt: skip


def test_the_cohorts_of_a_real_shop_are_exact(data_folder: Path) -> None:
    events: dict[str, dict[str, Any]] = {}
    with gzip.open(data_folder / "retail" / "online_retail.csv.gz", "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if not row["CustomerID"] or float(row["Quantity"]) <= 0 or float(row["UnitPrice"]) <= 0:
                continue
            at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
            events.setdefault(row["InvoiceNo"], bought(int(float(row["CustomerID"])), at))
    put(current.lake(), list(events.values()))
    rows = cohorting.cohorts()
    assert sum(row.size for row in rows) == 4_338
    assert rows[0].month.isoformat() == "2010-12-01"
    assert rows[0].counts == [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]


def test_a_merged_customer_counts_once_from_their_first_purchase() -> None:
    put(
        current.lake(),
        [bought(1, datetime(2026, 1, 5, tzinfo=UTC)), bought(2, datetime(2026, 3, 5, tzinfo=UTC))],
    )
    ProfileMerge.objects.create(
        kept=person(2), absorbed=person(1), message_id="m", kind="email", at=timezone.now()
    )
    (row,) = cohorting.cohorts()
    assert (row.month.isoformat(), row.size, row.counts) == ("2026-01-01", 1, [1, 0, 1])


def test_an_order_told_twice_counts_once_and_a_cancelled_one_not_at_all() -> None:
    at = [datetime(2026, month, 5, tzinfo=UTC) for month in (1, 2, 3, 4)]
    events = [
        {**bought(1, when), "order_id": order} for when, order in zip(at, ("a", "a", "b", "c"), strict=True)
    ]
    cancelled = {"profile_id": person(1), "name": "Order Cancelled", "occurred": at[3], "order_id": "b"}
    put(current.lake(), [*events, cancelled])
    (row,) = cohorting.cohorts()
    assert row.counts == [1, 0, 0, 1]
    found = valuing.buyers("EUR", datetime(2026, 5, 1, tzinfo=UTC))
    assert (found.x.tolist(), found.mean.tolist()) == ([1.0], [20.0])


def a_shop(customers: int = 400) -> None:
    """Half buy every fortnight and go on, half stopped after two purchases."""
    chance, now = random.Random(1), datetime.now(UTC)
    events = []
    for number in range(customers):
        start = now - timedelta(days=chance.uniform(250, 360))
        steady = number % 2 == 0
        at = start
        while at < now - timedelta(days=1) and (steady or at < start + timedelta(days=30)):
            events.append(bought(number, at, f"{chance.uniform(10, 30):.2f}"))
            at += timedelta(days=chance.expovariate(1 / 14) + 0.1)
    put(current.lake(), events)


def test_who_goes_on_buying_is_told_from_who_stopped() -> None:
    a_shop()
    model = valuing.fit.get()
    assert model is not None
    assert model.spending is not None
    assert model.customers == 400
    found = {one.id: one for one in valuing.everybody.get()}
    steady = [found[person(number)].chance for number in range(0, 400, 2)]
    stopped = [found[person(number)].chance for number in range(1, 400, 2)]
    assert min(sum(steady) / 200, 1 - sum(stopped) / 200) > 0.8
    best = found[person(0)]
    assert best.value is not None
    assert 3 < best.purchases < 10
    assert 8 * best.purchases < best.value < 35 * best.purchases
    name, _, foretold, came = model.check[-1]
    assert name == "4 and more"
    assert abs(foretold - came) < 0.2 * came


def test_the_page_shows_people_and_says_when_there_are_too_few() -> None:
    client = Client()
    user = create_user("a@example.org", "analyst", "a quiet harbour 7")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert Client().get("/value/").status_code == Client().get("/cohorts/").status_code == 302
    assert "Too little to foretell from" in client.get("/value/").content.decode()
    assert "Nobody has bought yet" in client.get("/cohorts/").content.decode()
    for kept in (valuing.fit, valuing.everybody, cohorting.cohort_table):
        kept.forget()
    a_shop()
    state = profiles.fold.encode(profiles.fold.new())
    for number in range(0, 400, 2):
        Profile.objects.create(id=person(number), state=state, display_name=f"<b>{number}</b>")
    page = client.get("/value/").content.decode()
    assert "&lt;b&gt;" in page
    assert "Was it right before?" in page
    assert "+12" in client.get("/cohorts/").content.decode()
