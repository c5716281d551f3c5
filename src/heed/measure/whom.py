"""Whom the figures of reports are about, so that they can be kept as a list."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from heed.measure import explorer, funnel, paths
from heed.measure.domain import explorer as explored
from heed.measure.domain import paths as walked
from heed.measure.domain.funnel import Question
from heed.segments import api as segments


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

    question: walked.Question
    way: tuple[str, ...]
    at: datetime


def _at_step(whom: AtStep) -> Iterator[list[uuid.UUID]]:
    return funnel.ids(whom.question, whom.number, whom.kind, whom.at.astimezone(UTC))


def _who_did(whom: WhoDid) -> Iterator[list[uuid.UUID]]:
    return explorer.ids(whom.question, whom.part, whom.at.astimezone(UTC))


def _on_way(whom: OnWay) -> Iterator[list[uuid.UUID]]:
    return paths.ids(whom.question, whom.way, whom.at.astimezone(UTC))


def register() -> None:
    segments.register_whom(AtStep, _at_step)
    segments.register_whom(WhoDid, _who_did)
    segments.register_whom(OnWay, _on_way)
