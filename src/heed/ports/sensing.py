"""What the pipeline asks of whoever understands texts and keeps moods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from heed.contracts.event import Event, Understanding
from heed.contracts.fold import State


class Sensing(Protocol):
    def text_of(self, event: Event) -> str:
        """The customer's own words in the event, or ""."""

    def understand_many(self, texts: Sequence[str]) -> list[Understanding]: ...

    def feeling(self, state: State, now: int) -> tuple[float, float]:
        """`(valence, confidence)` at `now`."""

    def notice(self, state: State, event: Event) -> None:
        """Take in the surroundings in an event's context (device, time zone) and nothing else."""


_sensing: list[Sensing] = []


def set_sensing(sensing: Sensing) -> None:
    _sensing[:] = [sensing]


def sensing() -> Sensing:
    return _sensing[0]
