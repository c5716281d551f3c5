"""A short sample of what each kind of webhook is sent, for people to try before anything arrives."""

from __future__ import annotations

SHOPIFY = """{
  "id": 450789469,
  "name": "#1001",
  "email": "ada@example.org",
  "currency": "EUR",
  "total_price": "84.50",
  "created_at": "2026-03-02T10:15:00+01:00",
  "customer": {"id": 207119551, "first_name": "Ada", "last_name": "Lind"},
  "line_items": [
    {"product_id": 632910392, "title": "Lamp", "quantity": 1, "price": "84.50"}
  ]
}
"""
STRIPE = """{
  "id": "evt_1",
  "type": "payment_intent.payment_failed",
  "created": 1772442900,
  "data": {
    "object": {
      "id": "pi_1",
      "object": "payment_intent",
      "amount": 8450,
      "currency": "eur",
      "customer": "cus_1",
      "receipt_email": "ada@example.org",
      "last_payment_error": {"decline_code": "insufficient_funds"}
    }
  }
}
"""
ANY = """{
  "id": "7f3a",
  "type": "Appointment Booked",
  "created_at": "2026-03-02T10:15:00+01:00",
  "customer": {"id": "42", "email": "ada@example.org"},
  "data": {"place": "Lyon", "price": 35}
}
"""
SAMPLES = {"shopify": SHOPIFY, "stripe": STRIPE, "json": ANY}
