"""What pages and the worker ask about personas and lookalikes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from heed.predictions import learnt
from heed.predictions.models import CustomerLikeness, CustomerPersona, Likeness, Persona, PersonaRun
from heed.profiles import reading as people
from heed.profiles.api import still

LOOK, ASSIGN = "look", "assign"
_EVERY: Final = timedelta(days=7)
_AGAIN: Final = timedelta(hours=20)
LEAST: Final = 200
"""Customers without whom no groups are looked for."""


def newest() -> PersonaRun | None:
    return PersonaRun.objects.order_by("-id").first()


def due(now: datetime) -> str:
    """Whether to LOOK for groups anew (once a week or when there are twice as many customers; once a day while there are
    none), only to ASSIGN customers (once a day), or "" for neither."""
    last = newest()
    if last is None:
        return LOOK if people.how_many() >= LEAST else ""
    grown = not last.reason and people.how_many() >= 2 * (last.customers + last.refused)
    if grown or now - last.learnt_at >= (_AGAIN if last.reason else _EVERY):
        return LOOK
    return ASSIGN if last.assigned_at and now - last.assigned_at >= _AGAIN else ""


def all_living() -> list[Persona]:
    return list(Persona.objects.filter(ended_at=None))


def living(key: str) -> Persona | None:
    return Persona.objects.filter(key=key, ended_at=None).first()


def of_customer(profile_id: uuid.UUID) -> Persona | None:
    found = CustomerPersona.objects.filter(profile_id=profile_id).select_related("persona").first()
    return found.persona if found and still([profile_id]) else None


def those_of(key: str, cursor: str = "", size: int = people.PAGE) -> people.Page:
    """Customers of a persona, by id."""
    return learnt.by_id(CustomerPersona.objects.filter(persona_id=key), cursor, size)


def ids_of(key: str) -> Iterator[list[uuid.UUID]]:
    """All of them, in pieces."""
    return learnt.in_pieces(CustomerPersona.objects.filter(persona_id=key))


def ids_alike(segment: str, least: float) -> Iterator[list[uuid.UUID]]:
    return learnt.in_pieces(CustomerLikeness.objects.filter(segment=segment, likeness__gte=least))


def likeness(segment: str) -> Likeness | None:
    return Likeness.objects.filter(segment=segment).first()


@dataclass(frozen=True)
class Alike:
    person: people.Person
    likeness: float
    why: list[str]


def most_alike(segment: str, limit: int = 20) -> list[Alike]:
    found = {
        each.profile_id: each
        for each in CustomerLikeness.objects.filter(segment=segment).order_by("-likeness", "profile_id")[
            :limit
        ]
    }
    return [
        Alike(person, found[person.id].likeness, found[person.id].why.splitlines())
        for person in people.people_of(still(found))
    ]


def how_many_alike(segment: str, least: float) -> int:
    return CustomerLikeness.objects.filter(segment=segment, likeness__gte=least).count()


def those_alike(segment: str, least: float, cursor: str = "", size: int = people.PAGE) -> people.Page:
    """Those at least so much alike, the most alike first."""
    rows = CustomerLikeness.objects.filter(segment=segment, likeness__gte=least)
    return learnt.most_first(rows, "likeness", cursor, size)
