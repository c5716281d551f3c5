"""What the demo's shop has set up: somebody who may sign in, a source, and actions."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from django.contrib.auth.password_validation import validate_password
from django.db import connection

from heed.collect.api import create_source
from heed.decisions.api import save_action
from heed.govern.api import create_user
from heed.kit.clock import system_clock
from heed.segments.api import save_segment

EMAIL = "demo@example.org"

_BANNER, _ACCOUNT = "home_banner", "account"
ACTIONS: tuple[tuple[str, dict[str, object], list[dict[str, str]]], ...] = (
    (
        "late-apology",
        {
            "name": "Apologise for a late order",
            "kind": "apology",
            "value": 40.0,
            "applicable": 'circumstance "order_late"',
            "cap_count": 2,
            "cap_days": 3,
        },
        [
            {
                "placement": _BANNER,
                "title": "Your parcel is late, and we are sorry",
                "body": "We are chasing the carrier. If it is not with you tomorrow, we send it again.",
                "button": "See where it is",
                "url": "/account/orders",
            }
        ],
    ),
    (
        "say-sorry",
        {
            "name": "Say sorry and put it right",
            "kind": "apology",
            "value": 25.0,
            "applicable": 'circumstance "just_complained" or circumstance "contact_repeated"',
            "cap_count": 1,
            "cap_days": 2,
        },
        [
            {
                "placement": _BANNER,
                "title": "We are sorry about this",
                "body": "Somebody is reading what you wrote right now and will write back today.",
                "button": "Tell us more",
                "url": "/contact",
            }
        ],
    ),
    (
        "call-back",
        {
            "name": "Offer a call by a person",
            "kind": "help",
            "value": 30.0,
            "applicable": 'circumstance "contact_repeated" or circumstance "promise_overdue"',
            "cap_count": 1,
            "cap_days": 2,
        },
        [
            {
                "placement": _BANNER,
                "title": "Let us call you",
                "body": "You had to ask more than once. Ravi will ring you and sort it out.",
                "button": "Choose a time",
                "url": "/contact/call",
            }
        ],
    ),
    (
        "payment-help",
        {
            "name": "Help with a failed payment",
            "kind": "help",
            "value": 35.0,
            "applicable": 'circumstance "payment_failed"',
            "cap_count": 2,
            "cap_days": 1,
        },
        [
            {
                "placement": _BANNER,
                "title": "Your payment did not go through",
                "body": "Nothing was charged. Try another card, or let us help.",
                "button": "Get help",
                "url": "/contact",
            }
        ],
    ),
    (
        "order-status",
        {
            "name": "Say where the order is",
            "kind": "status_update",
            "value": 8.0,
            "applicable": 'circumstance "order_under_way"',
            "cap_count": 3,
            "cap_days": 2,
        },
        [
            {
                "placement": _BANNER,
                "title": "Your order is on its way",
                "body": "Follow it to your door.",
                "button": "Track",
                "url": "/account/orders",
            }
        ],
    ),
    (
        "weekend-offer",
        {
            "name": "Weekend offer −15%",
            "kind": "promotion",
            "value": 12.0,
            "purpose": "marketing",
            "eligible": "identified = true",
            "suitable": "mood.valence > -0.2",
            "cap_count": 2,
            "cap_days": 7,
        },
        [
            {
                "placement": _BANNER,
                "title": "15% off until Sunday",
                "body": "Everything for kitchen and bath.",
                "button": "Look around",
                "url": "/offers",
            }
        ],
    ),
    (
        "basket-reminder",
        {
            "name": "Remind of the basket",
            "kind": "promotion",
            "value": 20.0,
            "purpose": "marketing",
            "applicable": 'circumstance "basket_left"',
            "context": "basket.value > 100",
            "context_weight": 1.5,
            "cap_count": 1,
            "cap_days": 3,
        },
        [
            {
                "placement": _BANNER,
                "title": "Still thinking it over?",
                "body": "Your basket is where you left it.",
                "button": "To the basket",
                "url": "/basket",
            }
        ],
    ),
    (
        "gift-wrap",
        {
            "name": "Suggest gift wrapping",
            "kind": "upsell",
            "value": 4.0,
            "purpose": "marketing",
            "eligible": 'did "Product Added" within 2 days where category = "Gifts"',
            "cap_count": 1,
            "cap_days": 14,
        },
        [
            {
                "placement": _BANNER,
                "title": "Is it a present?",
                "body": "We wrap it and write the card for you.",
                "button": "Add wrapping",
                "url": "/wrapping",
            }
        ],
    ),
    (
        "ask-review",
        {
            "name": "Ask for a review",
            "kind": "review_request",
            "value": 5.0,
            "applicable": 'circumstance "order_delivered"',
            "suitable": "mood.valence >= 0.1",
            "cap_count": 1,
            "cap_days": 30,
        },
        [
            {
                "placement": _BANNER,
                "title": "How do you like it?",
                "body": "Two sentences help others choose.",
                "button": "Write a review",
                "url": "/review",
            },
            {
                "placement": _ACCOUNT,
                "title": "Tell others about it",
                "body": "Your review helps.",
                "button": "Write",
                "url": "/review",
            },
        ],
    ),
)


SEGMENTS = (
    ("Waiting for a late order", 'circumstance "order_late"', ""),
    ("Unhappy and buys often", "mood.valence < -0.25 and mood.confidence >= 0.3 and order.count >= 2", ""),
    ("Bought twice in 90 days", 'did "Order Completed" at least 2 times within 90 days', ""),
    ("Gone quiet", "seen.days_ago >= 30 and order.count >= 1", ""),
    ("Pleased, may hear from us", "mood.valence >= 0.35 and mood.confidence >= 0.3", "marketing"),
)


def prepare_demo(folder: Path) -> dict[str, str]:
    """Set everything up once; returns what the demo keeps: login, write key, when its history began.

    It is kept in the data folder, readable by its owner only.
    """
    path = folder / "demo.json"
    if path.exists():
        kept: dict[str, str] = json.loads(path.read_text())
        return kept
    password = f"look-around-{secrets.token_hex(3)}"
    validate_password(password)
    with connection.cursor() as cursor:
        cursor.execute("select 1 from govern_user where email = %s", [EMAIL])
        if cursor.fetchone() is None:
            create_user(EMAIL, "owner", password, name="Demo", by="heed demo")
    _, key = create_source("The shop", "server", "heed demo")
    for name, fields, treatments in ACTIONS:
        save_action(name, {"active": True, **fields}, treatments, by="heed demo")
    for name, rule, purpose in SEGMENTS:
        save_segment("", name=name, rule=rule, purpose=purpose, by="heed demo")
    kept = {"email": EMAIL, "password": password, "key": key, "live_since": str(system_clock())}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(kept, file)
    return kept
