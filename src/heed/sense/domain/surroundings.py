"""The section `circumstances`: what sense itself must remember to say what is true for a customer now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from heed.contracts import vocabulary as v
from heed.contracts.event import Effect, Event
from heed.contracts.fold import State
from heed.kit.clock import DAY, HOUR, MINUTE
from heed.rules.facts import Fact
from heed.sense.domain.ratings import share_of_scale

VISIT_GAP = 30 * MINUTE
"""After this long without a sign, the next page begins a new visit."""

_ZONE_LENGTH = 40
_OFFSET = re.compile(r"^(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?$")
_TABLET = re.compile(r"iPad|Tablet|Kindle|Silk/|Android(?!.*Mobile)", re.IGNORECASE)
_PHONE = re.compile(r"iPhone|iPod|Mobile|Mobi|Windows Phone|Opera Mini", re.IGNORECASE)
_PHONE_TYPES = {"ios", "android", "mobile", "phone", "smartphone"}


class Touch(msgspec.Struct, array_like=True):
    """The latest event about one topic."""

    at: int
    message_id: str


class Surroundings(msgspec.Struct, omit_defaults=True):
    """`zone` is a time zone as the sender wrote it, `device` phone, tablet, desktop or "". Moments in ms."""

    zone: str = ""
    zone_at: int = 0
    device: str = ""
    device_at: int = 0
    first_seen: int = 0
    last_seen: int = 0
    visits: int = 0
    touches: dict[str, Touch] = {}


TOPICS: dict[str, str] = {
    v.PRODUCT_ADDED: "basket",
    v.PRODUCT_REMOVED: "basket",
    v.CART_VIEWED: "basket",
    v.CHECKOUT_STARTED: "basket",
    v.ORDER_COMPLETED: "placed",
    v.ORDER_SHIPPED: "shipped",
    v.ORDER_DELAYED: "delayed",
    v.ORDER_OVERDUE: "delayed",
    v.ORDER_DELIVERED: "delivered",
    v.ORDER_RETURNED: "returned",
    v.PAYMENT_FAILED: "payment",
    v.CASE_OPENED: "case",
    v.CASE_REOPENED: "case",
    v.PROMISE_MADE: "promise",
    v.PROMISE_MISSED: "promise",
    v.MESSAGE_RECEIVED: "contact",
    v.LIVE_CHAT_MESSAGE_RECEIVED: "contact",
    v.LIVE_CHAT_CONVERSATION_STARTED: "contact",
    v.SUBSCRIPTION_RENEWED: "renewal",
}
"""Which events are evidence for which topic; complaints, visits and devices are noticed by what they hold."""


def step(state: State, event: Event, now: int) -> Iterable[Effect]:
    """Fold one event into `state.circumstances`; the fold's clock is not read."""
    section: Surroundings = state.circumstances
    _notice_zone(section, event)
    if event.type in {"page", "screen"} or _on_site(event):
        _notice_visit(section, event)
        _notice_device(section, event)
    if event.type == "track":
        topic = TOPICS.get(event.name)
        if topic is not None:
            _touch(section, topic, event)
        if _complains(event):
            _touch(section, "complaint", event)
    inner = event.context.get("traits")
    places = (event.traits, event.properties, inner if isinstance(inner, dict) else {})
    if any(name in place for place in places for name in ("renewal_date", "renews_at")):
        _touch(section, "renewal", event)
    return ()


def merge(kept: Surroundings, absorbed: Surroundings) -> Surroundings:
    """Join the surroundings of two profiles that turned out to be one person: the latest news of each."""
    if absorbed.zone_at > kept.zone_at:
        kept.zone, kept.zone_at = absorbed.zone, absorbed.zone_at
    if absorbed.device_at > kept.device_at:
        kept.device, kept.device_at = absorbed.device, absorbed.device_at
    seen = [moment for moment in (kept.first_seen, absorbed.first_seen) if moment]
    kept.first_seen = min(seen, default=0)
    kept.last_seen = max(kept.last_seen, absorbed.last_seen)
    kept.visits += absorbed.visits
    for topic, touch in absorbed.touches.items():
        known = kept.touches.get(topic)
        if known is None or touch.at > known.at:
            kept.touches[topic] = touch
    return kept


def _touch(section: Surroundings, topic: str, event: Event) -> None:
    known = section.touches.get(topic)
    if known is None or event.occurred >= known.at:
        section.touches[topic] = Touch(event.occurred, event.message_id)


def _complains(event: Event) -> bool:
    read = event.understanding
    if read is not None and read.intent == "complaint" and read.intent_score >= 0.5:
        return event.name in v.CUSTOMER_TEXT
    share = share_of_scale(event)
    return share is not None and share <= 0.25


def _on_site(event: Event) -> bool:
    return event.type == "track" and ("userAgent" in event.context or "page" in event.context)


def _notice_visit(section: Surroundings, event: Event) -> None:
    if (
        not section.visits
        or not section.first_seen - VISIT_GAP <= event.occurred <= section.last_seen + VISIT_GAP
    ):
        section.visits += 1
        _touch(section, "visit", event)
    section.first_seen = min(section.first_seen or event.occurred, event.occurred)
    section.last_seen = max(section.last_seen, event.occurred)


def _notice_device(section: Surroundings, event: Event) -> None:
    if event.occurred < section.device_at:
        return
    device = device_of(event.context)
    if device:
        if device != section.device:
            _touch(section, "device", event)
        section.device, section.device_at = device, event.occurred


def device_of(context: dict[str, Any]) -> str:
    """phone, tablet, desktop, or "" where the context does not say."""
    named = context.get("device")
    kind = named.get("type") if isinstance(named, dict) else None
    agent = context.get("userAgent")
    if isinstance(agent, str) and (handheld := _handheld(agent[:400])):
        return handheld
    if isinstance(kind, str):
        lowered = kind.casefold()
        if lowered in _PHONE_TYPES:
            return "phone"
        if lowered in {"tablet", "desktop"}:
            return lowered
    hints = context.get("userAgentData")
    if isinstance(hints, dict) and isinstance(hints.get("mobile"), bool):
        return "phone" if hints["mobile"] else "desktop"
    return "desktop" if isinstance(agent, str) and agent else ""


@lru_cache(maxsize=8192)
def _handheld(agent: str) -> str:
    """phone or tablet, "" where the user agent names neither."""
    if _TABLET.search(agent) and "Windows" not in agent:
        return "tablet"
    return "phone" if _PHONE.search(agent) else ""


def _notice_zone(section: Surroundings, event: Event) -> None:
    if event.occurred < section.zone_at:
        return
    inner = event.context.get("traits")
    for place in (event.context, event.traits, inner if isinstance(inner, dict) else {}):
        zone = place.get("timezone")
        if (
            isinstance(zone, str)
            and zone.strip()
            and offset_at(zone.strip()[:_ZONE_LENGTH], event.occurred) is not None
        ):
            section.zone, section.zone_at = zone.strip()[:_ZONE_LENGTH], event.occurred
            return


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


CLOCKS_TURN = 15 * MINUTE
"""Zones change their offset at whole quarters of an hour only."""


def offset_at(zone: str, now: int) -> int | None:
    """Milliseconds a zone is ahead of UTC at `now`, or None where no such zone is known."""
    return _offset(zone, now - now % CLOCKS_TURN)


@lru_cache(maxsize=8192)
def _offset(zone: str, now: int) -> int | None:
    fixed = _OFFSET.match(zone)
    if fixed is not None:
        ahead = int(fixed[2]) * HOUR + int(fixed[3] or 0) * MINUTE
        return (ahead if fixed[1] == "+" else -ahead) if ahead <= 14 * HOUR else None
    known = _zone(zone)
    if known is None:
        return None
    try:
        ahead_by = datetime.fromtimestamp(now / 1000, UTC).astimezone(known).utcoffset()
    except (OverflowError, ValueError, OSError):
        return None
    return None if ahead_by is None else int(ahead_by / timedelta(milliseconds=1))


def local_hour(section: Surroundings, now: int) -> float | None:
    """The hour of the day where the customer is, 0 up to 24, or None where the zone is not known."""
    ahead = offset_at(section.zone, now) if section.zone else None
    return None if ahead is None else ((now + ahead) % DAY) / HOUR


def _idle_minutes(state: State, now: int) -> float | None:
    seen = state.circumstances.last_seen
    return (now - seen) / MINUTE if seen else None


FACTS: tuple[Fact, ...] = (
    Fact("visit.count", "number", "visits", lambda s, now: s.circumstances.visits),
    Fact("visit.idle_minutes", "number", "minutes since the last page", _idle_minutes),
    Fact("device.class", "text", "phone, tablet or desktop", lambda s, now: s.circumstances.device or None),
    Fact("local.hour", "number", "hour of the day there", lambda s, now: local_hour(s.circumstances, now)),
)
