"""Lasting decisions that two profiles are not one person, as resolution goes by them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import msgspec


class Decision(msgspec.Struct, frozen=True):
    """`one` and `other` are ids of profiles as they were first made, in the order of their numbers.

    `lifted_by` is the message id of the later merge that took the decision back, "" while it stands.
    """

    one: uuid.UUID
    other: uuid.UUID
    lifted_by: str = ""


class Apart:
    """Which of the profiles at hand must not become one.

    `standing` are decisions with the profiles they are about now. Live, a merge somebody asks for lifts what
    stands against it, noted in `lifted`. When the lake is folded again (`again`) decisions hold from the first event
    on, and each is lifted by the very merge that lifted it then.
    """

    def __init__(
        self, standing: Iterable[tuple[uuid.UUID, uuid.UUID, Decision]] = (), again: bool = False
    ) -> None:
        self._between: dict[uuid.UUID, dict[uuid.UUID, set[Decision]]] = {}
        self.again = again
        self.lifted: dict[Decision, str] = {}
        for a, b, decision in standing:
            self._add(a, b, {decision})

    def _add(self, a: uuid.UUID, b: uuid.UUID, decisions: set[Decision]) -> None:
        for x, y in ((a, b), (b, a)):
            self._between.setdefault(x, {}).setdefault(y, set()).update(decisions)

    def keeps(self, a: uuid.UUID, b: uuid.UUID) -> bool:
        return bool(self._between.get(a, {}).get(b))

    def joined(self, kept: uuid.UUID, absorbed: uuid.UUID) -> None:
        """What kept somebody apart from the absorbed profile keeps them apart from the one it is part of."""
        for other, decisions in self._between.pop(absorbed, {}).items():
            self._between[other].pop(absorbed, None)
            if other != kept:
                self._add(kept, other, decisions)

    def lift(self, a: uuid.UUID, b: uuid.UUID, message_id: str) -> None:
        decisions = self._between.get(a, {}).get(b, set())
        gone = {each for each in decisions if not self.again or each.lifted_by == message_id}
        if not self.again:
            self.lifted.update(dict.fromkeys(gone, message_id))
        left = decisions - gone
        for x, y in ((a, b), (b, a)):
            if y in self._between.get(x, {}):
                self._between[x][y] = set(left)
