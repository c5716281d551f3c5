"""What of an event stands open in the lake, and what is kept under the customer's own key.

Private by default: a text under a name that no semantic spec and no setting declares open is treated as
personal, and so is every trait, the whole context but a few harmless fields, and any text that looks like
an address or holds something already known of this customer.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

from heed.contracts.event import Event
from heed.kit.money import in_e4

ColumnKind = Literal["money", "number", "text"]

SEMANTIC: dict[str, tuple[ColumnKind, tuple[str, ...]]] = {
    "value": ("money", ("value", "total", "revenue")),
    "currency": ("text", ("currency",)),
    "order_id": ("text", ("order_id", "orderId")),
    "product_id": ("text", ("product_id", "productId", "sku")),
    "product": ("text", ("product", "product_name")),
    "category": ("text", ("category",)),
    "quantity": ("number", ("quantity",)),
    "price": ("money", ("price",)),
    "page_path": ("text", ("path",)),
    "campaign": ("text", ("campaign", "campaign_name", "utm_campaign")),
    "channel": ("text", ("channel",)),
    "rating": ("number", ("rating", "score")),
    "scale": ("text", ("scale",)),
    "case_id": ("text", ("case_id", "caseId")),
    "placement": ("text", ("placement",)),
    "action": ("text", ("action",)),
    "decision_id": ("text", ("decision_id", "decisionId")),
}
"""Typed columns of the lake: kind, and the property names they are read from, first found wins."""

_READ_FROM: dict[str, tuple[int, str, str, ColumnKind]] = {
    name: (place, name, column, kind)
    for place, (name, column, kind) in enumerate(
        (name, column, kind) for column, (kind, names) in SEMANTIC.items() for name in names
    )
}
"""By property name: its rank among all of them, itself, the column it fills and that column's kind."""

OPEN_TEXTS = frozenset(
    {name for _, names in SEMANTIC.values() for name in names}
    | {
        *("affiliation", "brand", "variant", "coupon", "coupon_id", "coupon_name", "position", "list_id"),
        *("discount", "shipping", "tax", "payment_method", "shipping_method", "checkout_id", "cart_id"),
        *("step", "plan", "plan_name", "feature", "tab", "section", "status", "reason_code", "carrier"),
        *("device", "os", "browser", "app_version", "version", "language", "locale", "direction"),
        *("utm_source", "utm_medium", "utm_content", "utm_term", "expected_at", "delivered_at", "due_at"),
        *("survey_id", "question_id", "treatment", "lever", "outcome", "rule", "topic", "tag", "method"),
        *(
            "purpose",
            "granted",
            "segment",
            "wording",
            "selector",
            "element",
            "form_id",
            "error_type",
            "renewal_date",
            "score_key",
        ),
    }
)
"""Names whose texts describe things, not people."""

_PRIVATE_NAME = re.compile(
    r"e?-?mail|phone|mobile|^tel|whatsapp|^dob$|^pin$|msisdn|name$|^name|surname|address|street|postal|postcode|zip|city|birth|gender"
    r"|iban|account_?number|card|ssn|passport|tax_?id|licen[cs]e|lat(itude)?$|lon(gitude)?$|^ip$|user_?agent"
    r"|comment|message|^text|body|note|subject|query|title|url|recipient|contact|token|password|secret",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s@]@[^\s@]")
_NUMBER = re.compile(r"\+?\d[\d\s()./-]{6,}\d")
_LONGEST_NAME = 200
"""Longer names are taken for personal unread: no pattern is held against what a sender may make as long as they like."""
_OPEN_LENGTH = 120
_OPEN_DEPTH = 4


@lru_cache(maxsize=8192)
def private_name(name: str) -> bool:
    """Whether a property of this name is personal whatever its value."""
    return name not in OPEN_TEXTS and (len(name) > _LONGEST_NAME or _PRIVATE_NAME.search(name) is not None)


@lru_cache(maxsize=8192)
def _personal_itself(name: str) -> bool:
    """Whether the name holds an address or a number, as keys made from data do."""
    return len(name) > _LONGEST_NAME or _reads_personal(name)


def _reads_personal(text: str) -> bool:
    return _ADDRESS.search(text) is not None or _NUMBER.search(text) is not None


def looks_personal(text: str) -> bool:
    """Whether a name, made from data perhaps, holds an address or a long number."""
    return _personal_itself(text)


def _split(
    properties: Mapping[str, Any], guard: list[str], declared: frozenset[str], depth: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    opened: dict[str, Any] = {}
    private: dict[str, Any] = {}
    for name, value in properties.items():
        if value is None:
            continue
        if (name not in declared and private_name(name)) or _personal_itself(name):
            private[name] = value
        elif isinstance(value, bool):
            opened[name] = value
        elif isinstance(value, int):
            (opened if abs(value) < 10**8 or name in _LONG_NUMBERS else private)[name] = value
        elif isinstance(value, float):
            if math.isfinite(value):
                opened[name] = value
        elif isinstance(value, str):
            harmless = (name in OPEN_TEXTS or name in declared) and _harmless(name, value, guard)
            (opened if harmless else private)[name] = value
        elif isinstance(value, Mapping) and depth < _OPEN_DEPTH:
            inner_open, inner_private = _split(value, guard, declared, depth + 1)
            if inner_open:
                opened[name] = inner_open
            if inner_private:
                private[name] = inner_private
        else:
            private[name] = value
    return opened, private


def _harmless(name: str, value: str, guard: list[str]) -> bool:
    if len(value) > _OPEN_LENGTH:
        return False
    if name not in _CODES and _reads_personal(value):
        return False
    if guard:
        folded = value.casefold()
        return not any(text in folded for text in guard)
    return "@" not in value


_CODES = frozenset(
    {
        "order_id",
        "orderId",
        "product_id",
        "productId",
        "sku",
        "case_id",
        "caseId",
        "decision_id",
        "decisionId",
    }
    | {"checkout_id", "cart_id", "expected_at", "delivered_at", "due_at", "renewal_date", "version"}
    | {"app_version", "survey_id", "question_id"}
)
"""Names whose values are long digits or dates by nature; only an address or a known text makes them private."""

_LONG_NUMBERS = _CODES | {name for kind, names in SEMANTIC.values() if kind != "text" for name in names}
"""Names whose whole numbers stand open however long: an order of 100,000,000 rupiah is not a phone number."""


def open_event(
    event: Event, known: Iterable[str] = (), declared: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Fill `event.open` and return the rest, which is for the lake's `private` column."""
    guard = [text.casefold() for text in (*known, *_said_now(event)) if len(text) >= 3]
    if event.name in _ABOUT_PRODUCTS:
        declared = declared | {"name"}
    opened, hidden = _split(event.properties, guard, declared, 0)
    if event.type in {"page", "screen"} and "path" not in opened:
        path = _page_path(event)
        if path and _harmless("path", path, guard):
            opened["path"] = path
    event.open = opened
    private: dict[str, Any] = {"properties": hidden} if hidden else {}
    if event.traits:
        private["traits"] = event.traits
    if event.context:
        private["context"] = event.context
    for name in ("user_id", "anonymous_id", "group_id", "previous_id"):
        if value := getattr(event, name):
            private[name] = value
    if event.name and not _harmless("", event.name, guard):
        private["name"] = event.name
    return private


def _said_now(event: Event) -> list[str]:
    """Names and addresses in the event's own traits, which the profile does not know yet."""
    found = []
    for traits in (event.traits, event.context.get("traits")):
        if isinstance(traits, Mapping):
            for name, value in traits.items():
                if isinstance(value, str) and len(name) <= _LONGEST_NAME and _PRIVATE_NAME.search(name):
                    found += [value, *(word for word in value.split()[:6] if len(word) >= 4)]
    return found


def open_id(value: str) -> str:
    """An id a sender made up, as it may stand open: one that holds an address stands as its hash."""
    if "@" not in value or not _reads_personal(value):
        return value
    return hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


_ABOUT_PRODUCTS = frozenset(
    {"Product Viewed", "Product Added", "Product Removed", "Product Clicked", "Product Out Of Stock"}
)
"""Events whose `name` property is a product's, not a person's."""


def semantic(event: Event) -> dict[str, Any]:
    """The typed columns of an event whose `open` is filled: money in ten-thousandths, numbers as floats."""
    opened = event.open
    columns: dict[str, Any] = {}
    for _, name, column, kind in sorted(_READ_FROM[name] for name in opened if name in _READ_FROM):
        if column not in columns and (value := typed(kind, opened[name])) is not None:
            columns[column] = value
    if "product" not in columns and "name" in opened and event.name in _ABOUT_PRODUCTS:
        columns["product"] = str(opened["name"])
    return columns


def typed(kind: ColumnKind, value: Any) -> Any:
    """`value` as the column's kind, or None where it is not of that kind."""
    if kind == "money":
        return in_e4(value)
    if kind == "number":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, str)):
        return str(value)
    return None


def _page_path(event: Event) -> str:
    """The path of a page view without query and fragment, where forms leave addresses and tokens."""
    path = event.properties.get("path")
    if not isinstance(path, str):
        page = event.context.get("page")
        url = event.properties.get("url") or (page.get("url") if isinstance(page, dict) else None)
        if not isinstance(url, str):
            return ""
        try:
            path = urlsplit(url).path
        except ValueError:
            return ""
    return path.split("?")[0].split("#")[0]
