"""What each delivery of Shopify, Stripe and others comes to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.collect.domain.hooks import shopify, stripe
from heed.collect.domain.hooks.kinds import JSON, SHOPIFY, STRIPE, Delivery, Options, Outcome, Reader
from heed.collect.domain.protocol import Limits
from heed.contracts.event import Event
from tests.collect import payloads as p
from tests.installation import START

NOW = START


def outcome(kind: str, payload: Any, topic: str = "", delivery: str = "d1", **options: Any) -> Outcome:
    body = json.dumps(payload).encode()
    return Reader(kind, Options(**options)).outcome(Delivery(delivery, topic), payload, body, NOW, Limits())


def only(found: Outcome) -> Event:
    assert not found.dropped, found.dropped
    (event,) = found.events
    return event


def external(event: Event) -> dict[str, str]:
    return {each["type"]: each["id"] for each in event.context.get("externalIds", [])}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_an_order_of_shopify_is_an_order_of_whoever_placed_it() -> None:
    event = only(outcome(SHOPIFY, p.ORDER, "orders/create", "b54557e4"))
    assert (event.type, event.name, event.message_id) == ("track", "Order Completed", "shopify-b54557e4")
    assert event.occurred == at("2026-09-21T10:00:00-04:00")
    told = event.properties
    assert told["order_id"] == "450789469"
    assert (told["value"], told["currency"], told["coupon"]) == (409.94, "USD", "TENOFF")
    assert (told["tax"], told["discount"], told["shipping"]) == (11.94, 10.0, 5.0)
    assert [(each["product_id"], each["quantity"], each["price"]) for each in told["products"]] == [
        ("632910392", 1, 199.0),
        ("RED", 2, 105.47),
    ]
    assert event.user_id == ""
    assert external(event) == {
        "shopify": "207119551",
        "shopify_order": "450789469",
        "shopify_checkout": "bd5a8aa1ecd019dd3520ff791ee3a24c",
    }
    traits = event.context["traits"]
    assert (traits["email"], traits["first_name"], traits["country"]) == (
        "bob.norman@example.org",
        "Bob",
        "US",
    )


def test_shopifys_customer_numbers_are_user_ids_only_where_somebody_said_so() -> None:
    assert only(outcome(SHOPIFY, p.ORDER, "orders/create", same_ids=True)).user_id == "207119551"


@pytest.mark.parametrize(
    ("topic", "payload", "name", "when", "expected"),
    [
        ("orders/paid", p.ORDER, "Order Updated", "2026-09-21T10:20:00-04:00", {"value": 409.94, "status": "paid"}),
        ("orders/fulfilled", p.FULFILLED, "Order Shipped", "2026-09-22T08:00:00-04:00", {"carrier": "USPS"}),
        ("orders/cancelled", p.CANCELLED, "Order Cancelled", "2026-09-21T16:00:00-04:00", {"reason_code": "customer"}),
        ("refunds/create", p.REFUND, "Order Refunded", "2026-09-21T15:00:00-04:00", {"value": 209.0, "currency": "USD"}),
        ("checkouts/create", p.CHECKOUT, "Checkout Started", "2026-09-21T09:50:00-04:00", {"value": 421.88}),
    ],
)  # fmt: skip
def test_every_topic_of_shopify_is_an_event(
    topic: str, payload: dict[str, Any], name: str, when: str, expected: dict[str, Any]
) -> None:
    later = json.loads(json.dumps(payload))
    body = json.dumps(later).encode()
    found = Reader(SHOPIFY, Options()).outcome(
        Delivery("d", topic), later, body, at("2026-09-23T00:00:00+00:00"), Limits()
    )
    event = only(found)
    assert (event.name, event.occurred) == (name, at(when))
    assert expected.items() <= event.properties.items()
    if topic not in {"checkouts/create"}:
        assert event.properties["order_id"] == "450789469"


def test_a_refund_without_transactions_is_worth_its_lines() -> None:
    event = only(outcome(SHOPIFY, {**p.REFUND, "transactions": []}, "refunds/create"))
    assert event.properties["value"] == 199.65
    assert external(event) == {"shopify_order": "450789469"}


def test_a_checkout_of_nobody_yet_is_joined_by_its_token() -> None:
    event = only(outcome(SHOPIFY, p.CHECKOUT, "checkouts/create"))
    order = only(outcome(SHOPIFY, p.ORDER, "orders/create"))
    assert external(event)["shopify_checkout"] == external(order)["shopify_checkout"]


def test_a_customer_of_shopify_says_who_they_are_and_what_they_permit() -> None:
    found = outcome(SHOPIFY, p.CUSTOMER, "customers/update", "w2")
    assert not found.dropped
    identify, *consents = found.events
    assert identify.type == "identify"
    assert identify.traits["email"] == "bob.norman@example.org"
    said = {(each.properties["purpose"], each.properties["granted"]) for each in consents}
    assert said == {("marketing", True), ("email", True), ("sms", False)}
    again = outcome(SHOPIFY, p.CUSTOMER, "customers/update", "w3").events[1:]
    assert [each.message_id for each in again] == [each.message_id for each in consents]


def test_who_was_never_asked_by_shopify_said_nothing() -> None:
    never = {**p.CUSTOMER, "email_marketing_consent": {"state": "not_subscribed", "consent_updated_at": None}}
    never["sms_marketing_consent"] = None
    assert len(outcome(SHOPIFY, never, "customers/create").events) == 1


def test_test_orders_and_topics_nobody_uses_are_left_out() -> None:
    assert outcome(SHOPIFY, {**p.ORDER, "test": True}, "orders/create") == Outcome(
        ignored="it is a test order"
    )
    assert "products/update" in outcome(SHOPIFY, {"id": 1}, "products/update").ignored
    assert "price.created" in outcome(STRIPE, p.stripe_event("price.created", {"object": "price"})).ignored
    assert outcome(SHOPIFY, {"id": 1}, "").ignored


def test_every_topic_that_is_offered_is_understood() -> None:
    assert set(shopify.TOPICS) == set(shopify._TOPICS)
    assert set(stripe.TYPES) == set(stripe._TYPES)


def test_a_customer_of_stripe_says_who_they_are() -> None:
    event = only(outcome(STRIPE, p.stripe_event("customer.updated", p.STRIPE_CUSTOMER), delivery="evt_1"))
    assert (event.type, event.message_id, event.user_id) == ("identify", "stripe-evt_1", "")
    assert event.traits["name"] == "Jenny Rosén"
    assert external(event) == {"stripe": "cus_NffrFeUfNV2Hib"}
    own = {**p.STRIPE_CUSTOMER, "metadata": {"user_id": "u-7"}}
    assert only(outcome(STRIPE, p.stripe_event("customer.created", own))).user_id == "u-7"


@pytest.mark.parametrize(
    ("event", "name", "expected"),
    [
        (p.stripe_event("charge.succeeded", p.CHARGE), "Payment Succeeded", {"value": 1099.5, "currency": "SEK"}),
        (p.stripe_event("payment_intent.succeeded", p.INTENT), "Payment Succeeded", {"value": 1099.5}),
        (p.stripe_event("charge.failed", p.failed_charge()), "Payment Failed", {"reason_code": "card_declined"}),
        (p.stripe_event("payment_intent.payment_failed", p.failed_intent()), "Payment Failed",
         {"reason_code": "insufficient_funds", "value": 1099.5}),
        (p.stripe_event("invoice.payment_failed", p.unpaid_invoice()), "Payment Failed", {"value": 297.0, "attempt": 2}),
        (p.stripe_event("charge.dispute.created", p.DISPUTE), "Payment Disputed",
         {"reason_code": "product_not_received", "value": 1099.5, "due_at": datetime.fromtimestamp(1790604799, UTC).isoformat()}),
        (p.stripe_event("customer.deleted", p.STRIPE_CUSTOMER), "Customer Deleted", {}),
        (p.stripe_event("customer.subscription.created", p.SUBSCRIPTION), "Subscription Started",
         {"plan": "Gold", "price": 297.0, "currency": "SEK",
          "renewal_date": datetime.fromtimestamp(1792592000, UTC).isoformat()}),
        (p.stripe_event("customer.subscription.deleted", {**p.SUBSCRIPTION, "status": "canceled"}),
         "Subscription Cancelled", {"status": "canceled"}),
        (p.stripe_event("customer.subscription.updated", p.SUBSCRIPTION, current_period_end=1790000000),
         "Subscription Renewed", {"status": "active"}),
        (p.stripe_event("customer.subscription.updated", {**p.SUBSCRIPTION, "cancel_at_period_end": True},
                        cancel_at_period_end=False),
         "Subscription Updated", {"status": "ends_with_the_period"}),
    ],
)  # fmt: skip
def test_every_type_of_stripe_is_an_event(event: dict[str, Any], name: str, expected: dict[str, Any]) -> None:
    found = only(outcome(STRIPE, event))
    assert found.name == name
    assert expected.items() <= found.properties.items()
    assert found.occurred == event["created"] * 1000
    assert external(found)


def test_a_subscription_that_ends_is_not_due_for_renewal() -> None:
    for type_, about in (
        ("customer.subscription.updated", {**p.SUBSCRIPTION, "cancel_at_period_end": True}),
        ("customer.subscription.deleted", p.SUBSCRIPTION),
    ):
        assert "renewal_date" not in only(outcome(STRIPE, p.stripe_event(type_, about))).properties


def test_a_payment_told_of_three_times_is_one_event() -> None:
    told = [
        p.stripe_event("charge.failed", p.failed_charge()),
        p.stripe_event("payment_intent.payment_failed", p.failed_intent()),
        p.stripe_event("invoice.payment_failed", p.unpaid_invoice(charge=p.CHARGE["id"])),
    ]
    assert len({only(outcome(STRIPE, each, delivery=each["id"])).message_id for each in told}) == 1
    paid = [
        p.stripe_event("charge.succeeded", p.CHARGE),
        p.stripe_event("payment_intent.succeeded", p.INTENT),
    ]
    assert len({only(outcome(STRIPE, each, delivery=each["id"])).message_id for each in paid}) == 1


def test_payments_are_orders_where_nobody_else_tells_of_orders() -> None:
    paid = only(outcome(STRIPE, p.stripe_event("charge.succeeded", p.CHARGE), payments_are_orders=True))
    also = only(
        outcome(STRIPE, p.stripe_event("payment_intent.succeeded", p.INTENT), payments_are_orders=True)
    )
    assert paid.name == also.name == "Order Completed"
    assert paid.properties["order_id"] == also.properties["order_id"] == p.INTENT["id"]


def test_a_refund_in_two_parts_gives_back_each_part_once() -> None:
    first = p.stripe_event("charge.refunded", {**p.CHARGE, "amount_refunded": 9950}, amount_refunded=0)
    second = p.stripe_event("charge.refunded", {**p.CHARGE, "amount_refunded": 109950}, amount_refunded=9950)
    assert only(outcome(STRIPE, first)).name == "Payment Refunded"
    values = [
        only(outcome(STRIPE, each, payments_are_orders=True)).properties["value"] for each in (first, second)
    ]
    assert values == [99.5, 1000.0]
    own = {**p.CHARGE, "amount_refunded": 100, "metadata": {"order_id": "A7"}}
    refund = only(outcome(STRIPE, p.stripe_event("charge.refunded", own)))
    assert (refund.name, refund.properties["order_id"]) == ("Order Refunded", "A7")


@pytest.mark.parametrize(
    ("minor", "currency", "units"),
    [
        (109950, "sek", 1099.5), (500, "jpy", 500), (500, "KRW", 500), (5124, "kwd", 5.124), (500, "isk", 5),
        (500, "ugx", 5), (1, "usd", 0.01), (0, "eur", 0), (-250, "eur", -2.5), (10**14, "eur", 10**12),
    ],
)  # fmt: skip
def test_money_of_stripe_is_in_units_of_its_currency(minor: int, currency: str, units: float) -> None:
    assert stripe.money(minor, currency) == units


@pytest.mark.parametrize("value", [None, "100", 1.5, True, 10**15, [], {}])
def test_what_is_no_amount_of_stripe_is_none(value: Any) -> None:
    assert stripe.money(value, "eur") is None


@given(st.integers(-(10**14), 10**14), st.sampled_from(["eur", "jpy", "kwd"]))
def test_no_amount_of_stripe_loses_a_cent_in_the_lake(minor: int, currency: str) -> None:
    from heed.kit.money import in_e4

    places = {"eur": 2, "jpy": 0, "kwd": 3}[currency]
    found = in_e4(stripe.money(minor, currency))
    if abs(minor) < 10**13:
        assert found == int(Decimal(minor).scaleb(4 - places))


MAPPING: dict[str, Any] = {
    "message_id": "{id}",
    "time": "{at}",
    "event": {
        "type": "track",
        "event": "{what}",
        "userId": "{who.number}",
        "context": {"traits": {"email": "{who.mail}"}},
        "properties": {
            "value": {"money": "{cents} * 0.01"},
            "sku": "{lines.0.sku}",
            "lines": {"whole": "{lines}"},
        },
    },
}
ANY = {
    "id": 77,
    "at": 1789990000,
    "what": "Order Completed",
    "who": {"number": 9, "mail": "a@example.org"},
    "cents": 1999,
    "lines": [{"sku": "A"}, {"sku": "B"}],
}


def test_any_json_is_read_as_its_mapping_says() -> None:
    reader = Reader(JSON, Options(mapping=MAPPING))
    body = json.dumps(ANY).encode()
    delivery = reader.delivery(lambda name: "", body, ANY)
    event = only(reader.outcome(delivery, ANY, body, NOW, Limits()))
    assert (event.name, event.user_id, event.message_id) == ("Order Completed", "9", "hook-77")
    assert event.occurred == 1789990000_000
    assert event.properties == {"value": 19.99, "sku": "A", "lines": ANY["lines"]}
    assert event.context["traits"] == {"email": "a@example.org"}


def test_any_json_without_an_id_is_told_apart_by_its_body() -> None:
    reader = Reader(JSON, Options(mapping={**MAPPING, "message_id": ""}))
    one, other = json.dumps(ANY).encode(), json.dumps({**ANY, "cents": 1}).encode()
    ids = {reader.delivery(lambda name: "", body, json.loads(body)).id for body in (one, one, other)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"at": "yesterday"}, "bad_hook", "yesterday"),
        ({"cents": "many"}, "bad_hook", "not a number"),
        ({"who": {}}, "no_identity", "empty"),
        ({"what": ""}, "no_event_name", "empty"),
        ({"what": "Segment Entered"}, "reserved", "Segment Entered"),
        ({"lines": [{"sku": "x" * 40_000}]}, "too_large", "bytes"),
    ],
)
def test_what_cannot_be_read_says_why(change: dict[str, Any], reason: str, words: str) -> None:
    found = outcome(JSON, {**ANY, **change}, mapping=MAPPING)
    assert not found.events
    (letter,) = found.dropped
    assert letter.reason == reason
    assert words in letter.detail


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**25), 10**25) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_names = sorted(
    {name for each in (p.ORDER, p.CUSTOMER, p.REFUND, p.CHARGE, p.SUBSCRIPTION, p.DISPUTE) for name in each}
)


def _spoilt(base: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(_names), _values, max_size=5).map(
        lambda change: {**base, **change}
    )


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([*shopify.TOPICS, "other"]),
    st.one_of(_values, *(_spoilt(each) for each in (p.ORDER, p.CUSTOMER, p.REFUND, p.CHECKOUT))),
)
def test_nothing_sent_as_shopify_breaks_reading(topic: str, payload: Any) -> None:
    found = Reader(SHOPIFY, Options(same_ids=True)).outcome(
        Delivery("d", topic), payload, b"{}", NOW, Limits()
    )
    assert found.events or found.dropped or found.ignored


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([*stripe.TYPES, "other"]),
    st.one_of(_values, *(_spoilt(each) for each in (p.CHARGE, p.INTENT, p.SUBSCRIPTION, p.DISPUTE))),
    _values,
    st.booleans(),
)
def test_nothing_sent_as_stripe_breaks_reading(type_: str, about: Any, before: Any, orders: bool) -> None:
    event = {**p.stripe_event(type_, about), "data": {"object": about, "previous_attributes": before}}
    reader = Reader(STRIPE, Options(payments_are_orders=orders))
    found = reader.outcome(Delivery("d", type_), event, b"{}", NOW, Limits())
    assert found.events or found.dropped or found.ignored


@settings(max_examples=200, deadline=None)
@given(st.one_of(_values, st.fixed_dictionaries(dict.fromkeys(ANY, _values))))
def test_nothing_sent_as_any_json_breaks_reading(payload: Any) -> None:
    reader = Reader(JSON, Options(mapping=MAPPING))
    delivery = reader.delivery(lambda name: "", b"{}", payload)
    found = reader.outcome(delivery, payload, b"{}", NOW, Limits())
    assert found.events or found.dropped
