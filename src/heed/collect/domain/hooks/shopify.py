"""What Shopify pushes: orders, refunds, customers and checkouts as the events of docs/events.md.

A refund names only its order. So an order is also an identifier of whoever placed it: refunds find their
customer whichever of the two arrives first.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from heed.collect.domain.hooks.reading import (
    Found,
    Unusable,
    amount,
    decimal,
    filled,
    first,
    listed,
    part,
    text,
)
from heed.contracts import vocabulary as v

TOPICS = {
    "orders/create": "an order is placed",
    "orders/paid": "an order is paid",
    "orders/fulfilled": "an order is sent",
    "orders/cancelled": "an order is cancelled",
    "refunds/create": "money is given back",
    "customers/create": "a customer is new",
    "customers/update": "a customer changes",
    "checkouts/create": "somebody begins to check out",
}
"""What a person chooses in Shopify, and when it sends it."""
ORDER, CHECKOUT, CUSTOMER = "shopify_order", "shopify_checkout", "shopify"


def calls(topic: str, payload: dict[str, Any], same_ids: bool) -> Found:
    """The calls of one delivery; `same_ids` says that Shopify's customer numbers are the company's user ids.

    Raises `Unusable`.
    """
    make = _TOPICS.get(topic)
    if make is None:
        return Found(ignored=f"Heed does nothing with “{topic[:60]}”" if topic else "it names no topic")
    if payload.get("test") is True:
        return Found(ignored="it is a test order")
    return make(payload, same_ids)


def _who(payload: dict[str, Any], same_ids: bool, order: str = "", traits: bool = True) -> dict[str, Any]:
    """`userId` and `context` of a call about an order, a checkout or a customer of its own."""
    customer = payload.get("customer") if isinstance(payload.get("customer"), dict) else {}
    number = text(part(customer, "id"))
    known = [(CUSTOMER, number), (ORDER, order), (CHECKOUT, first(payload.get("checkout_token")))]
    external = [{"type": kind, "id": value} for kind, value in known if value]
    told = _traits({**payload, **(customer or {})}, payload) if traits else {}
    if not external and not told.get("email") and not told.get("phone"):
        raise Unusable("it names no customer, no e-mail and no phone number")
    return filled(
        userId=number if same_ids else "",
        context=filled(externalIds=external, traits=told),
    )


def _traits(person: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    address = (
        person.get("default_address") or payload.get("billing_address") or payload.get("shipping_address")
    )
    return filled(
        email=first(person.get("email"), payload.get("email"), payload.get("contact_email")),
        phone=first(person.get("phone"), payload.get("phone"), part(address, "phone")),
        first_name=first(person.get("first_name"), part(address, "first_name")),
        last_name=first(person.get("last_name"), part(address, "last_name")),
        city=text(part(address, "city")),
        country=first(part(address, "country_code"), part(address, "country")),
        postcode=text(part(address, "zip")),
    )


def _products(payload: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        filled(
            product_id=first(line.get("product_id"), line.get("sku"), line.get("id")),
            sku=text(line.get("sku")),
            name=first(line.get("title"), line.get("name")),
            quantity=line["quantity"] if type(line.get("quantity")) is int else None,
            price=amount(line.get("price")),
        )
        for line in listed(payload.get("line_items"))
    ]


def _order_id(payload: dict[str, Any]) -> str:
    found = text(payload.get("id"))
    if not found:
        raise Unusable("the order has no id")
    return found


def _order(name: str, payload: dict[str, Any], same_ids: bool, when: Any, **more: Any) -> Found:
    order = _order_id(payload)
    call = {
        "type": "track",
        "event": name,
        "timestamp": first(when, payload.get("updated_at"), payload.get("created_at")) or None,
        "properties": filled(
            order_id=order,
            order_number=text(payload.get("name")),
            currency=text(payload.get("currency")),
            **more,
        ),
        **_who(payload, same_ids, order),
    }
    return Found([call])


def _total(payload: dict[str, Any]) -> float | None:
    return amount(payload.get("total_price"))


def _created(payload: dict[str, Any], same_ids: bool) -> Found:
    codes = [text(each.get("code")) for each in listed(payload.get("discount_codes"))]
    found = _order(
        v.ORDER_COMPLETED, payload, same_ids, first(payload.get("processed_at"), payload.get("created_at")),
        value=_total(payload),
        tax=amount(payload.get("total_tax")),
        discount=amount(payload.get("total_discounts")),
        shipping=amount(part(payload, "total_shipping_price_set", "shop_money", "amount")),
        coupon=codes[0] if codes else "",
        payment_method=text(part(payload, "payment_gateway_names", 0)),
        products=_products(payload),
    )  # fmt: skip
    if "value" not in found.calls[0]["properties"]:
        raise Unusable("total_price is no amount")
    return found


def _paid(payload: dict[str, Any], same_ids: bool) -> Found:
    """The order there is, with what it now costs: a second "Order Completed" would count it twice."""
    worth = first(payload.get("current_total_price"), payload.get("total_price"))
    status = text(payload.get("financial_status")) or "paid"
    return _order(v.ORDER_UPDATED, payload, same_ids, None, value=amount(worth), status=status)


def _fulfilled(payload: dict[str, Any], same_ids: bool) -> Found:
    sent = listed(payload.get("fulfillments"))
    last = sent[-1] if sent else {}
    return _order(
        v.ORDER_SHIPPED, payload, same_ids, first(last.get("created_at")),
        carrier=text(last.get("tracking_company")),
        expected_at=text(last.get("estimated_delivery_at")),
    )  # fmt: skip


def _cancelled(payload: dict[str, Any], same_ids: bool) -> Found:
    reason = text(payload.get("cancel_reason"))
    when = first(payload.get("cancelled_at"))
    return _order(v.ORDER_CANCELLED, payload, same_ids, when, value=_total(payload), reason_code=reason)


def _refunded(payload: dict[str, Any], same_ids: bool) -> Found:
    order = text(payload.get("order_id"))
    if not order:
        raise Unusable("the refund names no order")
    paid_back = [
        each
        for each in listed(payload.get("transactions"))
        if each.get("kind") == "refund" and each.get("status") in {"success", "pending", None}
    ]
    sums = [decimal(each.get("amount")) for each in paid_back]
    if not sums:
        lines = listed(payload.get("refund_line_items"))
        sums = [decimal(line.get(name)) for line in lines for name in ("subtotal", "total_tax")]
    worth = sum((each for each in sums if each is not None), start=Decimal(0))
    currency = next((text(each.get("currency")) for each in paid_back if each.get("currency")), "")
    call = {
        "type": "track",
        "event": v.ORDER_REFUNDED,
        "timestamp": first(payload.get("processed_at"), payload.get("created_at")) or None,
        "properties": filled(order_id=order, value=float(round(worth, 4)), currency=currency),
        **_who(payload, same_ids, order, traits=False),
    }
    return Found([call])


def _customer(payload: dict[str, Any], same_ids: bool) -> Found:
    number = text(payload.get("id"))
    if not number:
        raise Unusable("the customer has no id")
    who = filled(
        userId=number if same_ids else "", context={"externalIds": [{"type": CUSTOMER, "id": number}]}
    )
    when = first(payload.get("updated_at"), payload.get("created_at")) or None
    traits = _traits(payload, {})
    traits |= filled(tags=text(payload.get("tags")), locale=text(payload.get("locale")))
    made: list[dict[str, Any]] = [{"type": "identify", "timestamp": when, "traits": traits, **who}]
    for name, purpose in (("email_marketing_consent", "email"), ("sms_marketing_consent", "sms")):
        made += _consent(payload.get(name), number, purpose, who)
    return Found(made)


def _consent(said: Any, number: str, purpose: str, who: dict[str, Any]) -> list[dict[str, Any]]:
    """What a customer said about being written to. Told again at every change of the customer, it is one event: its
    message id is made of when it was said. Who was never asked said nothing."""
    granted = {"subscribed": True, "unsubscribed": False}.get(text(part(said, "state")))
    at = text(part(said, "consent_updated_at"))
    if granted is None or not at:
        return []
    purposes = ("marketing", purpose) if purpose == "email" else (purpose,)
    return [
        {
            "type": "track",
            "event": v.CONSENT_CHANGED,
            "messageId": f"shopify-consent-{number}-{each}-{at}-{granted}",
            "timestamp": at,
            "properties": {"purpose": each, "granted": granted, "proof": "Shopify"},
            **who,
        }
        for each in purposes
    ]


def _checkout(payload: dict[str, Any], same_ids: bool) -> Found:
    token = first(payload.get("token"), payload.get("id"))
    if not token:
        raise Unusable("the checkout has no token")
    call = {
        "type": "track",
        "event": v.CHECKOUT_STARTED,
        "timestamp": text(payload.get("created_at")) or None,
        "properties": filled(
            checkout_id=token,
            value=_total(payload),
            currency=first(payload.get("currency"), payload.get("presentment_currency")),
            products=_products(payload),
        ),
        **_who({**payload, "checkout_token": token}, same_ids),
    }
    return Found([call])


_TOPICS = {
    "orders/create": _created,
    "orders/paid": _paid,
    "orders/fulfilled": _fulfilled,
    "orders/cancelled": _cancelled,
    "refunds/create": _refunded,
    "customers/create": _customer,
    "customers/update": _customer,
    "checkouts/create": _checkout,
}
