"""What the pages ask about the tracking plan, and what of it can be learnt from what arrived."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Sum
from django.utils import timezone

from heed.collect.domain.plans import Proposal, proposed
from heed.collect.models import PlannedEvent, PlanPosition, SeenEvent, Violation
from heed.collect.planning import HIDDEN
from heed.collect.reading import source_names
from heed.contracts.event import OWN_SOURCE
from heed.govern.rooms import door, has_door
from heed.kit.shares import Share, share
from heed.ports.current import lake_rows

LEARNT_FROM, LEARNT_DAYS = 2_000, 90
MOST_UNPLANNED = 100


@dataclass(frozen=True)
class PlanLine:
    planned: PlannedEvent
    events: int
    bad: int
    last_at: datetime | None
    share: Share | None


@dataclass(frozen=True)
class Unplanned:
    name: str
    events: int
    sources: str
    last_at: datetime
    hidden: bool


@dataclass(frozen=True)
class Wrong:
    """In what way events are not as planned."""

    property: str
    words: str
    source: str
    count: int
    last_at: datetime
    message_id: str


def lines() -> list[PlanLine]:
    """Every planned event, those with problems first."""
    totals = {
        row["name"]: row
        for row in SeenEvent.objects.values("name").annotate(
            n=Sum("events"), bad=Sum("bad"), last=Max("last_at")
        )
    }
    found = []
    for planned in PlannedEvent.objects.all():
        row = totals.get(planned.name, {"n": 0, "bad": 0, "last": None})
        found.append(PlanLine(planned, row["n"], row["bad"], row["last"], share(row["bad"], row["n"])))
    return sorted(found, key=lambda line: (-line.bad, line.planned.name))


def unplanned() -> list[Unplanned]:
    """Events that arrive under a name nobody planned, most first."""
    names = source_names()
    planned = set(PlannedEvent.objects.values_list("name", flat=True))
    by_name: dict[str, list[SeenEvent]] = {}
    for seen in SeenEvent.objects.exclude(name__in=planned).order_by("-last_at"):
        by_name.setdefault(seen.name, []).append(seen)
    found = [
        Unplanned(
            name=name,
            events=sum(each.events for each in rows),
            sources=", ".join(
                sorted({names.get(each.source, each.source or "unknown") for each in rows})[:4]
            ),
            last_at=rows[0].last_at,
            hidden=name == HIDDEN,
        )
        for name, rows in by_name.items()
    ]
    return sorted(found, key=lambda each: -each.events)[:MOST_UNPLANNED]


def planned(planned_id: int) -> PlannedEvent | None:
    return PlannedEvent.objects.filter(pk=planned_id).first()


def line(planned: PlannedEvent) -> PlanLine:
    row = SeenEvent.objects.filter(name=planned.name).aggregate(
        n=Sum("events"), bad=Sum("bad"), last=Max("last_at")
    )
    n, bad = row["n"] or 0, row["bad"] or 0
    return PlanLine(planned, n, bad, row["last"], share(bad, n))


def wrong(planned: PlannedEvent) -> list[Wrong]:
    """How events of this name are not as planned, what happens most first."""
    names = source_names()
    rows = Violation.objects.filter(name=planned.name).order_by("-count", "property")[:200]
    return [
        Wrong(each.property, "; ".join(filter(None, (each.words, each.hint))), names.get(each.source, each.source or "unknown"), each.count,
              each.last_at, each.message_id)
        for each in rows
    ]  # fmt: skip


def skipped() -> int:
    """Events that were not looked at because too many came at once."""
    return int(PlanPosition.objects.aggregate(n=Sum("skipped"))["n"] or 0)


def learn(name: str, now: datetime | None = None) -> Proposal:
    """What the latest events of a name in the lake were like: two thousand of them, of ninety days."""
    columns = ["carried_under", "profile_id", "private", "properties"]
    since: date = ((now or timezone.now()) - timedelta(days=LEARNT_DAYS)).date()
    rows = lake_rows(
        f"select {', '.join(columns)} from events where name = ? and type = 'track' and source <> ? and day >= ?"  # noqa: S608  names of our own
        " order by batch desc, place desc limit ?",
        [name, OWN_SOURCE, since, LEARNT_FROM],
    )
    return proposed(_properties(rows))


def _properties(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whole where they can be opened; else what of them stands open."""
    if has_door("opened_events"):
        _, opened = door("opened_events")()
        found = [event.properties for event in opened(rows)]
        if found:
            return found
    return [json.loads(row["properties"]) for row in rows if row["properties"]]
