"""The circumstances every installation knows, as a company would write its own."""

from __future__ import annotations

import msgspec


class Definition(msgspec.Struct, frozen=True):
    """A circumstance as its author writes it.

    `labels` are templates such as "order {order.days_late:days} late"; the first whose facts are all known
    and not zero is read out. Kinds: minutes, hours, days (a span in that unit), ordinal, times, none.
    `topics` name the events that are its evidence and without which it cannot be true; `since` is a fact
    that counts from when it became true.
    """

    name: str
    rule: str
    labels: tuple[str, ...]
    weight: float = 0.0
    topics: tuple[str, ...] = ()
    since: str = ""


BUILT_IN: tuple[Definition, ...] = (
    Definition(
        "order_late",
        "order.days_late > 0",
        (
            "order will be {order.announced_days_late:days} late",
            "order {order.days_late:days} late",
            "order late",
        ),
        -0.8,
        ("delayed", "shipped", "placed"),
        "order.days_late",
    ),
    Definition("promise_overdue", "promise.overdue = true", ("we broke a promise",), -0.8, ("promise",)),
    Definition(
        "contact_repeated",
        "(contact.about_same_order >= 2 or contact.count_7d >= 3) and contact.hours_ago < 168",
        (
            "{contact.about_same_order:ordinal} contact about order {contact.order}",
            "{contact.count_7d} contacts in a week",
        ),
        -0.7,
        ("contact", "case"),
        "contact.hours_ago",
    ),
    Definition(
        "just_complained",
        "complaint.hours_ago < 48",
        ("complained {complaint.hours_ago:hours} ago", "just complained"),
        -0.7,
        ("complaint",),
        "complaint.hours_ago",
    ),
    Definition(
        "case_open",
        "case.open = true",
        ("case {case.id} open for {case.age_hours:hours}", "case {case.id} open", "case open"),
        -0.5,
        ("case",),
        "case.age_hours",
    ),
    Definition(
        "payment_failed",
        "payment.failed_hours_ago < 72",
        ("payment failed {payment.failures:times}", "payment failed"),
        -0.6,
        ("payment",),
        "payment.failed_hours_ago",
    ),
    Definition(
        "order_returned",
        "order.returned_days_ago < 14",
        ("returned an order {order.returned_days_ago:days} ago", "returned an order"),
        -0.2,
        ("returned",),
        "order.returned_days_ago",
    ),
    Definition(
        "order_delivered",
        "order.delivered_hours_ago < 72",
        ("order delivered {order.delivered_hours_ago:hours} ago", "order delivered"),
        0.4,
        ("delivered",),
        "order.delivered_hours_ago",
    ),
    Definition(
        "order_under_way",
        "order.under_way = true and order.days_late <= 0",
        ("parcel under way",),
        0.2,
        ("shipped",),
    ),
    Definition(
        "order_placed",
        "order.open = true and order.placed_hours_ago < 48",
        ("ordered {order.placed_hours_ago:hours} ago", "just ordered"),
        0.3,
        ("placed",),
        "order.placed_hours_ago",
    ),
    Definition(
        "basket_left",
        "basket.items > 0 and basket.idle_minutes >= 30 and basket.idle_minutes < 10080",
        ("basket left {basket.idle_minutes:minutes} ago",),
        0.0,
        ("basket",),
        "basket.idle_minutes",
    ),
    Definition(
        "renewal_due",
        "renewal.days >= 0 and renewal.days <= 30",
        ("renewal in {renewal.days:days}", "renewal today"),
        0.0,
        ("renewal",),
    ),
    Definition(
        "first_visit", "visit.count = 1 and visit.idle_minutes < 30", ("first visit",), 0.1, ("visit",)
    ),
    Definition(
        "on_a_phone", 'device.class = "phone" and visit.idle_minutes < 30', ("on a phone",), 0.0, ("device",)
    ),
    Definition("night_there", "local.hour >= 22 or local.hour < 7", ("night there",), 0.0),
)
"""The heaviest first; a company adds its own."""
