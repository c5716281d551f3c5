"""The kinds of webhook there are, and what a delivery comes to, whatever its kind."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from heed.collect.domain.hooks import custom, shopify, signatures, stripe
from heed.collect.domain.hooks.reading import Found, Unusable, part, text
from heed.collect.domain.hooks.signatures import Header
from heed.collect.domain.mapping import Mapper, mapper_of
from heed.collect.domain.protocol import Dropped, Limits, from_mapping
from heed.contracts.event import Event

SHOPIFY, STRIPE, JSON = "shopify", "stripe", "json"
KINDS = {SHOPIFY: "Shopify", STRIPE: "Stripe", JSON: "Any system that sends JSON"}
TOPICS = {SHOPIFY: shopify.TOPICS, STRIPE: stripe.TYPES, JSON: {}}
HEADER = "X-Signature"
"""Where any other system puts its signature, unless a person says otherwise."""


class Options(msgspec.Struct, omit_defaults=True):
    """What a person chose for one webhook; `mapping` is what a mapping file would say, for any JSON only."""

    same_ids: bool = False
    payments_are_orders: bool = False
    header: str = HEADER
    mapping: dict[str, Any] = {}


class Delivery(msgspec.Struct, frozen=True):
    """`id` is the same whenever the same thing is delivered again; `topic` is what the sender calls it."""

    id: str
    topic: str


class Outcome(msgspec.Struct):
    """What a delivery comes to; `ignored` says why where it comes to nothing and nothing is wrong."""

    events: list[Event] = []
    dropped: list[Dropped] = []
    ignored: str = ""


class Reader:
    """Reads what one webhook is sent."""

    def __init__(self, kind: str, options: Options) -> None:
        """Raises `MappingError` for a mapping that cannot be used."""
        self.kind = kind
        self.options = options
        self.mapper: Mapper | None = mapper_of(options.mapping) if options.mapping else None

    def refusal(self, header: Header, body: bytes, secret: str, now: int) -> str:
        """ "" where the body is signed with the secret, else a key of `signatures.WRONG`; `now` in ms."""
        if self.kind == SHOPIFY:
            return signatures.shopify(header, body, secret)
        if self.kind == STRIPE:
            return signatures.stripe(header, body, secret, now)
        return signatures.plain(header, self.options.header, body, secret)

    def delivery(self, header: Header, body: bytes, payload: Any) -> Delivery:
        own = hashlib.blake2b(body, digest_size=16).hexdigest()
        if self.kind == SHOPIFY:
            told, topic = header("x-shopify-webhook-id"), header("x-shopify-topic")
        elif self.kind == STRIPE:
            told, topic = text(part(payload, "id")), text(part(payload, "type"))
        else:
            told, topic = custom.delivery(self.mapper, payload), ""
        return Delivery(_short(told, 200) or own, _short(topic, 100))

    def outcome(
        self, delivery: Delivery, payload: Any, body: bytes, received: int, limits: Limits
    ) -> Outcome:
        """Events to keep and what is to become a dead letter; `payload` is the decoded body, None where it is no JSON."""
        try:
            if not isinstance(payload, dict):
                raise Unusable("it is no JSON object")
            if self.kind == JSON:
                return self._mapped(delivery, payload, body, received, limits)
            found = self._found(delivery, payload)
        except Unusable as error:
            return Outcome(dropped=[_letter(error.reason, str(error), body)])
        if not found.calls:
            return Outcome(ignored=found.ignored)
        outcome = Outcome()
        for place, call in enumerate(found.calls):
            if not call.get("messageId"):
                call["messageId"] = f"{self.kind}-{delivery.id}" + (f"-{place}" if place else "")
            made = from_mapping(call, received, limits)
            if isinstance(made, Event):
                _add(outcome, made, body, limits)
            else:
                outcome.dropped.append(_letter(made[0], made[1], body))
        return outcome

    def _found(self, delivery: Delivery, payload: dict[str, Any]) -> Found:
        if self.kind == SHOPIFY:
            return shopify.calls(delivery.topic, payload, self.options.same_ids)
        return stripe.calls(payload, self.options.same_ids, self.options.payments_are_orders)

    def _mapped(
        self, delivery: Delivery, payload: dict[str, Any], body: bytes, received: int, limits: Limits
    ) -> Outcome:
        if self.mapper is None:
            raise Unusable("nobody has said yet what stands where in the JSON")
        event = custom.event(self.mapper, payload, delivery.id, received, limits)
        if event is None:
            return Outcome(ignored="its mapping leaves it out")
        outcome = Outcome()
        _add(outcome, event, body, limits)
        return outcome


def _short(said: str, most: int) -> str:
    """Without what no store keeps, and not longer than anybody needs."""
    return said.replace("\x00", "").strip()[:most]


def _add(outcome: Outcome, event: Event, body: bytes, limits: Limits) -> None:
    size = len(msgspec.json.encode(event))
    if size > limits.event_bytes:
        detail = f"{size} bytes, allowed are {limits.event_bytes}"
        outcome.dropped.append(_letter("too_large", detail, body))
    else:
        outcome.events.append(event)


def _letter(reason: str, detail: str, body: bytes) -> Dropped:
    """The body whole, so that it can be read again once its mapping is mended."""
    return Dropped(reason, detail, body)
