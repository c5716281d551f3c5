"""Customers of three kinds whose truth is known: loyal ones, one-time buyers long gone, and those for whom all goes wrong."""

from __future__ import annotations

import random
import time
from typing import Any

from heed.contracts.event import Event

DAY = 86_400_000
KINDS = ("loyal", "gone", "unlucky")
_number = iter(range(10**9))


def told(who: str, name: str, days_ago: float, **properties: Any) -> Event:
    at = time.time_ns() // 1_000_000 - int(days_ago * DAY) - 120_000
    return Event(
        f"k{next(_number)}", "track", at, at, name=name, user_id=who, source="shop", properties=properties
    )


def customers(each: int = 90, seed: int = 1, without: int = 0) -> list[Event]:
    """Oldest first; `without` leaves out so many of every kind, from the first on."""
    chance = random.Random(seed)
    events: list[Event] = []
    for i in range(without, each):
        who = f"loyal{i}"
        for place in range(8 + chance.randrange(4)):
            day = 3 + place * 20 + chance.random() * 6
            events.append(told(who, "Product Viewed", day + 0.2))
            events.append(told(who, "Product Added", day + 0.1, product="mug"))
            events.append(_order(who, day, 60 + 30 * chance.random()))
        events.append(told(who, "Survey Answered", 2, score=9 + chance.randrange(2), scale="nps"))
        who = f"gone{i}"
        events.append(_order(who, 200 + 90 * chance.random(), 15 + 5 * chance.random()))
        who = f"unlucky{i}"
        for place in range(2):
            day = 30 + 40 * place + 10 * chance.random()
            events.append(_order(who, day, 30 + 10 * chance.random()))
            events.append(told(who, "Order Delayed", day - 4, order_id=f"{who}-{day}"))
            events.append(
                told(who, "Case Opened", day - 5, case_id=f"{who}-{day}", text="Where is my order?")
            )
            events.append(told(who, "Order Returned", day - 9, order_id=f"{who}-{day}"))
        events.append(told(who, "Survey Answered", 2, score=chance.randrange(3), scale="nps"))
    return sorted(events, key=lambda event: event.occurred)


def _order(who: str, day: float, value: float) -> Event:
    return told(who, "Order Completed", day, order_id=f"{who}-{day}", value=round(value, 2), currency="EUR")
