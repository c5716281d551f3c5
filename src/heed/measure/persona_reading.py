"""What pages and the worker ask about personas and lookalikes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from heed.measure.behind import id_after, learnt_in_pieces
from heed.measure.models import CustomerLikeness, CustomerPersona, Likeness, Persona, PersonaRun
from heed.measure.permitting import still
from heed.profiles import reading as people

LOOK, ASSIGN = "look", "assign"
_EVERY: Final = timedelta(days=7)
_AGAIN: Final = timedelta(hours=20)
LEAST: Final = 200
"""Customers without whom no groups are looked for."""


def newest() -> PersonaRun | None:
    return PersonaRun.objects.order_by("-id").first()


def due(now: datetime) -> str:
    """Whether to LOOK for groups anew (once a week; once a day while there are none), only to ASSIGN customers (once a
    day), or "" for neither."""
    last = newest()
    if last is None:
        return LOOK if people.how_many() >= LEAST else ""
    if now - last.learnt_at >= (_AGAIN if last.reason else _EVERY):
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
    rows = CustomerPersona.objects.filter(persona_id=key, profile_id__gt=id_after(cursor)).order_by(
        "profile_id"
    )
    found = list(rows.values_list("profile_id", flat=True)[: size + 1])
    more, found = len(found) > size, found[:size]
    return people.Page(people.people_of(still(found)), str(found[-1]) if more else "")


def ids_of(key: str) -> Iterator[list[uuid.UUID]]:
    """All of them, in pieces."""
    return learnt_in_pieces(CustomerPersona.objects.filter(persona_id=key))


def ids_alike(segment: str, least: float) -> Iterator[list[uuid.UUID]]:
    return learnt_in_pieces(CustomerLikeness.objects.filter(segment=segment, likeness__gte=least))


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
    rows: Any = CustomerLikeness.objects.filter(segment=segment, likeness__gte=least)
    if after := read_cursor(cursor):
        rows = rows.filter(likeness__lte=after[0]).exclude(likeness=after[0], profile_id__lte=after[1])
    found = list(rows.order_by("-likeness", "profile_id").values_list("profile_id", "likeness")[: size + 1])
    more, found = len(found) > size, found[:size]
    cursor = f"{found[-1][1]!r}|{found[-1][0]}" if more else ""
    return people.Page(people.people_of(still(profile_id for profile_id, _ in found)), cursor)


def read_cursor(cursor: str) -> tuple[float, uuid.UUID] | None:
    """`share|profile id`; one that makes no sense starts anew."""
    share, _, profile_id = cursor.partition("|")
    try:
        value, found = float(share), uuid.UUID(profile_id)
    except ValueError:
        return None
    return (value, found) if 0 <= value <= 1 else None
