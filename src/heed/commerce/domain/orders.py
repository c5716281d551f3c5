"""The section `orders` of a profile's state, and what one order is worth to its totals."""

from __future__ import annotations

import msgspec

from heed.commerce.domain.values import bounded
from heed.kit.clock import DAY

ORDERS_KEPT = 32
ITEMS_KEPT = 50
CURRENCIES_KEPT = 8

OPEN_FOR = 45 * DAY
"""How long after its last sign of life (placed, shipped, expected, delayed) an order counts as open when
nobody ever says it arrived: many shops send no delivery event."""


class Order(msgspec.Struct, array_like=True):
    """One order. Every moment is ms, 0 where it has not happened (or has not been heard of yet).

    `value` and `refunded` are ten-thousandths of the currency unit. `promised_at` is the delivery date first
    named to the customer, `expected_at` the one named last; `…_from` is when each was said, so that late
    news does not overwrite newer. `message_id` is the latest evidence about this order, by occurrence.
    `seen` holds short hashes of its last lines, so that a line delivered twice adds up once. `overdue` counts
    the times it was noted that the promised day had passed.
    """

    placed: int = 0
    value: int = 0
    currency: str = ""
    lines: int = 0
    promised_at: int = 0
    promised_from: int = 0
    expected_at: int = 0
    expected_from: int = 0
    shipped_at: int = 0
    delivered_at: int = 0
    delayed_at: int = 0
    cancelled_at: int = 0
    returned_at: int = 0
    refunded_at: int = 0
    refunded: int = 0
    message_id: str = ""
    message_at: int = 0
    seen: tuple[int, ...] = ()
    overdue: int = 0

    def counts(self) -> bool:
        """Whether it belongs in the totals: placed and not cancelled."""
        return self.placed > 0 and not self.cancelled_at

    def net(self) -> int:
        """What it brought in, ten-thousandths of the currency unit."""
        return bounded(self.value - self.refunded) if self.counts() else 0

    def finished(self) -> bool:
        """Delivered, cancelled, returned or fully refunded: nothing more is owed."""
        if self.delivered_at or self.cancelled_at or self.returned_at:
            return True
        return self.refunded_at > 0 and self.refunded >= self.value

    def stale_at(self) -> int:
        """The moment from which an order nobody speaks of any more stops counting as open."""
        return (
            max(self.placed, self.shipped_at, self.expected_at, self.promised_at, self.delayed_at) + OPEN_FOR
        )

    def is_open(self, now: int) -> bool:
        """Something is still owed to the customer."""
        if not (self.placed or self.shipped_at or self.delayed_at) or self.finished():
            return False
        return now < self.stale_at()

    def late_by(self, now: int) -> int:
        """Milliseconds behind the first promise, 0 where on time.

        A delay announced without any date counts as one day at least.
        """
        since, promised = self.late_since(), self.promised_at or self.expected_at
        if self.delivered_at:
            return max(0, self.delivered_at - promised) if promised else 0
        late = max(0, now - since) if since else 0
        if not self.delayed_at:
            return late
        return max(late, self.expected_at - promised if self.expected_at > promised else DAY)

    def late_since(self) -> int:
        """The moment from which its lateness is counted, 0 for never: until it is delivered, time adds to it after
        that, however long a delay was announced."""
        return self.promised_at or self.expected_at or self.delayed_at


class BasketItem(msgspec.Struct, array_like=True):
    """`price` of one piece in ten-thousandths; `since` is when it was first put in (ms)."""

    quantity: int = 1
    price: int = 0
    since: int = 0
    name: str = ""


class Basket(msgspec.Struct, array_like=True):
    """What lies in it, keyed by product. `touched` is its last change, `emptied` its last purchase (ms)."""

    items: dict[str, BasketItem] = {}
    touched: int = 0
    emptied: int = 0
    message_id: str = ""

    def value(self) -> int:
        """Ten-thousandths of the currency unit."""
        return bounded(sum(item.quantity * item.price for item in self.items.values()))


class Total(msgspec.Struct, array_like=True):
    """Orders and revenue (ten-thousandths) in one currency."""

    orders: int = 0
    revenue: int = 0


class Orders(msgspec.Struct, omit_defaults=True):
    """The section. `totals` reaches beyond the orders kept; keys are currency codes, "" where unnamed."""

    basket: Basket = msgspec.field(default_factory=Basket)
    recent: dict[str, Order] = {}
    totals: dict[str, Total] = {}
    first_placed: int = 0
    last_placed: int = 0
    payment_failed_at: int = 0
    payment_failures: int = 0
    payment_message_id: str = ""
    paid_at: int = 0
    renewal_at: int = 0
    renewal_from: int = 0


def add_to_totals(orders: Orders, order: Order, sign: int) -> None:
    """Put an order into the totals (`sign` 1) or take it out again (−1), in its own currency."""
    if not order.counts():
        return
    currency = order.currency
    if currency not in orders.totals and len(orders.totals) >= CURRENCIES_KEPT:
        currency = ""
    total = orders.totals.setdefault(currency, Total())
    total.orders += sign
    total.revenue = bounded(total.revenue + sign * order.net())
    if total.orders == 0 and total.revenue == 0:
        del orders.totals[currency]


def make_room(orders: Orders, keep: str) -> None:
    """Forget the least interesting order when there are too many: finished before open, old before new."""
    while len(orders.recent) > ORDERS_KEPT:
        candidates = (
            (not o.finished(), o.message_at, key) for key, o in orders.recent.items() if key != keep
        )
        del orders.recent[min(candidates)[2]]
