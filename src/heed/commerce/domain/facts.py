"""What rules may ask about orders, basket, payments and renewal."""

from __future__ import annotations

import math
from collections.abc import Callable

from heed.commerce.domain.orders import Order, Orders
from heed.commerce.domain.values import units
from heed.contracts.fold import State
from heed.kit.clock import DAY, HOUR, MINUTE
from heed.kit.money import from_e4
from heed.rules.facts import Fact
from heed.rules.tree import Compare
from heed.rules.turns import Turn


def _orders(state: State) -> Orders:
    orders: Orders = state.orders
    return orders


def _open(state: State, now: int) -> list[Order]:
    return [order for order in _orders(state).recent.values() if order.is_open(now)]


def days_late(state: State, now: int) -> float | None:
    """Days behind the first promise of the latest-running open order; 0 on time, None with nothing open."""
    late = [order.late_by(now) for order in _open(state, now)]
    return max(late) / DAY if late else None


def late_turn(compare: Compare) -> Turn | None:
    """For `order.days_late`, which stands still at what was announced until time has caught up with it."""
    limit = compare.value
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not abs(limit) < 1e6:
        return None
    behind = math.floor(limit * DAY)

    def turn(state: State, now: int) -> int:
        # At the limit itself and just past it: which of them turns the answer depends on the comparison.
        stamps = [
            stamp
            for order in _open(state, now)
            if (since := order.late_since())
            for stamp in (since + behind, since + behind + 1, since + behind + 2)
            if stamp > now
        ]
        return min(stamps, default=0)

    return turn


def announced_days_late(state: State, now: int) -> float | None:
    """Days by which an order not yet due will miss its first promise; None where one is late already."""
    ahead = []
    for order in _open(state, now):
        promised = order.promised_at or order.expected_at
        if promised and promised < now:
            return None
        if order.expected_at > promised > 0:
            ahead.append(order.expected_at - promised)
    return max(ahead) / DAY if ahead else None


def topic_order(state: State, now: int) -> str | None:
    """The order a conversation is most likely about: the latest-running, else the newest."""
    orders = _orders(state)
    if not orders.recent:
        return None
    ranked = (
        (o.is_open(now), o.late_by(now) if o.is_open(now) else 0, o.placed, key)
        for key, o in orders.recent.items()
    )
    return max(ranked)[3]


def _under_way(state: State, now: int) -> bool:
    return any(order.shipped_at and order.is_open(now) for order in _orders(state).recent.values())


def _latest(state: State, now: int, read: Callable[[Order], int]) -> int:
    stamps = [stamp for order in _orders(state).recent.values() if (stamp := read(order)) <= now]
    return max(stamps, default=0)


def _ago(stamp: int, now: int, unit: int) -> float | None:
    return (now - stamp) / unit if stamp else None


def _delivered_days_late(state: State, now: int) -> float | None:
    delivered = [o for o in _orders(state).recent.values() if o.delivered_at and o.delivered_at <= now]
    last = max(delivered, key=lambda o: (o.delivered_at, o.message_id), default=None)
    if last is None or not (last.promised_at or last.expected_at):
        return None
    return last.late_by(now) / DAY


def _main_currency(orders: Orders) -> str | None:
    named = ((total.orders, currency) for currency, total in orders.totals.items())
    return max(named, default=(0, None))[1]


def _revenue(state: State, now: int) -> float:
    orders = _orders(state)
    currency = _main_currency(orders)
    return 0.0 if currency is None else units(orders.totals[currency].revenue)


def _payment_failed_hours(state: State, now: int) -> float | None:
    orders = _orders(state)
    if orders.payment_failed_at <= orders.paid_at:
        return None
    return _ago(orders.payment_failed_at, now, HOUR)


def _payment_failures(state: State, now: int) -> int:
    orders = _orders(state)
    return orders.payment_failures if orders.payment_failed_at > orders.paid_at else 0


def _renewal_days(state: State, now: int) -> float | None:
    renewal = _orders(state).renewal_at
    return (renewal - now) / DAY if renewal else None


def _basket_idle(state: State, now: int) -> float | None:
    basket = _orders(state).basket
    return _ago(basket.touched, now, MINUTE) if basket.items else None


FACTS: tuple[Fact, ...] = (
    Fact("order.open", "flag", "has an open order", lambda s, now: bool(_open(s, now))),
    Fact("order.under_way", "flag", "has a parcel under way", _under_way),
    Fact("order.days_late", "number", "days the open order is late", days_late),
    Fact(
        "order.announced_days_late",
        "number",
        "days an order not yet due will be late",
        announced_days_late,
    ),
    Fact("order.delivered_days_late", "number", "days the last delivery came late", _delivered_days_late),
    Fact(
        "order.delivered_hours_ago",
        "number",
        "hours since the last delivery",
        lambda s, now: _ago(_latest(s, now, lambda o: o.delivered_at), now, HOUR),
    ),
    Fact(
        "order.returned_days_ago",
        "number",
        "days since the last return",
        lambda s, now: _ago(_latest(s, now, lambda o: o.returned_at), now, DAY),
    ),
    Fact(
        "order.placed_hours_ago",
        "number",
        "hours since the last order",
        lambda s, now: _ago(_orders(s).last_placed, now, HOUR),
    ),
    Fact("order.about", "text", "order a conversation is most likely about", topic_order),
    Fact(
        "order.count",
        "number",
        "orders placed and not cancelled",
        lambda s, now: sum(total.orders for total in _orders(s).totals.values()),
    ),
    Fact("order.revenue", "number", "revenue less refunds, in the customer's main currency", _revenue),
    Fact("order.currency", "text", "the customer's main currency", lambda s, now: _main_currency(_orders(s))),
    Fact(
        "basket.items",
        "number",
        "pieces in the basket",
        lambda s, now: sum(item.quantity for item in _orders(s).basket.items.values()),
    ),
    Fact("basket.value", "number", "value of the basket", lambda s, now: units(_orders(s).basket.value())),
    Fact("basket.idle_minutes", "number", "minutes since the basket was last touched", _basket_idle),
    Fact(
        "payment.failed_hours_ago",
        "number",
        "hours since a payment failed and none went through",
        _payment_failed_hours,
    ),
    Fact("payment.failures", "number", "payments that failed in a row", _payment_failures),
    Fact("renewal.days", "number", "days until the subscription renews", _renewal_days),
)


def projection(state: State, now: int) -> tuple[dict[str, object], int | None]:
    """What customers are listed and sorted by, orders and revenue in the main currency, and `next_change`."""
    orders = _orders(state)
    currency = _main_currency(orders)
    columns = {
        "revenue": from_e4(0 if currency is None else orders.totals[currency].revenue),
        "currency": currency or "",
        "orders": sum(total.orders for total in orders.totals.values()),
    }
    return columns, next_change(state, now)


def next_change(state: State, now: int) -> int | None:
    """The next moment (ms, later than `now`) at which time alone turns an answer, or None.

    An order falls due, is a whole day later, goes stale; a renewal comes a whole day nearer.

    Facts that count hours or minutes grow all the time; when such a number crosses a limit is known to
    the rule that names the limit.
    """
    orders = _orders(state)
    moments: list[int] = []
    for order in _open(state, now):
        moments.append(order.stale_at())
        if since := order.late_since():
            # Later than the whole day, not with it: only then is it noted.
            moments.append(since + max(0, -(-(now - since) // DAY)) * DAY + 1)
    if orders.renewal_at > now:
        moments.append(orders.renewal_at - (orders.renewal_at - now - 1) // DAY * DAY)
    return min((stamp for stamp in moments if stamp > now), default=None)
