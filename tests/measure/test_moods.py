"""Moods by touchpoint and by segment: every customer once, nothing said of a few."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from django.test import Client

from heed.contracts.event import Event
from heed.govern import actions
from heed.measure.domain.means import Mean
from heed.measure.moods import LEAST, by_segment, by_touchpoint
from heed.segments.api import save_segment

Carry = Callable[[list[Event]], None]
_number = iter(range(10**9))


def happened(name: str, who: str, ago: int, **properties: Any) -> Event:
    at = time.time_ns() // 1_000_000 - ago * 60_000
    return Event(
        f"t{next(_number)}", "track", at, at, name=name, user_id=who, source="shop", properties=properties
    )


def test_what_upsets_many_weighs_on_them_and_what_upset_one_is_not_said(carry: Carry) -> None:
    by_touchpoint.forget()
    save_segment("", name="All", rule="seen.days_ago < 9")
    events = []
    for number in range(LEAST):
        events.append(happened("Login", f"c{number}", 90))
        for minutes in (60, 50):
            events.append(happened("Payment Failed", f"c{number}", minutes, order_id="o"))
    events.append(happened("Message Received", "c0", 40, text="Thank you, wonderful!"))
    carry(events)
    (found,) = [each for each in by_touchpoint.get() if each.event == "Payment Failed"]
    assert found.change.value < 0
    assert found.clear
    assert (found.times, found.change.n) == (2 * LEAST, LEAST)
    assert "Message Received" not in {each.event for each in by_touchpoint.get()}
    (group,) = by_segment()
    assert (group.key, group.mood.n) == ("all", LEAST)
    actions.create_user("owner@example.org", "owner", "a quiet harbour 7")
    assert Client().get("/moods/").status_code == 302


def test_a_mean_of_one_is_sure_of_nothing() -> None:
    assert Mean(0.5, 0.0, 1).margin == math.inf
    assert not Mean(0.5, 0.0, 1).clear
    assert Mean(0.5, 0.1, 100).clear
