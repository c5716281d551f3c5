"""Joining the orders of two profiles that turned out to be one person."""

from __future__ import annotations

from heed.commerce.domain.orders import ITEMS_KEPT, Order, Orders, Total, add_to_totals, make_room
from heed.commerce.domain.values import bounded


def merge(kept: Orders, absorbed: Orders) -> Orders:
    """Everything both knew, each order once; an order both heard of is put together from both."""
    for section in (kept, absorbed):
        for order in section.recent.values():
            add_to_totals(section, order, -1)
    for currency, total in absorbed.totals.items():
        mine = kept.totals.setdefault(currency, Total())
        mine.orders += total.orders
        mine.revenue = bounded(mine.revenue + total.revenue)
    for key, order in absorbed.recent.items():
        known = kept.recent.get(key)
        kept.recent[key] = order if known is None else _together(known, order)
    for order in kept.recent.values():
        add_to_totals(kept, order, 1)
    make_room(kept, "")
    _merge_baskets(kept, absorbed)
    kept.first_placed = _earliest(kept.first_placed, absorbed.first_placed)
    kept.last_placed = max(kept.last_placed, absorbed.last_placed)
    if absorbed.payment_failed_at > kept.payment_failed_at:
        kept.payment_failed_at = absorbed.payment_failed_at
        kept.payment_message_id = absorbed.payment_message_id
    kept.payment_failures = min(1000, kept.payment_failures + absorbed.payment_failures)
    kept.paid_at = max(kept.paid_at, absorbed.paid_at)
    if absorbed.renewal_from > kept.renewal_from:
        kept.renewal_at, kept.renewal_from = absorbed.renewal_at, absorbed.renewal_from
    return kept


def _earliest(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other


def _together(one: Order, other: Order) -> Order:
    # Lines already seen by the other profile are the same lines, not further ones.
    same_lines = bool(one.seen) and set(other.seen) <= set(one.seen)
    newer, older = (one, other) if one.message_at >= other.message_at else (other, one)
    promises = [(o.promised_from, o.promised_at) for o in (one, other) if o.promised_at]
    promised_from, promised_at = min(promises, default=(0, 0))
    expected_from, expected_at = max(
        (one.expected_from, one.expected_at), (other.expected_from, other.expected_at)
    )
    return Order(
        placed=_earliest(one.placed, other.placed),
        value=one.value if same_lines else bounded(one.value + other.value),
        currency=one.currency or other.currency,
        lines=one.lines if same_lines else one.lines + other.lines,
        promised_at=promised_at,
        promised_from=promised_from,
        expected_at=expected_at,
        expected_from=expected_from,
        shipped_at=max(one.shipped_at, other.shipped_at),
        delivered_at=_earliest(one.delivered_at, other.delivered_at),
        delayed_at=max(one.delayed_at, other.delayed_at),
        cancelled_at=max(one.cancelled_at, other.cancelled_at),
        returned_at=max(one.returned_at, other.returned_at),
        refunded_at=max(one.refunded_at, other.refunded_at),
        refunded=max(one.refunded, other.refunded) if same_lines else bounded(one.refunded + other.refunded),
        message_id=newer.message_id or older.message_id,
        message_at=newer.message_at,
        overdue=max(one.overdue, other.overdue),
        seen=one.seen if same_lines else (*one.seen, *other.seen)[-8:],
    )


def _merge_baskets(kept: Orders, absorbed: Orders) -> None:
    mine, theirs = kept.basket, absorbed.basket
    emptied = max(mine.emptied, theirs.emptied)
    items = {**theirs.items, **mine.items}
    fresh = [(item.since, key, item) for key, item in items.items() if item.since > emptied]
    fresh.sort(key=lambda entry: entry[:2])
    mine.items = {key: item for _, key, item in fresh[-ITEMS_KEPT:]}
    mine.emptied = emptied
    if theirs.touched > mine.touched:
        mine.touched, mine.message_id = theirs.touched, theirs.message_id
