"""Customers behind a figure, kept as a list of `segments`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import transaction

from heed.govern.models import User
from heed.measure import funnel, jobs, reading
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


Whom = InCells | AtStep


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
    return funnel.ids(whom.question, whom.number, whom.kind, whom.at.astimezone(UTC))
