"""What the pages show of webhooks: their latest deliveries, what was turned away, what a sample would become."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from heed.collect.domain.hooks.kinds import Delivery, Reader
from heed.collect.domain.hooks.reading import text
from heed.collect.domain.hooks.signatures import WRONG
from heed.collect.domain.protocol import REASONS, Limits
from heed.collect.hooks import decoded
from heed.collect.models import DeadLetter, Hook, HookDelivery, HookRefusal
from heed.contracts.event import Event
from heed.kit.clock import moment

LATEST = 20
_MOST_PATHS = 80


@dataclass(frozen=True)
class Refused:
    why: str
    count: int
    last_at: Any


@dataclass(frozen=True)
class Arrived:
    """`day` deliveries of 24 hours, of which `used` became events; `refused` of the last seven days; `letters` open."""

    latest: list[HookDelivery]
    day: int
    used: int
    refused: list[Refused]
    letters: int


def hook(source_id: str) -> Hook | None:
    return Hook.objects.select_related("source").filter(pk=source_id.replace("\x00", "")).first()


def arrived(hook: Hook) -> Arrived:
    now = timezone.now()
    own = HookDelivery.objects.filter(source=hook.pk)
    day = own.filter(received_at__gte=now - timedelta(days=1)).aggregate(
        n=Count("id"), used=Count("id", filter=Q(events__gt=0))
    )
    refused = (
        HookRefusal.objects.filter(source=hook.pk, day__gte=now.date() - timedelta(days=6))
        .values("reason")
        .annotate(n=Sum("count"), last=Max("last_at"))
        .order_by("-n")
    )
    return Arrived(
        latest=list(own.order_by("-received_at")[:LATEST]),
        day=day["n"],
        used=day["used"],
        refused=[Refused(WRONG.get(row["reason"], row["reason"]), row["n"], row["last"]) for row in refused],
        letters=DeadLetter.objects.filter(source=hook.pk, resubmitted_at=None, discarded_at=None).count(),
    )


@dataclass(frozen=True)
class Shown:
    """An event for people: `who` are the identifiers it carries, `told` what it says as indented JSON."""

    name: str
    at: Any
    who: list[tuple[str, str]]
    told: str
    traits: str


@dataclass(frozen=True)
class Tried:
    """What a sample would become; `paths` are the places in it with what stands there."""

    events: list[Shown]
    wrong: list[tuple[str, str]]
    ignored: str
    paths: list[tuple[str, str]]


def tried(reader: Reader, topic: str, sample: str, received: int, limits: Limits) -> Tried:
    body = sample.encode("utf-8", "replace")
    payload = decoded(body)
    delivery = reader.delivery(lambda name: topic if name == "x-shopify-topic" else "", body, payload)
    outcome = reader.outcome(Delivery(delivery.id, delivery.topic), payload, body, received, limits)
    return Tried(
        events=[shown(event) for event in outcome.events],
        wrong=[(REASONS.get(each.reason, each.reason), each.detail) for each in outcome.dropped],
        ignored=outcome.ignored,
        paths=list(islice(_paths(payload, ""), _MOST_PATHS)) if reader.kind == "json" else [],
    )


def shown(event: Event) -> Shown:
    who = [("user id", event.user_id), ("anonymous id", event.anonymous_id)]
    traits = event.context.get("traits")
    traits = {**(traits if isinstance(traits, dict) else {}), **event.traits}
    who += [(name, text(traits.get(key))) for name, key in (("e-mail", "email"), ("phone", "phone"))]
    external = event.context.get("externalIds")
    for each in external if isinstance(external, list) else []:
        if isinstance(each, dict) and each.get("type") not in {"email", "phone"}:
            who.append((text(each.get("type")).replace("_", " "), text(each.get("id"))))
    names = {"identify": "Who somebody is", "page": "Page seen", "screen": "Screen seen"}
    return Shown(
        name=event.name or names.get(event.type, event.type),
        at=moment(event.occurred),
        who=[(name, value) for name, value in who if value],
        told=_indented(event.properties),
        traits=_indented(traits),
    )


def _indented(values: dict[str, Any]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False, default=str)[:20_000] if values else ""


def _paths(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for place, inner in enumerate(value[:2]):
            yield from _paths(inner, f"{path}.{place}" if path else str(place))
    elif path and len(path) < 200 and value is not None:
        yield f"{{{path}}}", str(value)[:80]
