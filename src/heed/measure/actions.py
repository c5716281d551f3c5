"""Customers behind a figure, kept as a list of `segments`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from heed.govern.api import audit
from heed.govern.models import User
from heed.measure import explorer, forecast_reading, funnel, jobs, paths, persona_reading, reading
from heed.measure.domain import explorer as explored
from heed.measure.domain import paths as ways
from heed.measure.domain.funnel import Question
from heed.measure.models import Likeness, Persona
from heed.segments import api as segments


class InCells(msgspec.Struct, frozen=True, tag=True):
    """Whoever is in these cells of recency and frequency."""

    cells: reading.Cells


class AtStep(msgspec.Struct, frozen=True, tag=True):
    """Whoever is behind a figure of a funnel; `at` is the moment it was asked for."""

    question: Question
    number: int
    kind: str
    at: datetime


class WhoDid(msgspec.Struct, frozen=True, tag=True):
    """Whoever did an event, or did it with this value of its property."""

    question: explored.Question
    part: str | None
    at: datetime


class OnWay(msgspec.Struct, frozen=True, tag=True):
    """Whoever went this way from an event, or to it."""

    question: ways.Question
    way: tuple[str, ...]
    at: datetime


class Likely(msgspec.Struct, frozen=True, tag=True):
    """Whoever has at least this chance by the forecast of this key."""

    forecast: str
    least: float


class OfPersona(msgspec.Struct, frozen=True, tag=True):
    """Whoever is nearest to this persona."""

    persona: str


class Alike(msgspec.Struct, frozen=True, tag=True):
    """Whoever is at least so much alike to the members of this segment."""

    segment: str
    least: float


Whom = InCells | AtStep | WhoDid | OnWay | Likely | OfPersona | Alike


@transaction.atomic
def save_as_list(name: str, description: str, purpose: str, whom: Whom, by: User) -> str:
    """Make a list; the worker puts these customers on it. Returns its key; raises `ValidationError`.

    With a `purpose` only those who permit it are on it, now and later, as with every segment.
    """
    made = segments.save_segment("", name=name, description=description, kind="list", purpose=purpose, by=by)
    jobs.fill_list.defer(key=made.key, whom=msgspec.to_builtins(whom), by=by.email)
    return str(made.key)


def fill_list(key: str, whom: dict[str, Any], by: str) -> None:
    """Each piece is durable by itself; done again it changes nothing."""
    for ids in _ids(msgspec.convert(whom, Whom)):
        segments.put_on_list(key, ids, by=by)


def _ids(whom: Whom) -> Iterator[list[uuid.UUID]]:
    if isinstance(whom, InCells):
        return reading.ids_in(whom.cells)
    if isinstance(whom, WhoDid):
        return explorer.ids(whom.question, whom.part, whom.at.astimezone(UTC))
    if isinstance(whom, OnWay):
        return paths.ids(whom.question, whom.way, whom.at.astimezone(UTC))
    if isinstance(whom, Likely):
        return forecast_reading.ids_above(whom.forecast, whom.least)
    if isinstance(whom, OfPersona):
        return persona_reading.ids_of(whom.persona)
    if isinstance(whom, Alike):
        return persona_reading.ids_alike(whom.segment, whom.least)
    return funnel.ids(whom.question, whom.number, whom.kind, whom.at.astimezone(UTC))


@transaction.atomic
def save_persona(key: str, name: str, note: str, by: User) -> Persona:
    """What a colleague calls it, which stays; raises `Persona.DoesNotExist`."""
    found: Persona = Persona.objects.select_for_update().get(key=key)
    found.note = note.strip()
    if name.strip() and name.strip() != found.name:
        found.name, found.named = name.strip(), True
    found.save(update_fields=["name", "named", "note"])
    audit(by, "persona.named", key, name=found.name)
    return found


@transaction.atomic
def keep_persona_as_list(key: str, by: User) -> str:
    """A list of segments that is kept in step with the persona, day by day. Returns its key, the same when asked again;
    raises `Persona.DoesNotExist`, and `ValidationError`."""
    found = Persona.objects.select_for_update().get(key=key, ended_at=None)
    if not found.segment or not segments.exists(found.segment):
        words = f"Persona, kept in step day by day. {' '.join(found.sentences)}"[:1_000]
        made = segments.save_segment("", name=found.name, description=words, kind="list", by=by)
        found.segment = made.key
        found.save(update_fields=["segment"])
    jobs.keep_list.defer(key=key)
    return str(found.segment)


@transaction.atomic
def find_lookalikes(segment: str, by: User) -> None:
    """Asked of the worker; raises `ValidationError` where there is no such segment."""
    if not segments.exists(segment):
        raise ValidationError("There is no such segment.")
    Likeness.objects.update_or_create(
        segment=segment, defaults={"asked_at": timezone.now(), "learnt_at": None}
    )
    audit(by, "lookalikes.asked", segment)
    jobs.lookalikes.defer(segment=segment)
