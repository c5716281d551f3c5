"""What time alone makes happen to orders: the promised day passes and nobody says the parcel came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from heed.commerce.domain.orders import Orders
from heed.contracts import vocabulary as v
from heed.contracts.event import Event
from heed.contracts.fold import State
from heed.contracts.own import event_about
from heed.kit.clock import DAY, moment

NOTED_AFTER = (0, 2 * DAY, 5 * DAY)
"""How long after the promised moment it is noted that an order has not come: at once, and twice more."""


def alarms(state: State, now: int) -> Iterator[Event]:
    """Events of orders that have fallen behind and of which this is not noted yet, the latest note of each.

    Which event it is follows from the order alone, so that noting it twice is one event.
    """
    orders: Orders = state.orders
    for key, order in orders.recent.items():
        promised = order.promised_at or order.expected_at
        if not promised or promised >= now or promised <= order.placed or not order.is_open(now):
            continue
        due = sum(promised + after < now for after in NOTED_AFTER)
        if due <= order.overdue:
            continue
        at = promised + NOTED_AFTER[due - 1] + 1
        event = _about(state, f"overdue-{key}-{due}", at, now)
        if event is not None:
            event.properties = {"order_id": key, "noted": due, "expected_at": moment(promised).isoformat()}
            yield event


def _about(state: State, name: str, at: int, now: int) -> Event | None:
    event = event_about(state, name, v.ORDER_OVERDUE, at, now)
    if event is not None:
        who = event.user_id or event.anonymous_id or repr(event.context)
        mark = hashlib.blake2b(who.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        event.message_id = f"{name}-{mark}"
    return event
