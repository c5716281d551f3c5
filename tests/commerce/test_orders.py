"""What customers do with orders, and what Heed then knows."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.commerce.domain import FACTS, Orders, merge, next_change, projection, step
from heed.commerce.domain.values import moment
from heed.contracts import vocabulary as v
from heed.contracts.event import Event
from heed.kit.clock import DAY, HOUR, MINUTE

T0 = 1_700_000_000_000
ids = itertools.count()


def event(name: str, at: int = T0, message_id: str = "", **properties: Any) -> Event:
    return Event(message_id or f"m{next(ids)}", "track", at, at, name=name, properties=properties)


def after(*events: Event) -> SimpleNamespace:
    state = SimpleNamespace(orders=Orders())
    for each in events:
        step(state, each, each.received)
    return state


def ask(state: SimpleNamespace, name: str, now: int) -> Any:
    return next(fact for fact in FACTS if fact.name == name).read(state, now)


def test_lines_of_one_order_add_up_and_count_once() -> None:
    lines = [("10.10", "a"), (0.2, "b"), (-3.3, "c")]
    state = after(
        *(event(v.ORDER_COMPLETED, order_id="1", value=x, currency="GBP", message_id=i) for x, i in lines)
    )
    assert ask(state, "order.count", T0) == 1
    assert state.orders.totals["GBP"].revenue == 70_000
    assert ask(state, "order.revenue", T0) == 7.0


def test_ten_thousand_cents_make_exactly_a_hundred() -> None:
    state = after(*(event(v.ORDER_COMPLETED, order_id=i // 10, value=0.01) for i in range(10_000)))
    assert ask(state, "order.revenue", T0) == 100.0
    assert ask(state, "order.count", T0) == 1000
    assert len(state.orders.recent) == 32


def test_the_same_message_twice_adds_once() -> None:
    once = event(v.ORDER_COMPLETED, order_id="1", value=5)
    assert ask(after(once, once), "order.revenue", T0) == 5.0


def test_each_currency_is_added_apart() -> None:
    state = after(
        event(v.ORDER_COMPLETED, order_id="1", value=5, currency="EUR"),
        event(v.ORDER_COMPLETED, order_id="2", value=700, currency="sek"),
        event(v.ORDER_COMPLETED, order_id="3", value=7, currency="EUR"),
    )
    assert {code: total.revenue for code, total in state.orders.totals.items()} == {
        "EUR": 120_000,
        "SEK": 7_000_000,
    }
    assert ask(state, "order.revenue", T0) == 12.0
    assert ask(state, "order.currency", T0) == "EUR"


def test_a_parcel_is_late_once_the_promised_day_is_over() -> None:
    state = after(event(v.ORDER_COMPLETED, order_id="88213", value=84.5, expected_delivery="2023-11-17"))
    day_over = moment("2023-11-18T00:00:00Z")
    assert day_over is not None
    assert ask(state, "order.days_late", day_over) == 0
    assert ask(state, "order.days_late", day_over + 5 * DAY) == 5
    assert ask(state, "order.about", day_over) == "88213"


def test_an_announced_delay_is_late_at_once() -> None:
    state = after(
        event(v.ORDER_COMPLETED, order_id="1", expected_at=T0 + 2 * DAY),
        event(v.ORDER_DELAYED, T0 + HOUR, order_id="1", expected_at=T0 + 5 * DAY),
    )
    assert ask(state, "order.days_late", T0 + 2 * HOUR) == 3
    assert ask(state, "order.days_late", T0 + 8 * DAY) == 6


def test_a_delay_without_a_date_counts_as_a_day() -> None:
    state = after(event(v.ORDER_COMPLETED, order_id="1"), event(v.ORDER_DELAYED, T0 + HOUR, order_id="1"))
    assert ask(state, "order.days_late", T0 + 2 * HOUR) == 1
    delivered = after(
        event(v.ORDER_COMPLETED, order_id="1"),
        event(v.ORDER_DELAYED, T0 + HOUR, order_id="1"),
        event(v.ORDER_DELIVERED, T0 + DAY, order_id="1"),
    )
    assert ask(delivered, "order.days_late", T0 + 2 * DAY) is None


def test_delivery_ends_lateness_and_remembers_it() -> None:
    state = after(
        event(v.ORDER_COMPLETED, order_id="1", expected_at=T0 + DAY),
        event(v.ORDER_DELIVERED, T0 + 3 * DAY, order_id="1"),
    )
    now = T0 + 3 * DAY + 6 * HOUR
    assert ask(state, "order.open", now) is False
    assert ask(state, "order.days_late", now) is None
    assert ask(state, "order.delivered_days_late", now) == 2
    assert ask(state, "order.delivered_hours_ago", now) == 6


STORY = [
    event(v.ORDER_COMPLETED, T0, "p", order_id="1", value=20, currency="EUR", expected_at=T0 + 2 * DAY),
    event(v.ORDER_SHIPPED, T0 + DAY, "s", order_id="1"),
    event(v.ORDER_DELAYED, T0 + DAY + HOUR, "l", order_id="1", expected_at=T0 + 4 * DAY),
    event(v.ORDER_DELIVERED, T0 + 4 * DAY, "d", order_id="1"),
    event(v.ORDER_REFUNDED, T0 + 5 * DAY, "r", order_id="1", value=5),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(5))))
def test_news_in_any_order_tells_the_same_story(order: tuple[int, ...]) -> None:
    now = T0 + 6 * DAY
    expected = after(*STORY)
    shuffled = after(*(STORY[i] for i in order))
    assert {f.name: f.read(shuffled, now) for f in FACTS} == {f.name: f.read(expected, now) for f in FACTS}
    assert shuffled.orders.recent["1"].message_id == "r"


def test_a_cancelled_order_brings_nothing_even_when_heard_first() -> None:
    bought, cancelled = (
        event(v.ORDER_COMPLETED, order_id="1", value=9),
        event(v.ORDER_CANCELLED, order_id="1"),
    )
    for events in ((bought, cancelled), (cancelled, bought)):
        state = after(*events)
        assert ask(state, "order.count", T0) == 0
        assert ask(state, "order.revenue", T0) == 0
        assert ask(state, "order.open", T0) is False


def test_an_order_nobody_speaks_of_stops_being_open() -> None:
    state = after(event(v.ORDER_COMPLETED, order_id="1", value=9))
    stale = T0 + 45 * DAY
    assert ask(state, "order.open", stale - 1) is True
    assert ask(state, "order.open", stale) is False
    assert next_change(state, T0) == stale


def test_someone_leaves_a_basket_and_later_buys_it() -> None:
    added = [
        event(v.PRODUCT_ADDED, T0, product_id="p", price=2.5, quantity=2),
        event(v.PRODUCT_ADDED, T0 + MINUTE, product_id="q", price="10"),
    ]
    state = after(*added)
    assert ask(state, "basket.items", T0) == 3
    assert ask(state, "basket.value", T0) == 15.0
    assert ask(state, "basket.idle_minutes", T0 + 31 * MINUTE) == 30
    state = after(*added, event(v.PRODUCT_REMOVED, T0 + 2 * MINUTE, product_id="p", quantity=1))
    assert ask(state, "basket.items", T0) == 2
    bought = event(v.ORDER_COMPLETED, T0 + 3 * MINUTE, order_id="1", value=15)
    for events in ((*added, bought), (bought, *added)):
        assert ask(after(*events), "basket.items", T0) == 0
        assert ask(after(*events), "basket.idle_minutes", T0 + DAY) is None


def test_what_is_added_after_a_purchase_stays_in_the_basket() -> None:
    later = event(v.PRODUCT_ADDED, T0 + 2 * HOUR, product_id="next")
    state = after(later, event(v.ORDER_COMPLETED, T0 + HOUR, order_id="1"))
    assert list(state.orders.basket.items) == ["next"]


def test_a_payment_that_goes_through_ends_the_failure() -> None:
    failed = (event(v.PAYMENT_FAILED, T0), event(v.PAYMENT_FAILED, T0 + MINUTE))
    state = after(*failed)
    assert ask(state, "payment.failures", T0 + HOUR) == 2
    assert ask(state, "payment.failed_hours_ago", T0 + MINUTE + 2 * HOUR) == 2
    state = after(*failed, event(v.ORDER_COMPLETED, T0 + HOUR, order_id="1"))
    assert ask(state, "payment.failed_hours_ago", T0 + 2 * HOUR) is None


def test_a_renewal_date_comes_nearer_day_by_day() -> None:
    identify = Event("i", "identify", T0, T0, traits={"renewal_date": "2023-12-01"})
    state = after(identify)
    renewal = moment("2023-12-01")
    assert renewal is not None
    assert ask(state, "renewal.days", renewal - 10 * DAY) == 10
    assert next_change(state, renewal - 10 * DAY) == renewal - 9 * DAY
    state = after(identify, event(v.SUBSCRIPTION_CANCELLED, T0 + DAY))
    assert ask(state, "renewal.days", T0 + DAY) is None


def test_time_alone_wakes_a_late_order() -> None:
    state = after(event(v.ORDER_COMPLETED, order_id="1", expected_at=T0 + 2 * DAY))
    wake = next_change(state, T0)
    assert wake is not None
    assert not ask(state, "order.days_late", wake - 1) > 0
    assert ask(state, "order.days_late", wake) > 0
    assert next_change(state, wake) == T0 + 3 * DAY + 1


@pytest.mark.parametrize("bad", [math.nan, math.inf, "12,50 euro", "1e999", "", None, True, [], {}, 10**30])
def test_an_order_whose_value_is_no_money_counts_but_brings_nothing(bad: object) -> None:
    state = after(event(v.ORDER_COMPLETED, order_id="1", value=bad))
    assert ask(state, "order.count", T0) == 1
    assert ask(state, "order.revenue", T0) == 0


@pytest.mark.parametrize(
    "bad", [math.nan, "tomorrow", "", None, True, [], 10**30, -5, "9999-99-99", "0001-01-01"]
)
def test_a_date_that_is_no_date_is_none(bad: object) -> None:
    assert moment(bad) is None


def test_moments_in_seconds_milliseconds_and_text_agree() -> None:
    stamps = [1700000000, 1700000000000, "1700000000", "2023-11-14T22:13:20Z", "2023-11-14T23:13:20+01:00"]
    assert {moment(stamp) for stamp in stamps} == {1700000000000}


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    [getattr(v, name) for name in dir(v) if name.isupper() and isinstance(getattr(v, name), str)]
)
keys = [
    "order_id",
    "value",
    "price",
    "quantity",
    "products",
    "expected_at",
    "currency",
    "product_id",
    "renews_at",
]
hostile_events = st.builds(
    lambda name, at, message_id, properties: Event(
        message_id, "track", at, at, name=name, properties=properties
    ),
    names,
    st.integers(T0, T0 + 400 * DAY),
    st.text(max_size=3),
    st.dictionaries(
        st.sampled_from(keys), json | st.sampled_from(["1", "2", 1e300, "2024-02-30"]), max_size=6
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(hostile_events, max_size=30))
def test_whatever_senders_write_nothing_breaks_and_replay_gives_the_same_bytes(events: list[Event]) -> None:
    state, again = after(*events), after(*events)
    packed = msgspec.msgpack.encode(state.orders)
    assert packed == msgspec.msgpack.encode(again.orders)
    assert msgspec.msgpack.decode(packed, type=Orders) == state.orders
    now = T0 + 200 * DAY
    for fact in FACTS:
        value = fact.read(state, now)
        assert value is None or not isinstance(value, float) or math.isfinite(value)
    wake = next_change(state, now)
    assert wake is None or wake > now


def test_two_profiles_found_to_be_one_person_share_their_orders() -> None:
    bought = event(v.ORDER_COMPLETED, T0, "a", order_id="1", value=10, currency="EUR", expected_at=T0 + DAY)
    other = event(v.ORDER_COMPLETED, T0 + HOUR, "b", order_id="2", value=5, currency="EUR")
    delivered = event(v.ORDER_DELIVERED, T0 + 2 * DAY, "c", order_id="1")
    basket = event(v.PRODUCT_ADDED, T0 + 3 * DAY, "d", product_id="p", price=3)
    together = after(bought, delivered, other, basket)
    apart, absorbed = after(bought, basket), after(delivered, other)
    joined = SimpleNamespace(orders=merge(apart.orders, absorbed.orders))
    now = T0 + 4 * DAY
    assert {f.name: f.read(joined, now) for f in FACTS} == {f.name: f.read(together, now) for f in FACTS}
    assert projection(joined, now)[0] == {"revenue": 15, "currency": "EUR", "orders": 2}


def test_an_order_both_profiles_heard_of_counts_once() -> None:
    bought = event(v.ORDER_COMPLETED, T0, "a", order_id="1", value=10, currency="EUR")
    joined = merge(after(bought).orders, after(bought).orders)
    assert {code: (total.orders, total.revenue) for code, total in joined.totals.items()} == {
        "EUR": (1, 100_000)
    }
