"""Scores as rules may ask about them: `score.<key>`, a number."""

from __future__ import annotations

from collections.abc import Iterator

from heed.contracts.fold import State
from heed.rules.facts import Fact, Family
from heed.scores.domain.section import KEY, current, next_end


class Names:
    """What the scores to choose from are called, by key; replaced whole."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self._made: dict[str, Fact] = {}

    def set(self, known: dict[str, str]) -> None:
        if known != self.known:
            self.known, self._made = dict(known), {}

    def make(self, key: str) -> Fact | None:
        """The fact of any key a score may have, whether or not there is one: unknown like a trait nobody has."""
        found = self._made.get(key)
        if found is None and KEY.fullmatch(key):
            found = self._fact(key)
            if key in self.known:
                self._made[key] = found
        return found

    def _fact(self, key: str) -> Fact:
        def read(state: State, now: int) -> float | None:
            score = current(state, key, now)
            return None if score is None else score.value

        label = f"the score “{self.known.get(key, key)}”"
        return Fact(f"score.{key}", "number", label, read, lambda state, now: next_end(state, key, now))

    def listed(self) -> Iterator[Fact]:
        for key in list(self.known):
            if (found := self.make(key)) is not None:
                yield found

    def family(self) -> Family:
        return Family("score", self.make, self.listed)
