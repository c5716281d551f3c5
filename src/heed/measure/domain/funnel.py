"""A funnel: what is asked and what was found. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from heed.kit.shares import Share, share

MOST: Final = 6
DAYS: Final = {7: "the last 7 days", 30: "the last 30 days", 90: "the last 90 days", 365: "the last year"}
WITHIN: Final = {1: "an hour", 24: "a day", 168: "a week", 720: "30 days", 2160: "90 days"}
"""Hours from the first step to the last."""
REACHED, LEFT, BESIDE = "reached", "left", "beside"
"""Who came as far as a step in order; who came as far as the one before only; who did it without those before."""


@dataclass(frozen=True)
class Question:
    """`steps` are names of events in their order, all done `within` hours of the first; `days` back to look, the
    running one (UTC) included. Not `ordered`, they may be done in any order, each name counting once."""

    steps: tuple[str, ...]
    days: int = 30
    within: int = 168
    segment: str = ""
    ordered: bool = True

    @property
    def asked(self) -> tuple[str, ...]:
        return self.steps if self.ordered else tuple(dict.fromkeys(self.steps))


@dataclass(frozen=True)
class Step:
    """Customers at a step. `reached` did all before it in order and in time, `did` are all who did it at all.

    `seconds` is the median from the first step to this one; `again` is whether an earlier step is the same event.
    """

    number: int
    event: str
    reached: int
    did: int
    before: int
    first: int
    seconds: float | None
    again: bool = False

    @property
    def left(self) -> int:
        """Who came to the step before and no further."""
        return self.before - self.reached

    @property
    def beside(self) -> int:
        """Who did it, but not after the steps before; nobody where they did it as one of those."""
        return 0 if self.again else self.did - self.reached

    @property
    def of_before(self) -> Share | None:
        return share(self.reached, self.before)

    @property
    def of_first(self) -> Share | None:
        return share(self.reached, self.first)


def steps(
    question: Question, reached: Mapping[int, tuple[int, float | None]], did: Mapping[str, int]
) -> list[Step]:
    """`reached` has customers and median seconds by the number of the step, from 1 on; `did` customers by event."""
    found: list[Step] = []
    for number, event in enumerate(question.asked, 1):
        n, seconds = reached.get(number, (0, None))
        before = found[-1].reached if found else n
        first = found[0].reached if found else n
        waited, again = seconds if number > 1 else None, event in question.asked[: number - 1]
        found.append(Step(number, event, n, did.get(event, 0), before, first, waited, again))
    return found
