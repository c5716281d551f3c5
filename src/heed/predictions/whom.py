"""Whom what is foretold is about, so that they can be kept as a list."""

from __future__ import annotations

import msgspec

from heed.predictions import forecast_reading, persona_reading
from heed.predictions import value_reading as reading
from heed.segments import api as segments


class InCells(msgspec.Struct, frozen=True, tag=True):
    """Whoever is in these cells of recency and frequency."""

    cells: reading.Cells


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


def register() -> None:
    segments.register_whom(InCells, lambda whom: reading.ids_in(whom.cells))
    segments.register_whom(Likely, lambda whom: forecast_reading.ids_above(whom.forecast, whom.least))
    segments.register_whom(OfPersona, lambda whom: persona_reading.ids_of(whom.persona))
    segments.register_whom(Alike, lambda whom: persona_reading.ids_alike(whom.segment, whom.least))
