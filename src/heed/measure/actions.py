"""Customers behind a figure, kept as a list of `segments`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import transaction

from heed.govern.models import User
from heed.measure import explorer, forecast_reading, funnel, jobs, paths, reading
from heed.measure.domain import explorer as explored
from heed.measure.domain import paths as ways
from heed.measure.domain.funnel import Question
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


Whom = InCells | AtStep | WhoDid | OnWay | Likely


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
    return funnel.ids(whom.question, whom.number, whom.kind, whom.at.astimezone(UTC))
