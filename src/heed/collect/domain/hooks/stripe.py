"""What Stripe pushes: customers, payments, subscriptions, refunds and disputes as the events of docs/events.md.

A dispute names only its payment. So a payment is also an identifier of whoever paid. Stripe tells of one payment
several times over (its charge, its intent, its invoice): those have one message id, made of the charge.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from heed.collect.domain.hooks.reading import Found, Unusable, filled, first, listed, moment_text, part, text
from heed.contracts import vocabulary as v

TYPES = {
    "customer.created": "a customer is new",
    "customer.updated": "a customer changes",
    "customer.deleted": "a customer is deleted",
    "charge.succeeded": "a payment went through",
    "charge.failed": "a payment failed",
    "charge.refunded": "money is given back",
    "charge.dispute.created": "a payment is disputed",
    "payment_intent.succeeded": "a payment went through",
    "payment_intent.payment_failed": "a payment failed",
    "invoice.payment_failed": "an invoice could not be paid",
    "customer.subscription.created": "a subscription begins",
    "customer.subscription.updated": "a subscription changes or is renewed",
    "customer.subscription.deleted": "a subscription ends",
}
CUSTOMER, PAYMENT = "stripe", "stripe_payment"
_WHOLE = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905
)
"""Currencies whose amounts Stripe writes in whole units. ISK and UGX have no minor unit either, and yet are written
with two decimals: https://docs.stripe.com/currencies#special-cases."""
_THOUSANDTHS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def money(minor: Any, currency: Any) -> float | None:
    """An amount as Stripe writes it, in units of its currency; None where it is no amount."""
    if type(minor) is not int or abs(minor) >= 10**15:
        return None
    code = text(currency).upper()
    places = 0 if code in _WHOLE else 3 if code in _THOUSANDTHS else 2
    return float(Decimal(minor).scaleb(-places))


def calls(event: dict[str, Any], same_ids: bool, payments_are_orders: bool) -> Found:
    """The calls of one event of Stripe. Raises `Unusable`.

    `same_ids`: its customers' numbers are the company's user ids. `payments_are_orders`: nobody else tells of
    orders, so that every payment is one.
    """
    type_ = text(event.get("type"))
    make = _TYPES.get(type_)
    if make is None:
        return Found(ignored=f"Heed does nothing with “{type_[:60]}”" if type_ else "it names no type")
    about = part(event, "data", "object")
    if not isinstance(about, dict):
        raise Unusable("data.object is missing")
    call = make(about, event, payments_are_orders)
    call.setdefault("type", "track")
    call["timestamp"] = moment_text(event.get("created"))
    call |= _who(about, call.pop("payments", []), same_ids)
    return Found([call])


def _who(about: dict[str, Any], payments: list[str], same_ids: bool) -> dict[str, Any]:
    itself = about.get("object") == "customer"
    number = first(about.get("id") if itself else None, about.get("customer"), part(about, "customer", "id"))
    billing = about if itself else about.get("billing_details")
    address = part(billing, "address") or about.get("customer_address")
    traits = filled(
        email=first(part(billing, "email"), about.get("receipt_email"), about.get("customer_email")),
        phone=first(part(billing, "phone"), about.get("customer_phone")),
        name=first(part(billing, "name"), about.get("customer_name")),
        city=text(part(address, "city")),
        country=text(part(address, "country")),
        postcode=text(part(address, "postal_code")),
    )
    own = first(part(about, "metadata", "user_id"), part(about, "metadata", "userId"))
    external = [{"type": CUSTOMER, "id": number}] if number else []
    external += [{"type": PAYMENT, "id": each} for each in dict.fromkeys(payments) if each]
    if not own and not external and not traits.get("email") and not traits.get("phone"):
        raise Unusable("it names no customer, no e-mail and no phone number")
    if itself:
        return filled(
            userId=own or (number if same_ids else ""), context={"externalIds": external}, traits=traits
        )
    context = filled(externalIds=external, traits=traits)
    return filled(userId=own or (number if same_ids else ""), context=context)


def _customer(about: dict[str, Any], event: dict[str, Any], orders: bool) -> dict[str, Any]:
    return {"type": "identify"}


def _deleted(about: dict[str, Any], event: dict[str, Any], orders: bool) -> dict[str, Any]:
    return {"event": v.CUSTOMER_DELETED, "properties": {"channel": "stripe"}}


def _payments(about: dict[str, Any]) -> list[str]:
    """The charge and the intent of whatever this is, the charge first."""
    kind, own = text(about.get("object")), text(about.get("id"))
    charge = first(
        own if kind == "charge" else None,
        *(
            each
            for name in ("latest_charge", "charge")
            for each in (about.get(name), part(about, name, "id"))
        ),
    )
    intent = first(
        own if kind == "payment_intent" else None,
        about.get("payment_intent"),
        part(about, "payment_intent", "id"),
    )
    return [each for each in (charge, intent) if each]


def _order_id(about: dict[str, Any], orders: bool) -> str:
    """The shop's own number where it gave Stripe one; else the payment's, where payments are orders."""
    told = first(part(about, "metadata", "order_id"), part(about, "metadata", "orderId"))
    if told or not orders:
        return told
    paid = _payments(about)
    return paid[-1] if paid else ""


def _paid(about: dict[str, Any], event: dict[str, Any], orders: bool) -> dict[str, Any]:
    currency = about.get("currency")
    worth = about.get("amount_received") or about.get("amount")
    payments = _payments(about)
    return {
        "event": v.ORDER_COMPLETED if orders else v.PAYMENT_SUCCEEDED,
        "messageId": f"stripe-succeeded-{payments[0]}" if payments else "",
        "properties": _worth(worth, currency) | filled(order_id=_order_id(about, orders)),
        "payments": payments,
    }


def _failed(about: dict[str, Any], event: dict[str, Any], orders: bool) -> dict[str, Any]:
    error = about.get("last_payment_error")
    payments = _payments(about)
    invoice = about.get("object") == "invoice"
    charge = next((each for each in payments if each.startswith(("ch_", "py_"))), "")
    reason = first(
        part(error, "decline_code"),
        part(error, "code"),
        part(about, "outcome", "reason"),
        about.get("failure_code"),
    )
    return {
        "event": v.PAYMENT_FAILED,
        "messageId": f"stripe-failed-{charge}" if charge else "",
        "properties": _worth(
            about.get("amount_due") if invoice else about.get("amount"), about.get("currency")
        )
        | filled(
            order_id=first(part(about, "metadata", "order_id"), part(about, "metadata", "orderId")),
            reason_code=reason,
            attempt=about["attempt_count"] if type(about.get("attempt_count")) is int else None,
        ),
        "payments": payments,
    }


def _refunded(about: dict[str, Any], event: dict[str, Any], orders: bool) -> dict[str, Any]:
    """The charge's `amount_refunded` is a sum: what was given back now is what it grew by."""
    total, before = (
        about.get("amount_refunded"),
        part(event, "data", "previous_attributes", "amount_refunded"),
    )
    if type(total) is not int:
        raise Unusable("amount_refunded is missing")
    order = _order_id(about, orders)
    given = total - before if type(before) is int else total
    return {
        "event": v.ORDER_REFUNDED if order else v.PAYMENT_REFUNDED,
        "properties": _worth(given, about.get("currency")) | filled(order_id=order),
        "payments": _payments(about),
    }


def _disputed(about: dict[str, Any], event: dict[str, Any], orders: bool) -> dict[str, Any]:
    return {
        "event": v.PAYMENT_DISPUTED,
        "properties": _worth(about.get("amount"), about.get("currency"))
        | filled(
            reason_code=text(about.get("reason")),
            due_at=moment_text(part(about, "evidence_details", "due_by")),
            order_id=_order_id(about, orders),
        ),
        "payments": _payments(about),
    }


def _worth(minor: Any, currency: Any) -> dict[str, Any]:
    value = money(minor, currency)
    if value is None:
        raise Unusable("the amount is missing")
    return filled(value=value, currency=text(currency).upper()) | {"value": value}


def _subscription(name: str, about: dict[str, Any], renews: bool) -> dict[str, Any]:
    items = listed(part(about, "items", "data"))
    price = part(items, 0, "price") or part(items, 0, "plan") or about.get("plan")
    currency = first(about.get("currency"), part(price, "currency"))
    each = (
        part(price, "unit_amount")
        if isinstance(price, dict) and "unit_amount" in price
        else part(price, "amount")
    )
    pieces = part(items, 0, "quantity")
    worth = each * pieces if type(each) is int and type(pieces) is int and 0 < pieces < 10**6 else each
    end = first(about.get("current_period_end"), part(items, 0, "current_period_end"))
    return {
        "event": name,
        "properties": filled(
            subscription_id=text(about.get("id")),
            plan=first(part(price, "nickname"), part(price, "lookup_key"), part(price, "id")),
            price=money(worth, currency),
            currency=currency.upper(),
            status="ends_with_the_period"
            if about.get("cancel_at_period_end") is True
            else text(about.get("status")),
            renewal_date=moment_text(int(end)) if renews and end.isdecimal() and len(end) < 12 else None,
            reason_code=text(part(about, "cancellation_details", "reason")),
        ),
    }


def _begun(about: dict[str, Any], event: dict[str, Any], orders: bool) -> dict[str, Any]:
    return _subscription(v.SUBSCRIPTION_STARTED, about, renews=True)


def _changed(about: dict[str, Any], event: dict[str, Any], orders: bool) -> dict[str, Any]:
    """A new period that is running is a renewal; anything else is a change."""
    before = part(event, "data", "previous_attributes")
    item = part(before, "items", "data", 0)
    moved = any(name in each for each in (before, item) if isinstance(each, dict) for name in _PERIOD)
    ends = about.get("cancel_at_period_end") is True
    renewed = moved and not ends and about.get("status") == "active"
    return _subscription(
        v.SUBSCRIPTION_RENEWED if renewed else v.SUBSCRIPTION_UPDATED, about, renews=not ends
    )


def _ended(about: dict[str, Any], event: dict[str, Any], orders: bool) -> dict[str, Any]:
    return _subscription(v.SUBSCRIPTION_CANCELLED, about, renews=False)


_PERIOD = ("current_period_start", "current_period_end")
_TYPES = {
    "customer.created": _customer,
    "customer.updated": _customer,
    "customer.deleted": _deleted,
    "charge.succeeded": _paid,
    "charge.failed": _failed,
    "charge.refunded": _refunded,
    "charge.dispute.created": _disputed,
    "payment_intent.succeeded": _paid,
    "payment_intent.payment_failed": _failed,
    "invoice.payment_failed": _failed,
    "customer.subscription.created": _begun,
    "customer.subscription.updated": _changed,
    "customer.subscription.deleted": _ended,
}
