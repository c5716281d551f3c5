"""What Shopify and Stripe push, shaped as they shape it, about people who do not exist."""

from __future__ import annotations

from typing import Any

CUSTOMER: dict[str, Any] = {
    "id": 207119551,
    "email": "bob.norman@example.org",
    "phone": "+16135550142",
    "first_name": "Bob",
    "last_name": "Norman",
    "state": "enabled",
    "tags": "Léon, Noël",
    "created_at": "2026-09-20T09:00:00-04:00",
    "updated_at": "2026-09-21T10:00:00-04:00",
    "email_marketing_consent": {
        "state": "subscribed",
        "opt_in_level": "confirmed_opt_in",
        "consent_updated_at": "2026-09-20T09:05:00-04:00",
    },
    "sms_marketing_consent": {
        "state": "unsubscribed",
        "opt_in_level": "single_opt_in",
        "consent_updated_at": "2026-09-21T09:55:00-04:00",
        "consent_collected_from": "SHOPIFY",
    },
    "default_address": {
        "first_name": "Bob",
        "city": "Louisville",
        "country": "United States",
        "country_code": "US",
        "zip": "40202",
        "phone": "555-625-1199",
    },
}

ORDER: dict[str, Any] = {
    "id": 450789469,
    "admin_graphql_api_id": "gid://shopify/Order/450789469",
    "name": "#1001",
    "order_number": 1001,
    "email": "bob.norman@example.org",
    "contact_email": "bob.norman@example.org",
    "checkout_id": 901414060,
    "checkout_token": "bd5a8aa1ecd019dd3520ff791ee3a24c",
    "currency": "USD",
    "total_price": "409.94",
    "current_total_price": "409.94",
    "total_tax": "11.94",
    "total_discounts": "10.00",
    "total_shipping_price_set": {"shop_money": {"amount": "5.00", "currency_code": "USD"}},
    "discount_codes": [{"code": "TENOFF", "amount": "10.00", "type": "fixed_amount"}],
    "payment_gateway_names": ["visa", "bogus"],
    "financial_status": "paid",
    "fulfillment_status": None,
    "cancel_reason": None,
    "cancelled_at": None,
    "created_at": "2026-09-21T10:00:00-04:00",
    "processed_at": "2026-09-21T10:00:00-04:00",
    "updated_at": "2026-09-21T10:20:00-04:00",
    "test": False,
    "line_items": [
        {
            "id": 466157049,
            "product_id": 632910392,
            "sku": "IPOD2008GREEN",
            "title": "IPod Nano - 8gb",
            "name": "IPod Nano - 8gb - green",
            "quantity": 1,
            "price": "199.00",
        },
        {
            "id": 518995019,
            "product_id": None,
            "sku": "RED",
            "title": "Case",
            "quantity": 2,
            "price": "105.47",
        },
    ],
    "billing_address": {"first_name": "Bob", "city": "Louisville", "country_code": "US", "zip": "40202"},
    "customer": {k: v for k, v in CUSTOMER.items() if "consent" not in k},
    "fulfillments": [],
}
FULFILLED = {
    **ORDER,
    "fulfillment_status": "fulfilled",
    "fulfillments": [
        {
            "id": 255858046,
            "created_at": "2026-09-22T08:00:00-04:00",
            "tracking_company": "USPS",
            "status": "success",
        }
    ],
}
CANCELLED = {**ORDER, "cancelled_at": "2026-09-21T16:00:00-04:00", "cancel_reason": "customer"}
REFUND: dict[str, Any] = {
    "id": 509562969,
    "order_id": 450789469,
    "created_at": "2026-09-21T15:00:00-04:00",
    "processed_at": "2026-09-21T15:00:00-04:00",
    "note": "it broke during shipping",
    "refund_line_items": [{"id": 104689539, "quantity": 1, "subtotal": 195.67, "total_tax": 3.98}],
    "transactions": [
        {"id": 179259969, "kind": "refund", "status": "success", "amount": "209.00", "currency": "USD"},
        {"id": 179259970, "kind": "refund", "status": "failure", "amount": "9.00", "currency": "USD"},
    ],
}
CHECKOUT: dict[str, Any] = {
    "id": 901414060,
    "token": "bd5a8aa1ecd019dd3520ff791ee3a24c",
    "email": None,
    "currency": "USD",
    "total_price": "421.88",
    "created_at": "2026-09-21T09:50:00-04:00",
    "line_items": [{"product_id": 632910392, "title": "IPod Nano - 8gb", "quantity": 1, "price": "199.00"}],
}

STRIPE_CUSTOMER: dict[str, Any] = {
    "id": "cus_NffrFeUfNV2Hib",
    "object": "customer",
    "address": {"city": "Lund", "country": "SE", "line1": "Storgatan 1", "postal_code": "22350"},
    "created": 1789990000,
    "currency": "sek",
    "email": "jenny@example.org",
    "livemode": True,
    "metadata": {},
    "name": "Jenny Rosén",
    "phone": "+46701740605",
}
CHARGE: dict[str, Any] = {
    "id": "ch_3MmlLrLkdIwHu7ix0snN0B15",
    "object": "charge",
    "amount": 109950,
    "amount_refunded": 0,
    "billing_details": {
        "address": {"city": "Lund", "country": "SE", "postal_code": "22350"},
        "email": "jenny@example.org",
        "name": "Jenny Rosén",
        "phone": None,
    },
    "currency": "sek",
    "customer": "cus_NffrFeUfNV2Hib",
    "failure_code": None,
    "invoice": None,
    "metadata": {},
    "paid": True,
    "payment_intent": "pi_3MmlLrLkdIwHu7ix0X8L2ZQY",
    "receipt_email": None,
    "status": "succeeded",
}
INTENT: dict[str, Any] = {
    "id": "pi_3MmlLrLkdIwHu7ix0X8L2ZQY",
    "object": "payment_intent",
    "amount": 109950,
    "amount_received": 109950,
    "currency": "sek",
    "customer": "cus_NffrFeUfNV2Hib",
    "last_payment_error": None,
    "latest_charge": "ch_3MmlLrLkdIwHu7ix0snN0B15",
    "metadata": {},
    "receipt_email": "jenny@example.org",
    "status": "succeeded",
}
SUBSCRIPTION: dict[str, Any] = {
    "id": "sub_1MowQVLkdIwHu7ixeRlqHVzs",
    "object": "subscription",
    "cancel_at_period_end": False,
    "cancellation_details": {"comment": None, "feedback": None, "reason": None},
    "currency": "sek",
    "customer": "cus_NffrFeUfNV2Hib",
    "current_period_end": 1792592000,
    "current_period_start": 1790000000,
    "items": {
        "object": "list",
        "data": [
            {
                "id": "si_Na6dzxczY5fwHx",
                "object": "subscription_item",
                "price": {
                    "id": "price_1MowQULkdIwHu7ix",
                    "currency": "sek",
                    "nickname": "Gold",
                    "unit_amount": 9900,
                },
                "quantity": 3,
            }
        ],
    },
    "metadata": {},
    "status": "active",
}


def stripe_event(
    type_: str, about: dict[str, Any], created: int = 1790000000, **previous: Any
) -> dict[str, Any]:
    data: dict[str, Any] = {"object": about}
    if previous:
        data["previous_attributes"] = previous
    return {
        "id": f"evt_{type_.replace('.', '_')}_{created}",
        "object": "event",
        "api_version": "2024-06-20",
        "created": created,
        "data": data,
        "livemode": True,
        "pending_webhooks": 1,
        "type": type_,
    }


def failed_intent() -> dict[str, Any]:
    error = {"code": "card_declined", "decline_code": "insufficient_funds", "type": "card_error"}
    return {**INTENT, "status": "requires_payment_method", "amount_received": 0, "last_payment_error": error}


def failed_charge() -> dict[str, Any]:
    return {**CHARGE, "paid": False, "status": "failed", "failure_code": "card_declined"}


def unpaid_invoice(**more: Any) -> dict[str, Any]:
    return {
        "id": "in_1MtHbELkdIwHu7ixl4OzzPMv",
        "object": "invoice",
        "amount_due": 29700,
        "attempt_count": 2,
        "currency": "sek",
        "customer": "cus_NffrFeUfNV2Hib",
        "customer_email": "jenny@example.org",
        "metadata": {},
        "status": "open",
        **more,
    }


DISPUTE: dict[str, Any] = {
    "id": "du_1MtJUT2eZvKYlo2CNaw2HvEv",
    "object": "dispute",
    "amount": 109950,
    "charge": "ch_3MmlLrLkdIwHu7ix0snN0B15",
    "currency": "sek",
    "evidence_details": {"due_by": 1790604799, "has_evidence": False},
    "metadata": {},
    "payment_intent": "pi_3MmlLrLkdIwHu7ix0X8L2ZQY",
    "reason": "product_not_received",
    "status": "needs_response",
}
