"""What customers do after or before an event: what is asked and what was found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from heed.kit.shares import Share, share

STEPS: Final = 3
MOST_BRANCHES: Final = 5
AFTER, BEFORE = "after", "before"


@dataclass(frozen=True)
class Question:
    """The way from each customer's first such event in the last `days`, or to their last one, within so many hours."""

    event: str
    direction: str = AFTER
    days: int = 30
    within: int = 24
    segment: str = ""


@dataclass(frozen=True)
class Branch:
    """`n` of the `of` customers at the step before went on with this; `way` are the steps up to and with it."""

    way: tuple[str, ...]
    n: int
    of: int
    branches: tuple[Branch, ...]
    others: int
    ended: int

    @property
    def name(self) -> str:
        return self.way[-1]

    @property
    def encoded(self) -> str:
        """The name as part of an address."""
        return quote(self.name, safe="")

    @property
    def share(self) -> Share | None:
        return share(self.n, self.of)


def tree(question: Question, rows: Iterable[Mapping[str, Any]]) -> Branch:
    """`rows` have `way`, the names of up to STEPS steps, and how many customers `n` went exactly so."""
    found = [(tuple(row["way"] or ()), int(row["n"])) for row in rows]
    return _branch((), found, sum(n for _, n in found), (question.event,))


def _branch(
    way: tuple[str, ...], rows: list[tuple[tuple[str, ...], int]], of: int, shown: tuple[str, ...]
) -> Branch:
    n = sum(each for _, each in rows)
    depth = len(way)
    following: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    ended = 0
    for each, count in rows:
        if len(each) > depth:
            following.setdefault(each[depth], []).append((each, count))
        else:
            ended += count
    ordered = sorted(following.items(), key=lambda pair: (-sum(count for _, count in pair[1]), pair[0]))
    branches = (
        tuple(_branch((*way, name), own, n, (*way, name)) for name, own in ordered[:MOST_BRANCHES])
        if depth < STEPS
        else ()
    )
    others = sum(count for _, own in ordered[MOST_BRANCHES:] for _, count in own)
    return Branch(shown, n, of, branches, others if depth < STEPS else 0, ended if depth < STEPS else 0)
