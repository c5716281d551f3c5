"""What the pipeline and decisions ask of sense, in the shape of `ports.sensing`."""

from __future__ import annotations

from collections.abc import Sequence

from heed.contracts.event import Event, Understanding
from heed.contracts.fold import State
from heed.sense.domain import mood, surroundings
from heed.sense.domain.words import text_of
from heed.sense.text import understand_many
from heed.sense.weighing import weighing


class Reader:
    def text_of(self, event: Event) -> str:
        return text_of(event)

    def understand_many(self, texts: Sequence[str]) -> list[Understanding]:
        return list(understand_many(texts))

    def feeling(self, state: State, now: int) -> tuple[float, float]:
        found = mood.mood_at(state.mood, now, weighing.weights, with_evidence=False)
        return found.valence, found.confidence

    def notice(self, state: State, event: Event) -> None:
        """Take in where and on what somebody is who is asked about, without counting a touchpoint."""
        surroundings.step(state, event, event.occurred)
