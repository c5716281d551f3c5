"""Traits: what is known of a customer, who said it, and whose word counts where several said different things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from heed.contracts.event import Effect, Event
from heed.contracts.fold import State
from heed.contracts.told import Told, bounded

MOST_TRAITS = 500
LONGEST_TEXT = 4_000
MOST_OTHERS = 4

Survivor = Literal["latest", "first", "trusted"]
"""Which of several words for a trait counts: the latest, the first ever, or that of the source most trusted."""


class Trait(msgspec.Struct, array_like=True):
    """One thing known of a customer; `at` is when it was said (ms), `source` who said it.

    `others` has what other sources said last, the newest MOST_OTHERS of them. `first_at` is when anybody said anything
    first, 0 where only once something was said; `first` is what they said, None where that is `value`.
    """

    value: Any
    at: int
    source: str
    others: dict[str, Told] = {}
    first_at: int = 0
    first: Any = None

    @property
    def begun(self) -> Told:
        """What was said first, and when."""
        return (self.value if self.first is None else self.first), self.first_at or self.at

    def survivor(self, which: Survivor, trusted: Sequence[str] = ()) -> tuple[Any, int, str]:
        """`(value, at, source)` of the word that counts; `trusted` are sources, the most trusted one first.

        Who said the first word is not kept.
        """
        if which == "first" and self.first_at:
            return *self.begun, ""
        if which == "trusted":
            for source in trusted:
                if source == self.source:
                    break
                if source in self.others:
                    return *self.others[source], source
        return self.value, self.at, self.source


class Traits(msgspec.Struct, array_like=True, omit_defaults=True):
    values: dict[str, Trait] = {}


def fold_traits(state: State, event: Event, now: int) -> tuple[Effect, ...]:
    """The latest said is kept first; null takes a trait away, whoever said it."""
    own: Traits = state.traits
    inner = event.context.get("traits")
    if isinstance(inner, Mapping) and inner:
        _take(own, inner, event)
    if event.traits and event.type != "group":
        _take(own, event.traits, event)
    return ()


def _take(own: Traits, traits: Mapping[str, Any], event: Event) -> None:
    for name, value in traits.items():
        known = own.values.get(name)
        if known is None:
            if value is not None and len(own.values) < MOST_TRAITS:
                own.values[name] = Trait(bounded(value, LONGEST_TEXT), event.occurred, event.source)
        elif value is None:
            if event.occurred >= known.at:
                del own.values[name]
        else:
            own.values[name] = _joined(
                known, Trait(bounded(value, LONGEST_TEXT), event.occurred, event.source)
            )


def _joined(known: Trait, said: Trait) -> Trait:
    """Both words as one trait; of two said at the same moment the one that comes later counts."""
    newer, older = (said, known) if said.at >= known.at else (known, said)
    others = {**older.others, **newer.others}
    for each in (older, newer):
        for source, told in each.others.items():
            if told[1] > others[source][1]:
                others[source] = told
    if older.source not in others or others[older.source][1] < older.at:
        others[older.source] = (older.value, older.at)
    others.pop(newer.source, None)
    while len(others) > MOST_OTHERS:
        del others[min(others, key=lambda each: (others[each][1], each))]
    first, at = min(older.begun, newer.begun, key=lambda each: each[1])
    same = type(first) is type(newer.value) and first == newer.value
    return Trait(newer.value, newer.at, newer.source, others, at, None if same else first)


def merge_traits(kept: Traits, absorbed: Traits) -> Traits:
    for name, theirs in absorbed.values.items():
        mine = kept.values.get(name)
        if mine is None:
            kept.values[name] = theirs
        else:
            kept.values[name] = _joined(theirs, mine) if mine.at >= theirs.at else _joined(mine, theirs)
    return kept
