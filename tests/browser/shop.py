"""The customers that browser tests look at: a small shop, and people with hostile names."""

from __future__ import annotations

import csv
import io
import json
import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from heed.collect import actions as collecting
from heed.collect import hook_actions, uploads
from heed.collect.domain.hooks.kinds import KINDS
from heed.collect.domain.refusals import Counts
from heed.collect.models import DeadLetter, HookDelivery, HookRefusal, SeenEvent, Upload, Violation
from heed.collect.plan_actions import save_planned
from heed.contracts.event import Event
from heed.govern import actions
from heed.govern.models import User
from heed.predictions import forecast_reading, forecasting, scoring, valuing
from heed.profiles.models import LikelyPair, Profile
from heed.scores import api as scores
from heed.segments import api as segments

Carry = Callable[[list[Event]], None]
DAY, HOUR = 86_400_000, 3_600_000
HOSTILE = [
    "x" * 2000,
    "<script>alert(1)</script>",
    "محمد عبد الله بن عبد الرحمن الطويل جدا",
    "😀🎉👩‍👩‍👧‍👦 Ünïcödé",
    "=cmd|' /C calc'!A0",
    "Théa Marchand-Dubois von und zu " * 12,
]
_number = iter(range(10**9))


def webhooks(names: list[str]) -> list[str]:
    """A webhook of each kind with something that arrived and something refused; their sources' ids."""
    now, made = timezone.now(), []
    for kind, name in zip(KINDS, names, strict=True):
        hook = hook_actions.create_hook(name, kind, name[:100])
        HookDelivery.objects.create(
            source=hook.pk, key=b"a", topic=name[:100], events=2, times=3, received_at=now
        )
        HookDelivery.objects.create(source=hook.pk, key=b"b", topic="x", why=name[:300], received_at=now)
        HookRefusal.objects.create(
            source=hook.pk, day=now.date(), reason="wrong_signature", count=4100, last_at=now
        )
        DeadLetter.objects.create(
            received_at=now, source=hook.pk, reason="bad_hook", detail=name[:400], payload=b"{}"
        )
        made.append(str(hook.pk))
    return made


def plans(names: list[str]) -> list[str]:
    """Planned events with problems, and others nobody planned; the addresses of their pages."""
    at, addresses = timezone.now(), []
    for name in names:
        schema = {"required": [name[:40]], "properties": {name[:40]: {"type": "number"}}}
        made = save_planned(name[:200], schema, name[:100])
        SeenEvent.objects.create(
            name=made.name,
            source=name[:60],
            events=41_000,
            bad=120,
            first_at=at,
            last_at=at,
            message_id=name[:200],
        )
        SeenEvent.objects.create(
            name=f"{name[:150]} Opened", source="s", events=7, first_at=at, last_at=at, message_id="m"
        )
        for words in ("is missing", "is text instead of a number"):
            Violation.objects.create(
                name=made.name, source=name[:60], property=f"products[].{name[:100]}", words=words,
                count=60, last_at=at, message_id=name[:200],
            )  # fmt: skip
        addresses += [f"/plan/{made.pk}/", f"/plan/{made.pk}/?learn=1"]
    return addresses


def sent_files(names: list[str]) -> list[str]:
    """Files to import in each state; the addresses of their pages and of the list."""
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(["email", "Name", names[0][:150]])
    for name in names:
        rows.writerow(["ada@example.org", name, name])
    counts = Counts(
        rows=4100, events=4000, skipped=3, nobody=7, refused={("bad_row", ""): (90, 12, names[0][:200])}
    )
    addresses = ["/imports/"]
    for number, state in enumerate(Upload.STATES):
        made = uploads.keep(
            f"{names[number % len(names)][:150]}.csv", [table.getvalue().encode()], names[0][:100]
        )
        told = {**counts.told(), "imported": 1500, "dropped": 2}
        Upload.objects.filter(pk=made.pk).update(
            state=state, counts=told, share=0.4, problem=names[0][:300] if state == "failed" else ""
        )
        addresses.append(f"/imports/{made.pk}/")
    return addresses


def event(name: str, who: str, ago: int, **more: Any) -> Event:
    at = time.time_ns() // 1_000_000 - ago
    kind = more.pop("type", "track")
    source = more.pop("source", "shop")
    return Event(f"b{next(_number)}", kind, at, at, name=name, user_id=who, source=source, **more)


def wrote(who: str, text: str, ago: int = 60_000) -> Event:
    return event("Message Received", who, ago, properties={"text": text, "channel": "email"})


def a_shop(carry: Carry) -> None:
    """Sixty customers over five weeks, one of them with a story."""
    events = [
        event("", "mara", 40 * DAY, type="identify",
              traits={"name": "Mara Lindqvist", "email": "mara@example.org", "plan": "gold", "vip": True}),
        event("Order Completed", "mara", 10 * DAY,
              properties={"order_id": "88213", "value": 84.5, "currency": "EUR"}),
        event("Consent Changed", "mara", 9 * DAY, properties={"purpose": "marketing", "granted": True}),
        wrote("mara", "Where is my parcel? This is terrible, I am really angry!", 12 * 60_000),
    ]  # fmt: skip
    for i in range(60):
        mood = "Wonderful, thank you so much" if i % 3 else "This is terrible, I am angry"
        events.append(event("", f"c{i}", 30 * DAY, type="identify", traits={"name": f"Customer Number {i}"}))
        events.append(wrote(f"c{i}", mood, (i % 30) * DAY + HOUR))
        if i % 6 < 4:
            household, name = i % 2, f"Firm {i // 6}"
            traits = {"name": name, "type": "household"} if household else {"name": name, "plan": "gold"}
            events.append(
                event("", f"c{i}", 20 * DAY, type="group", group_id=f"firm-{i // 6}", traits=traits)
            )
    carry(sorted(events, key=lambda e: e.occurred))
    collecting.create_source("Web shop", "web", "owner")
    segments.save_segment("", name="Gold", rule='trait.plan = "gold"')
    segments.save_segment("", name="Unhappy", rule="mood.valence < -0.2", purpose="marketing")
    segments.save_segment("", name="Press", kind="list")
    carry([])
    likely(0.97, ["same first name", "e-mail differs by one letter", "different city"])
    bury("no_identity", b'{"type":"track","event":"X"}')


def hostile_people(carry: Carry) -> None:
    events = []
    for i, name in enumerate(HOSTILE):
        traits = {"name": name, "email": f"p{i}@example.net", name[:80]: name, "nested": {"a": [name]}}
        events.append(event("", f"h{i}", DAY, type="identify", traits=traits))
        events.append(wrote(f"h{i}", f"This is terrible, I am angry! {name}", HOUR))
        events.append(event(name[:200], f"h{i}", 2 * HOUR, properties={"order_id": name[:200]}))
        events.append(event(name[:200], "nobody", (9 - i) * HOUR))
        events.append(
            event("", f"h{i}", HOUR, type="group", group_id=name, traits={"name": name, name[:80]: name})
        )
    carry(events)
    for name in HOSTILE:
        collecting.create_source(name, "web", name[:100])
        bury(name[:80], name.encode())
        actions.audit(name[:200], "tested", name[:200], detail=name)
        actions.create_key(name[:100].strip(), "manage")
        rule = f"trait.name = {json.dumps(name)} or seen.days_ago < 9"
        segments.save_segment("", name=name[:200], description=name, rule=rule)
    carry([])
    likely(0.5, [name[:200] for name in HOSTILE])
    User.objects.update(name=HOSTILE[0][:200])
    actions.create_user(f"{'long' * 15}@{'sub.' * 40}example.org", "agent", None, name=HOSTILE[2])


def bought(carry: Carry, names: list[str]) -> None:
    """Half a year of visits of 140 customers and orders of 120 in two currencies, and what was learnt from them four
    weeks ago and now."""
    chance = random.Random(3)
    events = []
    for i in range(140):
        events.append(event("Product Viewed", f"o{i}", (i % 40 + 1) * DAY))
        events.append(event("", f"o{i}", 181 * DAY, type="identify", traits={"name": names[i % len(names)]}))
        at = 175 - chance.random() * 90 if i < 120 else 0
        while at > 0:
            value = 20 + i % 7 + round(chance.random(), 2)
            money = (
                {"value": 11 * value, "currency": "SEK"}
                if i % 3 == 0
                else {"value": value, "currency": "EUR"}
            )
            seen = int(at * DAY)
            for name, ago, chances in (("Product Viewed", 2 * HOUR, 0.8), ("Product Added", HOUR, 0.7)):
                if chance.random() < chances:
                    events.append(event(name, f"o{i}", seen + ago))
            events.append(
                event("Order Completed", f"o{i}", seen, properties={"order_id": f"o{i}-{at}", **money})
            )
            if not i % 2 or chance.random() < 0.15:
                break
            at -= chance.expovariate(1 / 25) + 1
    carry(sorted(events, key=lambda e: e.occurred))
    for days in (28, 0):
        valuing.refresh(timezone.now() - timedelta(days=days))
    for kind in forecast_reading.kinds():
        made = forecasting.refresh(kind, timezone.now())
        if made.published:
            scoring.score(made, timezone.now())
    carry([])


def scored(carry: Carry, words: str) -> list[str]:
    """A score that some customers have, and the pages that show it."""
    key, ids = "upsell", list(Profile.objects.order_by("valence").values_list("pk", flat=True)[:6])
    scores.define(key, name=words[:100], high=words[:200], made_by=words[:200])
    now = time.time_ns() // 1_000_000
    scores.give(
        [
            scores.Given(each, key, 0.9 - i / 7, f"{words[:400]}\nBought twice.", "v1", now + (3 - i) * DAY)
            for i, each in enumerate(ids)
        ],
        by=words,
    )
    carry([])
    return [f"/scores/{key}/", f"/scores/{key}/edit/"]


def likely(probability: float, reasons: list[str]) -> None:
    """Up to three pairs of customers who may be one person."""
    ids = list(Profile.objects.order_by("valence", "pk").values_list("pk", flat=True)[:6])
    for one, other in zip(ids[::2], ids[1::2], strict=True):
        LikelyPair.objects.create(
            one=one, other=other, probability=probability, reasons=reasons, found_at=timezone.now()
        )


def bury(reason: str, payload: bytes) -> None:
    DeadLetter.objects.create(
        received_at=timezone.now(), source="shop", reason=reason, detail=reason, payload=payload
    )
