"""The step that folds one event into the section `orders`.

It reads only the event (never `now`), and each field remembers when it was said, so the order in which events
arrive decides as little as possible.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from heed.commerce.domain.orders import (
    ITEMS_KEPT,
    BasketItem,
    Order,
    Orders,
    add_to_totals,
    make_room,
)
from heed.commerce.domain.values import (
    bounded,
    currency_code,
    first_moment,
    first_money,
    identity,
    quantity_of,
)
from heed.contracts import vocabulary as v
from heed.contracts.event import Effect, Event
from heed.contracts.fold import State
from heed.contracts.lake import SEMANTIC
from heed.kit.money import in_e4

VALUE_NAMES = (*SEMANTIC["value"][1], "subtotal")
EXPECTED_NAMES = (
    "expected_at",
    "expected_delivery",
    "estimated_delivery",
    "expected_date",
    "delivery_date",
    "promised_at",
)
RENEWAL_NAMES = ("renewal_date", "renews_at")
LINES_REMEMBERED = 8


def step(state: State, event: Event, now: int) -> Iterable[Effect]:
    """Fold one event into `state.orders`."""
    orders: Orders = state.orders
    _read_renewal(orders, event)
    if event.type == "track":
        handle = _HANDLERS.get(event.name)
        if handle is not None:
            handle(orders, event)
    return ()


def _touch(order: Order, event: Event) -> None:
    if event.occurred >= order.message_at:
        order.message_at = event.occurred
        order.message_id = event.message_id


def _find(orders: Orders, event: Event) -> str:
    """The order an event is about: the one it names, or else the only unfinished one there is."""
    named = identity(event.properties.get("order_id")) or identity(event.properties.get("orderId"))
    if named:
        return named
    if event.name == v.ORDER_COMPLETED:
        return event.message_id
    unfinished = [key for key, order in orders.recent.items() if not order.finished()]
    return unfinished[0] if len(unfinished) == 1 else ""


def _change(orders: Orders, event: Event, change: Callable[[Order, Event], None]) -> None:
    """Apply a change to the event's order and keep the totals in step with it."""
    key = _find(orders, event)
    if not key:
        return
    order = orders.recent.get(key)
    if order is None:
        order = orders.recent[key] = Order()
    add_to_totals(orders, order, -1)
    change(order, event)
    _touch(order, event)
    add_to_totals(orders, order, 1)
    make_room(orders, key)


def _products(properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    products = properties.get("products")
    if not isinstance(products, list | tuple):
        return []
    return [p for p in products[:500] if isinstance(p, dict)]


def _order_value(properties: Mapping[str, Any]) -> int | None:
    value = first_money(properties, VALUE_NAMES)
    if value is not None:
        return value
    priced = [(in_e4(p.get("price")), quantity_of(p.get("quantity"))) for p in _products(properties)]
    known = [price * quantity for price, quantity in priced if price is not None]
    if known:
        return bounded(sum(known))
    price = in_e4(properties.get("price"))
    return None if price is None else bounded(price * quantity_of(properties.get("quantity")))


def _note_expected(order: Order, event: Event, *, first_promise: bool) -> None:
    expected = first_moment(event.properties, EXPECTED_NAMES, end_of_day=True)
    if expected is None:
        return
    if event.occurred >= order.expected_from:
        order.expected_at, order.expected_from = expected, event.occurred
    if first_promise and (not order.promised_at or event.occurred < order.promised_from):
        order.promised_at, order.promised_from = expected, event.occurred


def _completed(orders: Orders, event: Event) -> None:
    def change(order: Order, event: Event) -> None:
        mark = zlib.crc32(event.message_id.encode("utf-8", "replace"))
        if mark in order.seen:
            return
        order.seen = (*order.seen, mark)[-LINES_REMEMBERED:]
        order.value = bounded(order.value + (_order_value(event.properties) or 0))
        order.currency = order.currency or currency_code(event.properties.get("currency"))
        order.lines += 1
        order.placed = min(order.placed, event.occurred) if order.placed else event.occurred
        _note_expected(order, event, first_promise=True)

    _change(orders, event, change)
    orders.first_placed = min(orders.first_placed or event.occurred, event.occurred)
    orders.last_placed = max(orders.last_placed, event.occurred)
    orders.paid_at = max(orders.paid_at, event.occurred)
    basket = orders.basket
    if event.occurred > basket.emptied:
        basket.emptied = event.occurred
        basket.items = {key: item for key, item in basket.items.items() if item.since > event.occurred}


def _updated(orders: Orders, event: Event) -> None:
    def change(order: Order, event: Event) -> None:
        value = first_money(event.properties, VALUE_NAMES)
        if value is not None and order.lines and event.occurred >= order.message_at:
            order.value = value
        _note_expected(order, event, first_promise=True)

    _change(orders, event, change)


def _shipped(orders: Orders, event: Event) -> None:
    def change(order: Order, event: Event) -> None:
        order.shipped_at = max(order.shipped_at, event.occurred)
        _note_expected(order, event, first_promise=True)

    _change(orders, event, change)


def _delayed(orders: Orders, event: Event) -> None:
    def change(order: Order, event: Event) -> None:
        order.delayed_at = max(order.delayed_at, event.occurred)
        _note_expected(order, event, first_promise=False)

    _change(orders, event, change)


def _overdue(orders: Orders, event: Event) -> None:
    def change(order: Order, event: Event) -> None:
        noted = event.properties.get("noted")
        order.overdue = max(order.overdue, noted if type(noted) is int and 0 < noted < 100 else 1)

    _change(orders, event, change)


def _delivered(orders: Orders, event: Event) -> None:
    def change(order: Order, event: Event) -> None:
        order.delivered_at = min(order.delivered_at, event.occurred) if order.delivered_at else event.occurred

    _change(orders, event, change)


def _cancelled(orders: Orders, event: Event) -> None:
    def change(order: Order, event: Event) -> None:
        order.cancelled_at = max(order.cancelled_at, event.occurred)

    _change(orders, event, change)


def _returned(orders: Orders, event: Event) -> None:
    def change(order: Order, event: Event) -> None:
        order.returned_at = max(order.returned_at, event.occurred)

    _change(orders, event, change)


def _refunded(orders: Orders, event: Event) -> None:
    def change(order: Order, event: Event) -> None:
        amount = first_money(event.properties, ("refund", *VALUE_NAMES))
        mark = zlib.crc32(event.message_id.encode("utf-8", "replace"))
        if mark in order.seen:
            return
        order.seen = (*order.seen, mark)[-LINES_REMEMBERED:]
        order.refunded_at = max(order.refunded_at, event.occurred)
        order.refunded = bounded(
            order.refunded + abs(order.value - order.refunded if amount is None else amount)
        )

    _change(orders, event, change)


def _product_key(product: Mapping[str, Any]) -> str:
    for name in ("product_id", "sku", "id", "name"):
        key = identity(product.get(name))
        if key:
            return key
    return ""


def _put(orders: Orders, product: Mapping[str, Any], event: Event, *, add: bool) -> None:
    key = _product_key(product)
    basket = orders.basket
    if not key or event.occurred <= basket.emptied:
        return
    quantity = max(0, quantity_of(product.get("quantity")))
    item = basket.items.get(key)
    if item is None:
        if len(basket.items) >= ITEMS_KEPT or not quantity:
            return
        item = basket.items[key] = BasketItem(quantity=0, since=event.occurred)
    item.quantity = min(1_000_000, item.quantity + quantity if add else quantity)
    price = in_e4(product.get("price"))
    if price is not None and price >= 0:
        item.price = price
    item.name = identity(product.get("name"))[:60] or item.name


def _added(orders: Orders, event: Event) -> None:
    _put(orders, event.properties, event, add=True)
    _touch_basket(orders, event)


def _removed(orders: Orders, event: Event) -> None:
    key = _product_key(event.properties)
    item = orders.basket.items.get(key)
    if item is not None and event.occurred >= item.since:
        item.quantity -= max(0, quantity_of(event.properties.get("quantity"), default=item.quantity))
        if item.quantity <= 0:
            del orders.basket.items[key]
    _touch_basket(orders, event)


def _basket_seen(orders: Orders, event: Event) -> None:
    """A page that lists the whole basket is the truth about it, unless newer news is already in."""
    products = _products(event.properties)
    if products and event.occurred >= orders.basket.touched and event.occurred > orders.basket.emptied:
        kept = orders.basket.items
        orders.basket.items = {}
        for product in products:
            _put(orders, product, event, add=False)
        for key, item in orders.basket.items.items():
            if key in kept:
                item.since = min(item.since, kept[key].since)
    _touch_basket(orders, event)


def _touch_basket(orders: Orders, event: Event) -> None:
    if event.occurred >= orders.basket.touched:
        orders.basket.touched = event.occurred
        orders.basket.message_id = event.message_id


def _payment_failed(orders: Orders, event: Event) -> None:
    if event.message_id == orders.payment_message_id:
        return
    fresh = orders.payment_failed_at <= orders.paid_at
    orders.payment_failures = 1 if fresh else min(1000, orders.payment_failures + 1)
    if event.occurred >= orders.payment_failed_at:
        orders.payment_failed_at = event.occurred
        orders.payment_message_id = event.message_id


def _renewed(orders: Orders, event: Event) -> None:
    orders.paid_at = max(orders.paid_at, event.occurred)
    if event.occurred >= orders.renewal_from and first_moment(event.properties, RENEWAL_NAMES) is None:
        orders.renewal_at, orders.renewal_from = 0, event.occurred


def _subscription_cancelled(orders: Orders, event: Event) -> None:
    if event.occurred >= orders.renewal_from:
        orders.renewal_at, orders.renewal_from = 0, event.occurred


def _read_renewal(orders: Orders, event: Event) -> None:
    for place in (event.properties, event.traits, event.context.get("traits")):
        if isinstance(place, dict):
            renewal = first_moment(place, RENEWAL_NAMES)
            if renewal is not None and event.occurred >= orders.renewal_from:
                orders.renewal_at, orders.renewal_from = renewal, event.occurred
                return


_HANDLERS: dict[str, Callable[[Orders, Event], None]] = {
    v.PRODUCT_ADDED: _added,
    v.PRODUCT_REMOVED: _removed,
    v.CART_VIEWED: _basket_seen,
    v.CHECKOUT_STARTED: _basket_seen,
    v.PAYMENT_FAILED: _payment_failed,
    v.ORDER_COMPLETED: _completed,
    v.ORDER_UPDATED: _updated,
    v.ORDER_SHIPPED: _shipped,
    v.ORDER_DELAYED: _delayed,
    v.ORDER_OVERDUE: _overdue,
    v.ORDER_DELIVERED: _delivered,
    v.ORDER_CANCELLED: _cancelled,
    v.ORDER_RETURNED: _returned,
    v.ORDER_REFUNDED: _refunded,
    v.SUBSCRIPTION_RENEWED: _renewed,
    v.SUBSCRIPTION_CANCELLED: _subscription_cancelled,
}
