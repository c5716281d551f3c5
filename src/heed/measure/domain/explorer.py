"""How often an event happens, and to how many: what is asked and what was found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from heed.rules import quoted
from heed.rules.tree import PROPERTY

DAYS: Final = {7: "the last 7 days", 30: "the last 30 days", 90: "the last 90 days", 365: "the last year"}
MOST_PARTS: Final = 8
REST: Final = "\x00rest"
"""What the rarer values are together; no value holds a NUL character."""
NONE: Final = ""


@dataclass(frozen=True)
class Question:
    """`by` is a property whose values are told apart, "" for none; `days` back to look, the running one (UTC) included.

    Longer than 90 days is counted by week, beginning on Mondays.
    """

    event: str
    days: int = 30
    by: str = ""
    segment: str = ""

    @property
    def step(self) -> int:
        return 7 if self.days > 90 else 1

    def first(self, today: date) -> date:
        start = today - timedelta(days=self.days - 1)
        return start - timedelta(days=start.weekday()) if self.step == 7 else start

    def rule(self, value: str | None = None) -> str:
        """The rule of a segment of those behind the figure, live from then on; "" where a rule cannot say it."""
        told = f"did {quoted(self.event)} at least 1 times within {self.days} days"
        if value is None:
            return told
        if value == REST or not PROPERTY.fullmatch(self.by):
            return ""
        return f"{told} where {self.by} = {quoted(value)}" if value else ""


@dataclass(frozen=True)
class Part:
    """One value of the property, or all: events by day or week, oldest first, and the customers they are of."""

    value: str
    counts: tuple[int, ...]
    customers: int

    @property
    def events(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Found:
    begins: tuple[date, ...]
    whole: Part
    parts: tuple[Part, ...]


def found(
    question: Question, today: date, rows: Iterable[Mapping[str, Any]], customers: Mapping[str | None, int]
) -> Found:
    """`rows` have `part`, `begins` and `n`; `customers` are distinct ones by part, None for all.

    Days without any are zero, not left out.
    """
    first = question.first(today)
    begins = tuple(
        first + timedelta(days=place * question.step)
        for place in range(((today - first).days // question.step) + 1)
    )
    places = {day: place for place, day in enumerate(begins)}
    counts: dict[str, list[int]] = {}
    whole = [0] * len(begins)
    for row in rows:
        place = places.get(row["begins"])
        if place is None:
            continue
        whole[place] += int(row["n"])
        counts.setdefault(row["part"], [0] * len(begins))[place] += int(row["n"])
    parts = [Part(value, tuple(each), customers.get(value, 0)) for value, each in counts.items()]
    parts.sort(key=lambda each: (each.value == REST, -each.events, each.value))
    return Found(begins, Part("", tuple(whole), customers.get(None, 0)), tuple(parts) if question.by else ())
