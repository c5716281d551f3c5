"""A simulated shop whose truth is known: everybody buys at a rate of their own until they leave for good."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def who(number: int) -> str:
    return str(uuid.UUID(int=number + 1))


def shoppers(
    customers: int = 1_500, days: int = 420, seed: int = 1, telling: bool = True
) -> list[dict[str, Any]]:
    """Their events, oldest first. Where it is `telling`, they come more often in the days before they buy, and a late
    order makes one in two leave: things that how long ago they bought does not tell."""
    random = np.random.default_rng(seed)
    events: list[tuple[float, int, str, dict[str, Any]]] = []
    for number in range(customers):
        each = random.gamma(1.2, 1 / 30) + 1 / 400
        day, left = random.random() * days, False
        while day < days and not left:
            late = telling and random.random() < 0.15
            value = {"value": float(np.round(20 + 30 * random.random(), 2)), "currency": "EUR"}
            events.append((day, number, "Order Completed", {"order_id": f"{number}-{day:.3f}", **value}))
            if late:
                events.append((day + 3, number, "Order Delayed", {"order_id": f"{number}-{day:.3f}"}))
            left = bool(random.random() < (0.5 if late else 0.06))
            gap = random.exponential(1 / each) + 0.5
            if not left and telling:
                came = (day + gap * share for share in (0.55, 0.7, 0.8, 0.9) if random.random() < 0.6)
                events += [(at, number, "Product Viewed", {}) for at in came]
            day += gap
    start = NOW - timedelta(days=days)
    return [
        {"profile_id": who(number), "name": name, "occurred": start + timedelta(days=at), **more}
        for at, number, name, more in sorted(events, key=lambda each: (each[0], each[1]))
        if at < days
    ]
