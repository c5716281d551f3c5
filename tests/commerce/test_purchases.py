"""What counts as a purchase, in every question alike."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from heed.commerce.api import PURCHASES, purchase_parameters
from heed.measure.cohorts import cohorts_at
from heed.measure.domain.cohorts import Found
from heed.ports import current
from heed.predictions import valuing
from heed.profiles.models import ProfileMerge
from tests.lake import put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("an_empty_lake")]
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def person(number: int) -> str:
    return str(uuid.UUID(int=number + 1))


def bought(who: int, at: datetime, value: str = "20", currency: str | None = "EUR") -> dict[str, Any]:
    return {
        "profile_id": person(who), "name": "Order Completed", "occurred": at,
        "value": Decimal(value), "currency": currency,
    }  # fmt: skip


def counted() -> dict[tuple[str, int], int]:
    return {(row.month.isoformat(), row.later): row.n for row in cohorts_at(MAY)}


def test_a_merged_customer_counts_once_from_their_first_purchase() -> None:
    put(
        current.lake(),
        [bought(1, datetime(2026, 1, 5, tzinfo=UTC)), bought(2, datetime(2026, 3, 5, tzinfo=UTC))],
    )
    ProfileMerge.objects.create(
        kept=person(2),
        absorbed=person(1),
        joined_to=person(2),
        message_id="m",
        kind="email",
        at=timezone.now(),
    )
    assert counted() == {("2026-01-01", 0): 1, ("2026-01-01", 2): 1}


def test_an_order_told_twice_counts_once_and_a_cancelled_one_not_at_all() -> None:
    at = [datetime(2026, month, 5, tzinfo=UTC) for month in (1, 2, 3, 4)]
    events = [
        {**bought(1, when), "order_id": order} for when, order in zip(at, ("a", "a", "b", "c"), strict=True)
    ]
    cancelled = {"profile_id": person(1), "name": "Order Cancelled", "occurred": at[3], "order_id": "b"}
    put(current.lake(), [*events, cancelled])
    assert counted() == {("2026-01-01", 0): 1, ("2026-01-01", 3): 1}
    table = current.lake().sql(valuing._HISTORIES, [*purchase_parameters(), MAY, *[MAY.date()] * 4])
    (row,) = table.to_pylist()
    assert (row["purchases"], row["again"], row["each"], row["spent"]) == (2, 1, 20.0, 40.0)


def test_currencies_are_never_added_up_and_nonsense_is_none() -> None:
    put(
        current.lake(),
        [
            bought(1, datetime(2026, 1, 5, tzinfo=UTC), "10"),
            bought(1, datetime(2026, 1, 6, tzinfo=UTC), "20", " eur "),
            bought(1, datetime(2026, 1, 7, tzinfo=UTC), "5000", "SEK"),
            bought(1, datetime(2026, 1, 8, tzinfo=UTC), "7", "<b>x</b>"),
            bought(1, datetime(2026, 1, 9, tzinfo=UTC), "3", None),
        ],
    )
    (row,) = cohorts_at(MAY)
    assert row == Found(MAY.date().replace(month=1), 0, 1, {"EUR": 30, "SEK": 5000, "": 10})
    (one,) = (
        current.lake().sql(valuing._HISTORIES, [*purchase_parameters(), MAY, *[MAY.date()] * 4]).to_pylist()
    )
    assert (one["purchases"], one["currency"], one["spent"]) == (5, "EUR", 30.0)


def test_only_track_calls_are_purchases() -> None:
    put(current.lake(), [{**bought(1, datetime(2026, 1, 5, tzinfo=UTC)), "type": "page"}])
    assert (
        current.lake().sql(f"with {PURCHASES} select * from purchases", purchase_parameters()).num_rows == 0
    )


def test_nobody_cancels_what_another_bought() -> None:
    """Numbers of orders are easily guessed."""
    at = datetime(2026, 1, 5, tzinfo=UTC)
    cancelled = {"profile_id": person(2), "name": "Order Cancelled", "occurred": at, "order_id": "a"}
    put(current.lake(), [{**bought(1, at), "order_id": "a"}, cancelled])
    assert counted() == {("2026-01-01", 0): 1}
