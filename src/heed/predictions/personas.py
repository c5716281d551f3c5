"""Looking for personas among all customers, knowing them again, and keeping lists in step with them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np
from django.db import connection, transaction

from heed.contracts.event import OWN_SOURCE
from heed.kit.means import Mean
from heed.ports import current
from heed.predictions import signs
from heed.predictions.domain import clusters
from heed.predictions.domain import personas as domain
from heed.predictions.domain.clusters import Places
from heed.predictions.models import CustomerPersona, Persona, PersonaRun
from heed.predictions.persona_reading import LEAST
from heed.profiles.api import MERGED, merges, permitted
from heed.segments import api as segments

_LARGEST: Final = 20_000
"""Customers groups are found among; of more, a random part says the same, and all are put into the nearest."""
_PIECE: Final = 2_000
_SEEN: Final = 365
_JOURNEY_DAYS: Final = 90
_JOURNEYS: Final = 4
_COMMON: Final = f"""
    with {MERGED}, own as (select unnest(?::varchar[]) as who, unnest(?::integer[]) as persona),
    told as (
        select who, persona, name, occurred, batch, place from (
            select coalesce(merged.kept, profile_id) as who, name, occurred, batch, place from events
            left join merged on merged.absorbed = profile_id
            where day >= ? and day < ? and type = 'track' and source <> ? and name <> '' and profile_id is not null
        ) join own using (who)
    ), steps as (
        select who, persona, name, occurred, batch, place from told
        qualify name is distinct from lag(name) over (partition by who order by occurred, batch, place)
    ), ways as (
        select who, persona, name as a, lead(name, 1) over turn as b, lead(name, 2) over turn as c from steps
        window turn as (partition by who order by occurred, batch, place)
    ), counted as (
        select persona, a, b, c, count(distinct who) as n from ways where c is not null group by persona, a, b, c
    )
    select persona, a, b, c, n, sum(n) over (partition by a, b, c) as every from counted
    qualify row_number() over (partition by persona order by n desc, a, b, c) <= ?
    order by persona, n desc, a, b, c
"""  # noqa: S608  a fixed text
"""The commonest three touchpoints in a row (the same one again and again is one), by how many customers went so."""


@dataclass(frozen=True)
class _Everybody:
    """Customers who may be looked at, place by place."""

    known: signs.Customers
    ids: list[uuid.UUID]
    refused: int


def refresh(now: datetime) -> PersonaRun:
    """Look for groups anew; those known before keep their key and name, and are found first."""
    every = _everybody(now)
    run = PersonaRun(learnt_at=now, customers=len(every.ids), refused=every.refused)
    if len(every.ids) < LEAST:
        run.reason = f"It takes {LEAST} customers seen within a year, and there {_are(len(every.ids))}."
        return _none(run)
    where = domain.space(every.known.raw)
    x = where.place(every.known.raw)
    living = list(Persona.objects.filter(ended_at=None).order_by("key"))
    found = clusters.find(_part(x), _begin(living, where))
    run.silhouette = found.silhouette
    if found.silhouette < clusters.LEAST_CLEAR:
        run.reason = (
            "Your customers do not fall into clear groups by what they do, spend and feel "
            f"(silhouette {found.silhouette:.2f}, and it takes {clusters.LEAST_CLEAR})."
        )
        return _none(run)
    run.space = msgspec.to_builtins(where)
    own = clusters.nearest(x, found.centres)
    with transaction.atomic():
        same = _known_again(every.ids, own, living, found.k)
        kept = _keep(every, own, found, where, living, same, now)
        _put(every.ids, own, kept)
        run.assigned_at = now
        run.save()
    _in_step(kept)
    return run


def assign(run: PersonaRun, now: datetime) -> None:
    """Put every customer into the nearest persona there is, as they are today."""
    living = list(Persona.objects.filter(ended_at=None).order_by("key"))
    where = msgspec.convert(run.space, domain.Space)
    every = _everybody(now)
    if living and every.ids:
        own = clusters.nearest(where.place(every.known.raw), [each.centre["place"] for each in living])
        with transaction.atomic():
            for place, persona in enumerate(living):
                _describe(persona, every, own == place)
                persona.save()
            _put(every.ids, own, living)
            run.assigned_at, run.refused, run.customers = now, every.refused, len(every.ids)
            run.save()
        _journeys(every, own, living, now.date())
        _in_step(living)


def _are(count: int) -> str:
    return "is one" if count == 1 else f"are {count:,}"


def _none(run: PersonaRun) -> PersonaRun:
    """No groups are found: those there were end, and their lists stay as they are."""
    with transaction.atomic():
        Persona.objects.filter(ended_at=None).update(ended_at=run.learnt_at, size=0, share=0)
        CustomerPersona.objects.all().delete()
        PersonaRun.objects.exclude(reason="").delete()
        run.save()
    return run


def _everybody(now: datetime) -> _Everybody:
    known = signs.known_on(now.date() + timedelta(days=1))
    known = known.where(known.raw["unseen_days"] <= _SEEN)
    ids = [uuid.UUID(each) for each in known.ids]
    may, refused = np.zeros(len(ids), bool), 0
    for start in range(0, len(ids), _PIECE):
        found, no = permitted(ids[start : start + _PIECE])
        refused += no
        for place in range(start, min(start + _PIECE, len(ids))):
            may[place] = ids[place] in found
    return _Everybody(known.where(may), [ids[place] for place in np.flatnonzero(may)], refused)


def _part(x: Any) -> Any:
    if len(x) <= _LARGEST:
        return x
    return x[np.sort(np.random.default_rng(0).choice(len(x), _LARGEST, replace=False))]


def _begin(living: Sequence[Persona], where: domain.Space) -> list[list[float]]:
    """The centres of before, where customers are still compared by the same; scales may have moved a little."""
    if any(each.centre["names"] != list(where.names) for each in living):
        return []
    return [each.centre["place"] for each in living]


def _known_again(
    ids: Sequence[uuid.UUID], own: Places, living: Sequence[Persona], groups: int
) -> dict[int, int]:
    if not living:
        return {}
    places = {each.key: place for place, each in enumerate(living)}
    before = dict(CustomerPersona.objects.values_list("profile_id", "persona_id"))
    then = np.array([places.get(before.get(each, ""), -1) for each in ids], np.int64)
    return clusters.matched(then, own, len(living), groups)


def _keep(
    every: _Everybody,
    own: Places,
    found: clusters.Groups,
    where: domain.Space,
    living: Sequence[Persona],
    same: dict[int, int],
    now: datetime,
) -> list[Persona]:
    """A persona for each group, those known again under their own key; whoever is not found any more has ended."""
    told = [domain.tell(every.known.raw, own == group) for group in range(found.k)]
    fresh = [group for group in range(found.k) if group not in same]
    named = [living[old].name for new, old in same.items() if living[old].named]
    unnamed = [group for group in range(found.k) if group not in same or not living[same[group]].named]
    called = dict(zip(unnamed, domain.called([told[group] for group in unnamed], named), strict=True))
    number = Persona.objects.count()
    kept = []
    for group in range(found.k):
        persona = living[same[group]] if group in same else Persona(created_at=now)
        if group in fresh:
            number += 1
            persona.key = f"persona-{number}"
        persona.name = called.get(group, persona.name)[:120]
        persona.centre = {"names": list(where.names), "place": list(found.centres[group])}
        _describe(persona, every, own == group)
        persona.save()
        kept.append(persona)
    gone = {each.key for each in living} - {each.key for each in kept}
    Persona.objects.filter(key__in=gone).update(ended_at=now, size=0, share=0)
    _journeys(every, own, kept, now.date())
    return kept


def _describe(persona: Persona, every: _Everybody, own: Any) -> None:
    told = domain.tell(every.known.raw, own)
    persona.size, persona.share = int(own.sum()), float(own.mean()) if len(own) else 0.0
    persona.sentences = list(told.sentences)
    mood = every.known.raw["mood"][own]
    felt = mood[np.isfinite(mood)]
    persona.felt = len(felt)
    persona.mood = float(felt.mean()) if len(felt) else None
    margin = Mean(float(felt.mean()), float(felt.std(ddof=1)), len(felt)).margin if len(felt) > 1 else 1.0
    persona.mood_margin = min(1.0, margin)


def _journeys(every: _Everybody, own: Places, kept: Sequence[Persona], today: date) -> None:
    values = [
        *merges(),
        every.known.ids,
        own.tolist(),
        today - timedelta(days=_JOURNEY_DAYS),
        today + timedelta(days=1),
        OWN_SOURCE,
        _JOURNEYS,
    ]
    ways: dict[int, list[Any]] = {}
    for row in current.lake().sql(_COMMON, values).to_pylist():
        persona = kept[row["persona"]]
        steps = [row[name][:200] for name in "abc"]
        ways.setdefault(row["persona"], []).append(
            [steps, row["n"] / max(1, persona.size), int(row["every"]) / max(1, len(every.ids))]
        )
    for place, persona in enumerate(kept):
        persona.journeys = ways.get(place, [])
        persona.save(update_fields=["journeys"])


def _put(ids: Sequence[uuid.UUID], own: Places, kept: Sequence[Persona]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from customer_persona")
        with cursor.copy("copy customer_persona (profile_id, persona_id) from stdin") as copy:
            for profile_id, place in zip(ids, own.tolist(), strict=True):
                copy.write_row((profile_id, kept[place].key))


def _in_step(personas: Sequence[Persona]) -> None:
    for persona in personas:
        if persona.segment and persona.ended_at is None and segments.exists(persona.segment):
            keep_list(persona)


def keep_list(persona: Persona) -> int:
    """Put those on the persona's list who came to it and take off who left; returns how many that were.

    Done again, it changes nothing more once the events are carried.
    """
    wanted = set(CustomerPersona.objects.filter(persona=persona).values_list("profile_id", flat=True))
    there = segments.ids(persona.segment)
    changed = 0
    for ids, on in ((wanted - there, True), (there - wanted, False)):
        some = sorted(ids)
        for start in range(0, len(some), _PIECE):
            changed += segments.put_on_list(
                persona.segment, some[start : start + _PIECE], on=on, by="Heed", changing=True
            )
    return changed
